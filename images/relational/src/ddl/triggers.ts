import type { Relation, Trigger, TriggerEvent } from "../catalog/model.ts";
import { namespaceNamed } from "../catalog/namespaces.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, strings } from "../parse/ast.ts";
import { deparseNode } from "../parse/deparse.ts";
import { oid } from "../types/oids.ts";
import { type Ddl, newOid, requireRelation } from "./context.ts";

/** Bits of `timing` and `events` (PostgreSQL's catalog/pg_trigger.h). */
const beforeBit = 2;
const insteadBit = 64;
const eventBits: readonly (readonly [number, TriggerEvent])[] = [
  [4, "insert"],
  [8, "delete"],
  [16, "update"],
  [32, "truncate"],
];

/** CREATE [OR REPLACE] [CONSTRAINT] TRIGGER. @throws PgError 42710, 42P17, 42809, 42883 */
export function createTrigger(ddl: Ddl, node: pg.CreateTrigStmt): void {
  const relation = requireRelation(ddl, node.relation!, ["r", "v", "p"], "table or view");
  ddl.requireSchema(relation.name);
  const name = node.trigname ?? "";
  const timing = timingOf(node);
  checkTiming(relation, node, timing);
  const existing = ddl.catalog.triggersOf(relation.oid).find((trigger) => trigger.name === name);
  if (existing !== undefined && node.replace !== true)
    throw new PgError("42710", `trigger "${name}" for relation "${relation.name}" already exists`);
  const events = eventBits.filter(([bit]) => ((node.events ?? 0) & bit) !== 0).map(([, event]) => event);
  const columns = strings(node.columns as Node[] | undefined).map((column) => columnOf(relation, column));
  const tables = ((node.transitionRels ?? []) as Node[]).map((item) => item.TriggerTransition!);
  const trigger: Trigger = {
    oid: existing?.oid ?? newOid(ddl),
    name,
    relation: relation.oid,
    proc: triggerFunction(ddl, node),
    timing,
    events,
    columns,
    perRow: node.row === true,
    args: strings(node.args as Node[] | undefined),
    enabled: "O",
    ...(node.whenClause === undefined ? {} : { condition: deparseNode(node.whenClause as Node) }),
    ...(node.isconstraint === true
      ? { constraint: { deferrable: node.deferrable === true, deferred: node.initdeferred === true } }
      : {}),
    ...named("oldTable", tables.find((table) => table.isNew !== true)?.name),
    ...named("newTable", tables.find((table) => table.isNew === true)?.name),
  };
  ddl.catalog.set("trigger", trigger);
}

function named<Key extends string>(key: Key, name: string | undefined): { [K in Key]?: string } {
  return (name === undefined ? {} : { [key]: name }) as { [K in Key]?: string };
}

function timingOf(node: pg.CreateTrigStmt): Trigger["timing"] {
  const bits = node.timing ?? 0;
  if ((bits & beforeBit) !== 0) return "before";
  return (bits & insteadBit) !== 0 ? "instead" : "after";
}

function checkTiming(relation: Relation, node: pg.CreateTrigStmt, timing: Trigger["timing"]): void {
  if (timing === "instead") throw notSupported("INSTEAD OF triggers");
  if (relation.kind === "v")
    throw new PgError("42809", `"${relation.name}" is a view`, {
      detail: "Views cannot have row-level BEFORE or AFTER triggers.",
    });
  if (((node.transitionRels ?? []) as Node[]).length > 0 && timing !== "after")
    throw new PgError("42P17", "transition table name can only be specified for an AFTER trigger");
  if (node.row === true && ((node.events ?? 0) & 32) !== 0)
    throw new PgError("0A000", "TRUNCATE FOR EACH ROW triggers are not supported");
}

function columnOf(relation: Relation, name: string): number {
  const column = relation.columns.find((c) => c.name === name && c.dropped !== true);
  if (column === undefined)
    throw new PgError("42703", `column "${name}" of relation "${relation.name}" does not exist`);
  return column.attnum;
}

function triggerFunction(ddl: Ddl, node: pg.CreateTrigStmt): number {
  const names = strings(node.funcname as Node[]);
  const schema = names.at(-2);
  const namespace =
    schema === undefined ? undefined : namespaceNamed(ddl.catalog, ddl.io.searchPath, schema)?.oid;
  const proc = ddl.catalog
    .procsNamed(names.at(-1)!)
    .find(
      (each) =>
        each.arguments.length === 0 &&
        (schema === undefined ? ddl.io.searchPath.includes(each.namespace) : each.namespace === namespace),
    );
  if (proc === undefined) throw new PgError("42883", `function ${names.join(".")}() does not exist`);
  if (proc.result !== oid.trigger)
    throw new PgError("42P17", `function ${names.join(".")} must return type trigger`);
  return proc.oid;
}

/** DROP TRIGGER name ON table. */
export function dropTrigger(ddl: Ddl, names: readonly string[], missingOk: boolean): void {
  const name = names.at(-1)!;
  const table = names.at(-2) ?? "";
  const schema = names.at(-3);
  let relation: Relation;
  try {
    relation = requireRelation(
      ddl,
      schema === undefined ? { relname: table } : { relname: table, schemaname: schema },
    );
  } catch (error) {
    if (!missingOk || !(error instanceof PgError) || error.code !== "42P01") throw error;
    ddl.notice(`relation "${table}" does not exist, skipping`);
    return;
  }
  ddl.requireSchema(relation.name);
  const trigger = ddl.catalog.triggersOf(relation.oid).find((each) => each.name === name);
  if (trigger === undefined) {
    if (!missingOk)
      throw new PgError("42704", `trigger "${name}" for table "${relation.name}" does not exist`);
    ddl.notice(`trigger "${name}" for relation "${relation.name}" does not exist, skipping`);
    return;
  }
  ddl.catalog.delete("trigger", trigger.oid);
}

/** ALTER TABLE ... ENABLE and DISABLE TRIGGER. @throws PgError 42704 */
export function enableTriggers(
  ddl: Ddl,
  relation: Relation,
  which: string | "all" | "user",
  enabled: Trigger["enabled"],
): void {
  const triggers = ddl.catalog.triggersOf(relation.oid);
  const chosen =
    which === "all" || which === "user" ? triggers : triggers.filter(({ name }) => name === which);
  if (chosen.length === 0 && which !== "all" && which !== "user")
    throw new PgError("42704", `trigger "${which}" for table "${relation.name}" does not exist`);
  for (const trigger of chosen) ddl.catalog.set("trigger", { ...trigger, enabled });
}
