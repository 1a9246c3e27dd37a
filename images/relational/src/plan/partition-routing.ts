import type { Relation } from "../catalog/model.ts";
import { ancestorsOf } from "../catalog/partitions.ts";
import { PgError } from "../errors.ts";
import type { Exec } from "../run/exec.ts";
import { Scope } from "../run/scope.ts";
import type { Datum, Row } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import type { PlanContext } from "./context.ts";
import { PartitionLevel } from "./partition-bounds.ts";
import { type RowMap, rowMap } from "./partitioned-rows.ts";
import { tableExpression } from "./table-expressions.ts";

/** The values of a partitioned table's key in one of its rows. */
export function partitionKeyOf(ctx: PlanContext, relation: Relation): (row: Row, exec: Exec) => Datum[] {
  const parts = relation.partitionBy!.keys.map(({ attnum, expression }) => {
    if (expression === undefined) return (row: Row) => row[attnum - 1] ?? null;
    const { expr, entry } = tableExpression(ctx, relation, expression);
    const compiled = ctx.compiler.compile(expr, new Scope(undefined, new Map([[entry, 0]])));
    return (row: Row, exec: Exec) => compiled(row, { exec, row: [], outer: undefined });
  });
  return (row, exec) => parts.map((part) => part(row, exec));
}

interface Step {
  readonly level: PartitionLevel;
  readonly keyOf: (row: Row, exec: Exec) => Datum[];
  readonly map: RowMap;
}

/** Finds the leaf of a partitioned table that a row belongs into. */
export class Routing {
  readonly #ctx: PlanContext;
  readonly #root: Relation;
  readonly #steps = new Map<number, Step>();

  constructor(ctx: PlanContext, root: Relation) {
    this.#ctx = ctx;
    this.#root = root;
  }

  #step(relation: Relation): Step {
    let step = this.#steps.get(relation.oid);
    if (step === undefined) {
      const ctx = this.#ctx;
      step = {
        level: PartitionLevel.of(ctx.catalog, relation),
        keyOf: partitionKeyOf(ctx, relation),
        map: rowMap(this.#root, relation),
      };
      this.#steps.set(relation.oid, step);
    }
    return step;
  }

  /** @throws PgError 23514 where there is none */
  leafFor(row: Row, exec: Exec): Relation {
    let relation = this.#root;
    while (relation.kind === "p") {
      const { level, keyOf, map } = this.#step(relation);
      const values = keyOf(map.to(row), exec);
      const next = level.choose(values);
      if (next === undefined)
        throw new PgError("23514", `no partition of relation "${relation.name}" found for row`, {
          detail: `Partition key of the failing row contains ${this.#shown(relation, values, exec)}.`,
          schema: this.#ctx.catalog.get("namespace", relation.namespace)?.name,
          table: relation.name,
        });
      relation = next;
    }
    return relation;
  }

  #shown({ partitionBy, columns }: Relation, values: readonly Datum[], exec: Exec): string {
    const { catalog } = this.#ctx;
    const keys = partitionBy!.keys;
    const names = keys.map(
      ({ attnum, expression }) => columns.find((column) => column.attnum === attnum)?.name ?? expression,
    );
    const texts = values.map((value, i) =>
      value === null ? "null" : typeOps(catalog, keys[i]!.type).output(value, exec.io),
    );
    return `(${names.join(", ")}) = (${texts.join(", ")})`;
  }
}

/** Whether a row may be in a partition, by the bounds of all tables that it is in; undefined for what is no partition. */
export function planPartitionBounds(
  ctx: PlanContext,
  relation: Relation,
): ((row: Row, exec: Exec) => boolean) | undefined {
  const path = [relation, ...ancestorsOf(ctx.catalog, relation)];
  if (path.length === 1) return undefined;
  const tests = path.slice(1).map((parent, i) => {
    const child = path[i]!;
    const level = PartitionLevel.of(ctx.catalog, parent);
    const keyOf = partitionKeyOf(ctx, parent);
    const map = rowMap(relation, parent);
    return (row: Row, exec: Exec) => level.choose(keyOf(map.to(row), exec))?.oid === child.oid;
  });
  return (row, exec) => tests.every((test) => test(row, exec));
}
