import type { Relation, Trigger, TriggerEvent } from "../catalog/model.ts";
import { namespaceNamed } from "../catalog/namespaces.ts";
import { attnumsIn, partitionsOf } from "../catalog/partitions.ts";
import { procObject, requireRights } from "../catalog/rights.ts";
import { PgError } from "../errors.ts";
import { type Node, type pg, strings } from "../parse/ast.ts";
import { deparseNode } from "../parse/deparse.ts";
import { oid } from "../types/oids.ts";
import { type Ddl, newOid, requireRelation } from "./context.ts";
import { requireOnRelation, requireRelationOwner } from "./rights.ts";

/** Bits of `timing` and `events` (PostgreSQL's catalog/pg_trigger.h). */
const beforeBit = 2;
const insteadBit = 64;
const truncateBit = 32;
const eventBits: readonly (readonly [number, TriggerEvent])[] = [
  [4, "insert"],
  [8, "delete"],
  [16, "update"],
  [32, "truncate"],
];

/** CREATE [OR REPLACE] [CONSTRAINT] TRIGGER. @throws PgError 42710, 42P17, 42809, 42883 */
export function createTrigger(ddl: Ddl, node: pg.CreateTrigStmt): void {
  const relation = requireRelation(ddl, node.relation!, ["r", "v", "p"], "table or view");
  requireOnRelation(ddl, relation, "t");
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
  if (trigger.perRow)
    for (const partition of partitionsOf(ddl.catalog, relation.oid)) inheritTrigger(ddl, trigger, partition);
}

/** A trigger for rows of a partitioned table, in one of its partitions and theirs. @throws PgError 42710 */
export function inheritTrigger(ddl: Ddl, trigger: Trigger, child: Relation): void {
  if (!trigger.perRow) return;
  const there = attnumsIn(ddl.catalog.get("relation", trigger.relation)!, child);
  const known = ddl.catalog.triggersOf(child.oid).find(({ name }) => name === trigger.name);
  if (known !== undefined && known.parent !== trigger.oid)
    throw new PgError("42710", `trigger "${trigger.name}" for relation "${child.name}" already exists`);
  const own: Trigger = {
    ...trigger,
    oid: known?.oid ?? newOid(ddl),
    relation: child.oid,
    columns: trigger.columns.map((attnum) => there.get(attnum)!),
    parent: trigger.oid,
  };
  ddl.catalog.set("trigger", own);
  for (const partition of partitionsOf(ddl.catalog, child.oid)) inheritTrigger(ddl, own, partition);
}

function removeTrigger(ddl: Ddl, trigger: Trigger): void {
  ddl.catalog.delete("trigger", trigger.oid);
  for (const part of [...ddl.catalog.all("trigger")])
    if (part.parent === trigger.oid) removeTrigger(ddl, part);
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
  const isPerRow = node.row === true;
  if (relation.kind === "v") {
    if (timing !== "instead" && isPerRow)
      throw new PgError("42809", `"${relation.name}" is a view`, {
        detail: "Views cannot have row-level BEFORE or AFTER triggers.",
      });
    if (((node.events ?? 0) & truncateBit) !== 0)
      throw new PgError("42809", `"${relation.name}" is a view`, {
        detail: "Views cannot have TRUNCATE triggers.",
      });
  } else if (timing === "instead")
    throw new PgError("42809", `"${relation.name}" is a table`, {
      detail: "Tables cannot have INSTEAD OF triggers.",
    });
  if (timing === "instead") {
    if (!isPerRow) throw new PgError("0A000", "INSTEAD OF triggers must be FOR EACH ROW");
    if (node.whenClause !== undefined)
      throw new PgError("0A000", "INSTEAD OF triggers cannot have WHEN conditions");
    if ((node.columns?.length ?? 0) > 0)
      throw new PgError("0A000", "INSTEAD OF triggers cannot have column lists");
  }
  if (((node.transitionRels ?? []) as Node[]).length > 0) {
    if (timing !== "after")
      throw new PgError("42P17", "transition table name can only be specified for an AFTER trigger");
    if (relation.kind === "v")
      throw new PgError("42809", `"${relation.name}" is a view`, {
        detail: "Triggers on views cannot have transition tables.",
      });
    if (isPerRow && relation.kind === "p")
      throw new PgError("42809", `"${relation.name}" is a partitioned table`, {
        detail: "ROW triggers with transition tables are not supported on partitioned tables.",
      });
    if (isPerRow && relation.partitionOf !== undefined)
      throw new PgError("0A000", "ROW triggers with transition tables are not supported on partitions");
  }
  if (isPerRow && ((node.events ?? 0) & truncateBit) !== 0)
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
  if (!ddl.authority.current.isSuperuser)
    requireRights(ddl.authority, ddl.authority.current.oid, procObject(proc), "X");
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
  requireRelationOwner(ddl, relation);
  const trigger = ddl.catalog.triggersOf(relation.oid).find((each) => each.name === name);
  if (trigger === undefined) {
    if (!missingOk)
      throw new PgError("42704", `trigger "${name}" for table "${relation.name}" does not exist`);
    ddl.notice(`trigger "${name}" for relation "${relation.name}" does not exist, skipping`);
    return;
  }
  if (trigger.parent !== undefined)
    throw new PgError(
      "2BP01",
      `cannot drop trigger ${name} on table ${relation.name} because trigger ${name} on table ${ddl.catalog.get("relation", relation.partitionOf!.parent)!.name} requires it`,
    );
  removeTrigger(ddl, trigger);
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
  if (which === "all") enableForeignKeys(ddl, relation, enabled !== "D");
  for (const trigger of chosen) {
    ddl.catalog.set("trigger", { ...trigger, enabled });
    for (const partition of partitionsOf(ddl.catalog, relation.oid))
      if (ddl.catalog.triggersOf(partition.oid).some(({ parent }) => parent === trigger.oid))
        enableTriggers(ddl, partition, trigger.name, enabled);
  }
}

/** What PostgreSQL does by triggers of its own: a table's foreign keys are checked, and those that refer to it are followed. */
function enableForeignKeys(ddl: Ddl, relation: Relation, isOn: boolean): void {
  const own = ddl.catalog.constraintsOf(relation.oid).filter(({ type }) => type === "f");
  const referring = ddl.catalog.referencesTo(relation.oid);
  if (own.length + referring.length > 0 && !ddl.authority.current.isSuperuser)
    throw new PgError("42501", "permission denied: a foreign key's trigger is a system trigger");
  for (const { oid } of own) {
    const { checksOff: _was, ...constraint } = ddl.catalog.get("constraint", oid)!;
    ddl.catalog.set("constraint", isOn ? constraint : { ...constraint, checksOff: true });
  }
  for (const { oid } of referring) {
    const { actionsOff: _was, ...constraint } = ddl.catalog.get("constraint", oid)!;
    ddl.catalog.set("constraint", isOn ? constraint : { ...constraint, actionsOff: true });
  }
}
