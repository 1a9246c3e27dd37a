import type { Catalog } from "../catalog/catalog.ts";
import type { PartitionBound, RangeLimit, Relation } from "../catalog/model.ts";
import { partitionsOf } from "../catalog/partitions.ts";
import { partitionHash } from "../functions/hash-values.ts";
import { storageIo } from "../storage/codec.ts";
import type { Datum } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";

/** Which partition has the rows of which values. */

type Limit = { readonly kind: "min" | "max" } | { readonly kind: "value"; readonly value: Datum };

/** A bound whose values were read. */
type Bound =
  | { readonly kind: "default" }
  | { readonly kind: "list"; readonly values: readonly Datum[] }
  | { readonly kind: "range"; readonly from: readonly Limit[]; readonly to: readonly Limit[] }
  | { readonly kind: "hash"; readonly modulus: bigint; readonly remainder: bigint };

interface Part {
  readonly relation: Relation;
  readonly bound: Bound;
}

/** What is known of a key column before a scan: `value` is never NULL. */
export interface KeyTest {
  readonly operator: string;
  readonly value: Datum;
}

/** One partitioned table with its partitions. */
export class PartitionLevel {
  readonly relation: Relation;
  readonly #parts: readonly Part[];
  readonly #compare: readonly ((a: Datum, b: Datum) => number)[];
  readonly #types: readonly number[];

  private constructor(catalog: Catalog, relation: Relation) {
    const { keys } = relation.partitionBy!;
    this.relation = relation;
    const base = (type: number): number => {
      const info = catalog.type(type);
      return info?.kind === "d" ? base(info.baseType) : type;
    };
    this.#types = keys.map(({ type }) => base(type));
    this.#compare = keys.map(({ type }) => typeOps(catalog, type).compare!);
    this.#parts = partitionsOf(catalog, relation.oid).map((partition) => ({
      relation: partition,
      bound: readBound(catalog, relation, partition.partitionOf!.bound),
    }));
  }

  static of(catalog: Catalog, relation: Relation): PartitionLevel {
    return catalog.derive(`partition level ${relation.oid}`, () => new PartitionLevel(catalog, relation));
  }

  get partitions(): readonly Relation[] {
    return this.#parts.map(({ relation }) => relation);
  }

  /** The partition for the values of a key; the default one for those that no other has. */
  choose(values: readonly Datum[]): Relation | undefined {
    const hash = this.relation.partitionBy!.strategy === "h" ? partitionHash(this.#types, values) : undefined;
    let otherwise: Relation | undefined;
    for (const { relation, bound } of this.#parts) {
      if (bound.kind === "default") otherwise = relation;
      else if (this.#has(bound, values, hash)) return relation;
    }
    return otherwise;
  }

  #has(
    bound: Exclude<Bound, { kind: "default" }>,
    values: readonly Datum[],
    hash: bigint | undefined,
  ): boolean {
    switch (bound.kind) {
      case "hash":
        return hash! % bound.modulus === bound.remainder;
      case "list":
        return bound.values.some((value) => this.#same(0, value, values[0]!));
      default:
        return (
          !values.includes(null) && this.#side(bound.from, values) >= 0 && this.#side(bound.to, values) < 0
        );
    }
  }

  #same(key: number, a: Datum, b: Datum): boolean {
    return a === null || b === null ? a === b : this.#compare[key]!(a, b) === 0;
  }

  /** Where values are of a limit: below 0 under it, 0 at it, above 0 over it. */
  #side(limits: readonly Limit[], values: readonly Datum[]): number {
    for (const [i, limit] of limits.entries()) {
      if (limit.kind !== "value") return limit.kind === "min" ? 1 : -1;
      const compared = this.#compare[i]!(values[i]!, limit.value);
      if (compared !== 0) return compared;
    }
    return 0;
  }

  #compareLimits(a: readonly Limit[], b: readonly Limit[]): number {
    const rank = { min: -1, value: 0, max: 1 };
    for (const [i, x] of a.entries()) {
      const y = b[i]!;
      if (x.kind !== "value" || y.kind !== "value") {
        const difference = rank[x.kind] - rank[y.kind];
        // Behind MINVALUE or MAXVALUE nothing counts.
        if (difference !== 0 || x.kind !== "value") return difference;
        continue;
      }
      const compared = this.#compare[i]!(x.value, y.value);
      if (compared !== 0) return compared;
    }
    return 0;
  }

  isEmptyRange(catalog: Catalog, given: PartitionBound): boolean {
    const bound = readBound(catalog, this.relation, given);
    return bound.kind === "range" && this.#compareLimits(bound.from, bound.to) >= 0;
  }

  /** A partition that would have rows of a new one, too. */
  overlapping(catalog: Catalog, given: PartitionBound): Relation | undefined {
    const bound = readBound(catalog, this.relation, given);
    return this.#parts.find(({ bound: other }) => {
      if (bound.kind === "default" || other.kind === "default") return bound.kind === other.kind;
      if (bound.kind === "list" && other.kind === "list")
        return bound.values.some((a) => other.values.some((b) => this.#same(0, a, b)));
      if (bound.kind === "range" && other.kind === "range")
        return this.#compareLimits(bound.from, other.to) < 0 && this.#compareLimits(other.from, bound.to) < 0;
      if (bound.kind === "hash" && other.kind === "hash") {
        const smaller = bound.modulus < other.modulus ? bound.modulus : other.modulus;
        return bound.remainder % smaller === other.remainder % smaller;
      }
      return false;
    })?.relation;
  }

  get defaultPartition(): Relation | undefined {
    return this.#parts.find(({ bound }) => bound.kind === "default")?.relation;
  }

  /** Whether a row of a partition may meet what is known of each key. */
  mayHold(partition: Relation, tests: readonly (readonly KeyTest[])[]): boolean {
    const equal = tests.map((list) => list.find(({ operator }) => operator === "="));
    if (!equal.includes(undefined)) return this.choose(equal.map((test) => test!.value)) === partition;
    const { bound } = this.#parts.find(({ relation }) => relation === partition)!;
    if (bound.kind !== "range") return true;
    const [from, to] = [bound.from[0]!, bound.to[0]!];
    const isSingle = bound.from.length === 1;
    const compare = this.#compare[0]!;
    return tests[0]!.every(({ operator, value }) => {
      const low = from.kind === "value" ? compare(value, from.value) : from.kind === "min" ? 1 : -1;
      const high = to.kind === "value" ? compare(value, to.value) : to.kind === "max" ? -1 : 1;
      if (operator === "=") return low >= 0 && (isSingle ? high < 0 : high <= 0);
      if (operator === "<") return low > 0;
      if (operator === "<=") return low >= 0;
      return isSingle ? high < 0 : high <= 0;
    });
  }
}

function readBound(catalog: Catalog, { partitionBy }: Relation, bound: PartitionBound): Bound {
  const io = storageIo(catalog);
  const read = (text: string, key: number): Datum => {
    const { type, typmod } = partitionBy!.keys[key]!;
    return typeOps(catalog, type).input(text, typmod, io);
  };
  const limit = (given: RangeLimit, key: number): Limit =>
    given.kind === "value" ? { kind: "value", value: read(given.value, key) } : given;
  switch (bound.kind) {
    case "list":
      return { kind: "list", values: bound.values.map((text) => (text === null ? null : read(text, 0))) };
    case "range":
      return { kind: "range", from: bound.from.map(limit), to: bound.to.map(limit) };
    case "hash":
      return { kind: "hash", modulus: BigInt(bound.modulus), remainder: BigInt(bound.remainder) };
    default:
      return bound;
  }
}
