import { checkVector } from "../collections/check-vector.ts";
import type { Collection } from "../collections/collection.ts";
import { PointReader } from "../collections/read-points.ts";
import type { VectorDatabase } from "../collections/vector-database.ts";
import { invalid, unsupported, VectorError } from "../errors.ts";
import { isObject } from "../model/json.ts";
import { keyOfNumber, keyOfUuid, type PointKey } from "../model/point-id.ts";
import type { VectorValue } from "../model/vector-value.ts";
import { PointRows } from "../storage/points.ts";
import type { LookupFrom, PointId, VectorInput } from "./types.ts";

/** An id as clients write it. @throws VectorError */
export function keyOfId(id: unknown): PointKey {
  if (typeof id === "string") return keyOfUuid(id);
  if (typeof id === "bigint" || Number.isSafeInteger(id)) {
    const value = BigInt(id as number | bigint);
    if (value >= 0n && value < 2n ** 64n) return keyOfNumber(value);
  }
  throw invalid(
    `Format error in JSON body: value ${String(id)} is not a valid point ID, valid values are either an unsigned integer or a UUID`,
  );
}

export function isId(input: unknown): input is PointId {
  return typeof input === "string" || typeof input === "number" || typeof input === "bigint";
}

/** A vector as clients write it. @throws VectorError */
export function vectorValueOf(input: unknown): VectorValue {
  if (input instanceof Float32Array) return { kind: "dense", values: input };
  if (Array.isArray(input)) {
    const [first] = input as unknown[];
    if (Array.isArray(first) || first instanceof Float32Array)
      return { kind: "multi", rows: (input as unknown[]).map(floats) };
    return { kind: "dense", values: floats(input) };
  }
  if (isObject(input) && "indices" in input && "values" in input) {
    const indices = Array.from(input.indices as ArrayLike<number>);
    if (!indices.every((one) => Number.isInteger(one) && one >= 0 && one < 2 ** 32))
      throw invalid("the indices of a sparse vector are whole numbers below 2^32");
    return { kind: "sparse", indices: Uint32Array.from(indices), values: floats(input.values) };
  }
  if (isObject(input) && ("text" in input || "image" in input || "object" in input || "model" in input))
    throw unsupported("inference (a vector made of a text, an image or an object)");
  throw invalid(
    "Format error in JSON body: a vector is a list of numbers, a list of such lists, or an object with indices and values",
  );
}

function floats(input: unknown): Float32Array {
  if (input instanceof Float32Array) return input;
  if (!Array.isArray(input) || !input.every((one) => typeof one === "number"))
    throw invalid("Format error in JSON body: a vector consists of numbers");
  return Float32Array.from(input as number[]);
}

/** A query's vectors, and the points that lent theirs: those are no answers to the query. */
export class VectorInputs {
  readonly mentioned = new Map<string, PointKey>();
  readonly #database: VectorDatabase;
  readonly #collection: Collection;
  readonly #name: string;
  readonly #from: Collection;
  readonly #fromName: string;

  constructor(
    database: VectorDatabase,
    collection: Collection,
    name: string,
    lookup: LookupFrom | null | undefined,
  ) {
    this.#database = database;
    this.#collection = collection;
    this.#name = name;
    this.#from = lookup == null ? collection : database.require(lookup.collection);
    this.#fromName = lookup?.vector ?? name;
  }

  async resolve(input: VectorInput): Promise<VectorValue> {
    if (!isId(input)) return checkVector(this.#collection, this.#name, vectorValueOf(input));
    const key = keyOfId(input);
    const from = this.#from;
    from.requireKind(this.#fromName);
    const value = await this.#database.store.read((db) => {
      const rows = new PointRows(db, from.number);
      const slot = rows.slotOf(key);
      if (slot === undefined)
        throw new VectorError("not_found", `Not found: No point with id ${input} found`);
      return new PointReader(rows, from, { payload: false, vectors: false, isNormalized: true }).vector(
        slot,
        this.#fromName,
      );
    });
    if (value === undefined)
      throw invalid(
        `Wrong input: the point ${input} has no vector with the name ${JSON.stringify(this.#fromName)}`,
      );
    if (from === this.#collection) this.mentioned.set(key.toString("hex"), key);
    return checkVector(this.#collection, this.#name, value);
  }

  all(inputs: readonly VectorInput[] | null | undefined): Promise<VectorValue[]> {
    return Promise.all((inputs ?? []).map((input) => this.resolve(input)));
  }
}
