import { coerceToTarget } from "../analyse/coerce.ts";
import { collationOid } from "../analyse/expressions.ts";
import { opclasses } from "../catalog/builtin.ts";
import type { PartitionBound, PartitionBy, RangeLimit, Relation } from "../catalog/model.ts";
import { ancestorsOf, leavesOf, partitionsOf } from "../catalog/partitions.ts";
import { PgError } from "../errors.ts";
import { hasPartitionHash } from "../functions/hash-values.ts";
import { at, type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { PartitionLevel } from "../plan/partition-bounds.ts";
import { planPartitionBounds } from "../plan/partition-routing.ts";
import { Scope } from "../run/scope.ts";
import { storageIo } from "../storage/codec.ts";
import { typeOps } from "../types/registry.ts";
import { forEachRow, inheritChecks, inheritForeignKey, validateForeignKey } from "./constraints.ts";
import { analyserOf, columnExpression, type Ddl, requireRelation } from "./context.ts";
import { isNotImmutable } from "./immutability.ts";
import { defaultOpclass, inheritIndex } from "./indexes.ts";
import { requireRelationOwner } from "./rights.ts";
import { inheritTrigger } from "./triggers.ts";

/** PARTITION BY, PARTITION OF, ATTACH and DETACH PARTITION (PostgreSQL's documentation, 5.12). */

const strategies: Readonly<Record<string, PartitionBy["strategy"]>> = {
  PARTITION_STRATEGY_RANGE: "r",
  PARTITION_STRATEGY_LIST: "l",
  PARTITION_STRATEGY_HASH: "h",
};

/** @throws PgError 42703, 42P17 */
export function partitionBy(ddl: Ddl, relation: Relation, spec: pg.PartitionSpec): PartitionBy {
  const strategy = strategies[spec.strategy ?? ""] ?? "r";
  const params = ((spec.partParams ?? []) as Node[]).map((node) => node.PartitionElem!);
  if (strategy === "l" && params.length > 1)
    throw new PgError("42P17", 'cannot use "list" partition strategy with more than one column');
  const { ctx } = analyserOf(ddl);
  const method = strategy === "h" ? "hash" : "btree";
  const opclassOf = (names: readonly string[], type: number) => {
    if (names.length === 0) return defaultOpclass(ddl, method, type);
    const found = opclasses.find(
      (o) => o.name === names.at(-1) && o.method === (strategy === "h" ? 405 : 403),
    );
    if (found === undefined)
      throw new PgError(
        "42704",
        `operator class "${names.at(-1)}" does not exist for access method "${method}"`,
      );
    return found.oid;
  };
  const keys = params.map((param) => {
    const given = strings(param.opclass as Node[] | undefined);
    const named = strings(param.collation as Node[] | undefined).at(-1);
    const collation = named === undefined ? undefined : collationOid(named, at(param.location));
    if (param.name !== undefined) {
      const column = relation.columns.find((c) => c.name === param.name && c.dropped !== true);
      if (column === undefined)
        throw new PgError(
          "42703",
          `column "${param.name}" named in partition key does not exist`,
          {},
          at(param.location),
        );
      if (column.generated !== undefined)
        throw new PgError(
          "42P17",
          "cannot use generated column in partition key",
          { detail: `Column "${column.name}" is a generated column.` },
          at(param.location),
        );
      const { attnum, type, typmod } = column;
      return {
        attnum,
        type,
        typmod,
        opclass: opclassOf(given, type),
        collation: collation ?? column.collation,
      };
    }
    const { expr, text } = columnExpression(ddl, relation, param.expr as Node, "PARTITION");
    if (isNotImmutable(expr))
      throw new PgError("42P17", "functions in partition key expression must be marked IMMUTABLE");
    if (expr.kind === "const") throw new PgError("42P17", "cannot use constant expression as partition key");
    const { type, typmod } = expr;
    return {
      attnum: 0,
      expression: text,
      type,
      typmod,
      opclass: opclassOf(given, type),
      collation: collation ?? expr.collation ?? 0,
    };
  });
  if (strategy === "h")
    for (const { type } of keys)
      if (!hasPartitionHash(ctx.base(type).oid))
        throw new PgError("0A000", `hash partitioning by type ${ctx.formatType(type)} is not supported`);
  return { strategy, keys };
}

const strategyNames = { r: "range", l: "list", h: "hash" } as const;

/** @throws PgError 42P16, 42804 */
function readBound(ddl: Ddl, parent: Relation, spec: pg.PartitionBoundSpec): PartitionBound {
  const { strategy, keys } = parent.partitionBy!;
  if (spec.is_default === true) {
    if (strategy === "h")
      throw new PgError("42P16", "a hash-partitioned table may not have a default partition");
    return { kind: "default" };
  }
  if (spec.strategy !== strategy)
    throw new PgError(
      "42P16",
      `invalid bound specification for a ${strategyNames[strategy]} partition`,
      {},
      at(spec.location),
    );
  if (strategy === "h") {
    const { modulus = 0, remainder = 0 } = spec;
    if (modulus <= 0)
      throw new PgError("42P16", "modulus for hash partition must be an integer value greater than zero");
    if (remainder >= modulus)
      throw new PgError("42P16", "remainder for hash partition must be less than modulus");
    return { kind: "hash", modulus, remainder };
  }
  if (strategy === "l") {
    const values = ((spec.listdatums ?? []) as Node[]).map((node) => boundValue(ddl, parent, 0, node));
    return { kind: "list", values: [...new Set(values)] };
  }
  const limits = (nodes: readonly Node[], word: string): RangeLimit[] => {
    if (nodes.length !== keys.length)
      throw new PgError("42P16", `${word} must specify exactly one value per partitioning column`);
    const found = nodes.map((node, i): RangeLimit => {
      const fields = (node.ColumnRef?.fields ?? []) as Node[];
      const name = fields.length === 1 ? stringOf(fields[0]) : "";
      if (name === "minvalue") return { kind: "min" };
      if (name === "maxvalue") return { kind: "max" };
      const value = boundValue(ddl, parent, i, node);
      if (value === null) throw new PgError("42P17", "cannot specify NULL in range bound");
      return { kind: "value", value };
    });
    const first = found.findIndex(({ kind }) => kind !== "value");
    const odd = found.slice(first).find(({ kind }) => kind !== found[first]?.kind);
    if (first >= 0 && odd !== undefined) {
      const shown = found[first]!.kind === "min" ? "MINVALUE" : "MAXVALUE";
      throw new PgError("42804", `every bound following ${shown} must also be ${shown}`);
    }
    return found;
  };
  return {
    kind: "range",
    from: limits((spec.lowerdatums ?? []) as Node[], "FROM"),
    to: limits((spec.upperdatums ?? []) as Node[], "TO"),
  };
}

/** @throws PgError 42804 */
function boundValue(ddl: Ddl, parent: Relation, key: number, node: Node): string | null {
  const { ctx, analyser } = analyserOf(ddl);
  const { attnum, type, typmod, expression } = parent.partitionBy!.keys[key]!;
  if (node.ColumnRef !== undefined)
    throw new PgError("0A000", "cannot use column reference in partition bound expression");
  const expr = analyser.constantExpression(node, "PARTITION");
  const coerced = coerceToTarget(ctx, expr, type, typmod, "assignment", "implicit");
  if (coerced === undefined) {
    const name = parent.columns.find((column) => column.attnum === attnum)?.name ?? expression;
    throw new PgError(
      "42804",
      `specified value cannot be cast to type ${ctx.formatType(type)} for column "${name}"`,
      {},
      expr.location,
    );
  }
  const env = { exec: ddl.exec, row: [], outer: undefined };
  const value = ddl.plan().compiler.compile(coerced, new Scope(undefined))([], env);
  return value === null ? null : typeOps(ddl.catalog, type).output(value, storageIo(ddl.catalog));
}

/** The table of PARTITION OF. @throws PgError 42809 */
export function partitionedParent(ddl: Ddl, node: pg.CreateStmt): Relation {
  const parent = requireRelation(ddl, (node.inhRelations![0] as Node).RangeVar!);
  if (parent.kind !== "p") throw new PgError("42809", `"${parent.name}" is not partitioned`);
  requireRelationOwner(ddl, parent);
  return parent;
}

/** Puts a table under another one. @throws PgError 42P17, 23514 */
function putUnder(ddl: Ddl, parent: Relation, child: Relation, spec: pg.PartitionBoundSpec): Relation {
  const bound = readBound(ddl, parent, spec);
  const level = PartitionLevel.of(ddl.catalog, parent);
  if (level.isEmptyRange(ddl.catalog, bound))
    throw new PgError(
      "42P17",
      `empty range bound specified for partition "${child.name}"`,
      {},
      at(spec.location),
    );
  const overlapping = level.overlapping(ddl.catalog, bound);
  if (overlapping !== undefined)
    throw new PgError(
      "42P17",
      bound.kind === "default"
        ? `partition "${child.name}" conflicts with existing default partition "${overlapping.name}"`
        : `partition "${child.name}" would overlap partition "${overlapping.name}"`,
      {},
      at(spec.location),
    );
  if (bound.kind === "hash") checkModulus(ddl, parent, bound.modulus);
  const next: Relation = { ...child, partitionOf: { parent: parent.oid, bound } };
  ddl.catalog.set("relation", next);
  const otherwise = level.defaultPartition;
  if (otherwise !== undefined)
    requireWithin(
      ddl,
      otherwise,
      `updated partition constraint for default partition "${otherwise.name}" would be violated by some row`,
    );
  return next;
}

/** @throws PgError 42P17 */
function checkModulus(ddl: Ddl, parent: Relation, modulus: number): void {
  for (const { partitionOf, name } of partitionsOf(ddl.catalog, parent.oid)) {
    const bound = partitionOf!.bound;
    if (bound.kind !== "hash") continue;
    const [small, large] = [Math.min(bound.modulus, modulus), Math.max(bound.modulus, modulus)];
    if (large % small !== 0)
      throw new PgError("42P17", "every hash partition modulus must be a factor of the next larger modulus", {
        detail: `The new modulus ${modulus} is not ${modulus > bound.modulus ? "divisible by" : "a factor of"} ${bound.modulus}, the modulus of existing partition "${name}".`,
      });
  }
}

/** Every row of a partition is one that belongs there. @throws PgError 23514 */
function requireWithin(ddl: Ddl, partition: Relation, message: string): void {
  for (const leaf of leavesOf(ddl.catalog, partition)) {
    const isWithin = planPartitionBounds(ddl.plan(), leaf);
    forEachRow(ddl, leaf, (row) => {
      if (isWithin?.(row, ddl.exec) === false)
        throw new PgError("23514", message, {
          schema: ddl.catalog.get("namespace", leaf.namespace)?.name,
          table: leaf.name,
        });
    });
  }
}

/** What a partition has of its table beside columns: constraints, indexes, triggers. */
function inherit(ddl: Ddl, parent: Relation, child: Relation): void {
  inheritChecks(ddl, parent, child.oid);
  const now = () => ddl.catalog.get("relation", child.oid)!;
  for (const index of ddl.catalog.indexesOf(parent.oid)) inheritIndex(ddl, index, now());
  for (const constraint of ddl.catalog.constraintsOf(parent.oid))
    if (constraint.type === "f") inheritForeignKey(ddl, constraint, now(), true);
  for (const trigger of ddl.catalog.triggersOf(parent.oid)) inheritTrigger(ddl, trigger, now());
}

/** Of CREATE TABLE ... PARTITION OF, once the table is there. */
export function becomePartition(
  ddl: Ddl,
  parent: Relation,
  child: Relation,
  spec: pg.PartitionBoundSpec,
): void {
  const next = putUnder(ddl, ddl.catalog.get("relation", parent.oid)!, child, spec);
  inherit(ddl, parent, next);
}

/** @throws PgError 42809, 42804, 42P17, 23514 */
export function attachPartition(ddl: Ddl, parent: Relation, command: pg.PartitionCmd): void {
  requirePartitioned(parent);
  const child = requireRelation(ddl, command.name!, ["r", "p"], "table");
  requireRelationOwner(ddl, child);
  if (child.partitionOf !== undefined) throw new PgError("42809", `"${child.name}" is already a partition`);
  if (child.oid === parent.oid || ancestorsOf(ddl.catalog, parent).some(({ oid }) => oid === child.oid))
    throw new PgError("42P07", "circular inheritance not allowed", {
      detail: `"${parent.name}" is already a child of "${child.name}".`,
    });
  if (child.persistence !== parent.persistence)
    throw new PgError(
      "42809",
      child.persistence === "t"
        ? `cannot attach a temporary relation as partition of permanent relation "${parent.name}"`
        : `cannot attach a permanent relation as partition of temporary relation "${parent.name}"`,
    );
  checkColumns(ddl, parent, child);
  const next = putUnder(ddl, parent, child, command.bound!);
  requireWithin(ddl, next, `partition constraint of relation "${child.name}" is violated by some row`);
  inherit(ddl, parent, next);
}

function requirePartitioned(relation: Relation): void {
  if (relation.kind === "p") return;
  throw new PgError(
    "42809",
    `ALTER action ATTACH PARTITION cannot be performed on relation "${relation.name}"`,
    {
      detail: "This operation is not supported for tables.",
    },
  );
}

/** @throws PgError 42804 */
function checkColumns(ddl: Ddl, parent: Relation, child: Relation): void {
  const live = ({ columns }: Relation) => columns.filter(({ dropped }) => dropped !== true);
  const extra = live(child).find(({ name }) => !live(parent).some((column) => column.name === name));
  if (extra !== undefined)
    throw new PgError(
      "42804",
      `table "${child.name}" contains column "${extra.name}" not found in parent "${parent.name}"`,
      { detail: "The new partition may contain only the columns present in parent." },
    );
  for (const column of live(parent)) {
    const own = live(child).find(({ name }) => name === column.name);
    if (own === undefined) throw new PgError("42804", `child table is missing column "${column.name}"`);
    if (own.type !== column.type || own.typmod !== column.typmod)
      throw new PgError(
        "42804",
        `child table "${child.name}" has different type for column "${column.name}"`,
      );
    if (own.collation !== column.collation)
      throw new PgError(
        "42P21",
        `child table "${child.name}" has different collation for column "${column.name}"`,
      );
    if (column.notNull && !own.notNull)
      throw new PgError(
        "42804",
        `column "${column.name}" in child table "${child.name}" must be marked NOT NULL`,
      );
    if ((column.generated !== undefined) !== (own.generated !== undefined))
      throw new PgError(
        "42804",
        `column "${column.name}" in child table must${column.generated === undefined ? " not" : ""} be a generated column`,
      );
  }
  for (const check of ddl.catalog.constraintsOf(parent.oid)) {
    if (check.type !== "c" || check.noInherit === true) continue;
    const own = ddl.catalog.constraintsOf(child.oid).find((c) => c.type === "c" && c.name === check.name);
    if (own === undefined) throw new PgError("42804", `child table is missing constraint "${check.name}"`);
    if (own.expression !== check.expression)
      throw new PgError(
        "42804",
        `child table "${child.name}" has different definition for check constraint "${check.name}"`,
      );
  }
}

/** The table stays, with what it has of its own and copies of what it had of the partitioned one. @throws PgError 42P01, 23503 */
export function detachPartition(ddl: Ddl, parent: Relation, command: pg.PartitionCmd): void {
  requirePartitioned(parent);
  const child = requireRelation(ddl, command.name!, ["r", "p"], "table");
  if (child.partitionOf?.parent !== parent.oid)
    throw new PgError("42P01", `relation "${child.name}" is not a partition of relation "${parent.name}"`);
  const { partitionOf: _gone, ...alone } = child;
  const columns = alone.columns.map((column) => {
    const { identity, ...rest } = column;
    return identity === undefined ? column : rest;
  });
  ddl.catalog.set("relation", { ...alone, columns });
  for (const index of ddl.catalog.indexesOf(child.oid)) {
    const { parent: _from, ...own } = index;
    ddl.catalog.set("index", own);
  }
  for (const constraint of ddl.catalog.constraintsOf(child.oid)) {
    const { parent: _from, ...own } = constraint;
    ddl.catalog.set("constraint", own);
  }
  for (const trigger of ddl.catalog.triggersOf(child.oid))
    if (trigger.parent !== undefined) ddl.catalog.delete("trigger", trigger.oid);
  for (const table of [parent, ...ancestorsOf(ddl.catalog, parent)])
    for (const constraint of ddl.catalog.referencesTo(table.oid))
      requireReferenced(ddl, constraint.relation, child);
}

/** No row may have referred to one that is not in the table any more. @throws PgError 23503 */
function requireReferenced(ddl: Ddl, referencing: number, removed: Relation): void {
  for (const leaf of leavesOf(ddl.catalog, ddl.catalog.get("relation", referencing)!)) {
    for (const constraint of ddl.catalog.constraintsOf(leaf.oid)) {
      if (constraint.type !== "f" || constraint.enforced === false) continue;
      try {
        validateForeignKey(ddl, leaf, constraint);
      } catch (error) {
        if (!(error instanceof PgError) || error.code !== "23503") throw error;
        throw new PgError(
          "23503",
          `removing partition "${removed.name}" violates foreign key constraint "${constraint.name}"`,
          error.details,
        );
      }
    }
  }
}

/** ALTER INDEX ... ATTACH PARTITION. @throws PgError 42809, 55000 */
export function attachIndex(ddl: Ddl, parentIndex: Relation, command: pg.PartitionCmd): void {
  const own = requireRelation(ddl, command.name!, ["i"], "index");
  const parent = ddl.catalog.get("index", parentIndex.oid)!;
  const index = ddl.catalog.get("index", own.oid)!;
  if (index.parent === parent.oid) return;
  const table = ddl.catalog.get("relation", index.relation)!;
  const fail = (detail: string) =>
    new PgError("55000", `cannot attach index "${own.name}" as a partition of index "${parentIndex.name}"`, {
      detail,
    });
  if (table.partitionOf?.parent !== parent.relation)
    throw fail(
      `Index "${own.name}" is not an index on any partition of table "${ddl.catalog.get("relation", parent.relation)!.name}".`,
    );
  if (ddl.catalog.indexesOf(table.oid).some((other) => other.parent === parent.oid))
    throw fail(`Another index "${own.name}" is already attached for partition "${table.name}".`);
  if (!inheritIndex(ddl, parent, table, index)) throw fail("The index definitions do not match.");
}
