import { statement } from "@weftkit/store";
import { coerceToTarget } from "../analyse/coerce.ts";
import { Level } from "../analyse/context.ts";
import { analyseExpr } from "../analyse/expressions.ts";
import { itemOf, tableEntry } from "../analyse/from.ts";
import { resolveTypeName } from "../analyse/type-names.ts";
import type { Column, Relation } from "../catalog/model.ts";
import { isInheritedConstraint, partitionsOf } from "../catalog/partitions.ts";
import { notSupported, PgError } from "../errors.ts";
import type { Node, pg } from "../parse/ast.ts";
import { sqlTexts } from "../parse/parse.ts";
import { planChecks, planGenerated } from "../plan/checks.ts";
import { TableWriter } from "../plan/write.ts";
import { Scope } from "../run/scope.ts";
import { codecOf } from "../storage/codec.ts";
import {
  columnName,
  createIndexSql,
  createTableSql,
  indexName,
  isStoredIndex,
  needsKeyColumn,
  tableName,
} from "../storage/tables.ts";
import type { Datum, Row } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import {
  addConstraint,
  addNotNull,
  checkNoNulls,
  forEachRow,
  validateCheck,
  validateForeignKey,
} from "./constraints.ts";
import { analyserOf, type Ddl, newOid, requireRelation } from "./context.ts";
import {
  addColumnConstraint,
  defaultText,
  finishColumns,
  generationText,
  planColumn,
  withDeferrability,
} from "./create-table.ts";
import { Removal } from "./drop.ts";
import { removeIndex } from "./indexes.ts";
import { freeRelationName } from "./names.ts";
import { optionValue } from "./option-value.ts";
import { setRelationOwner } from "./owners.ts";
import { attachIndex, attachPartition, detachPartition } from "./partitions.ts";
import { policiesReading, removePolicy } from "./policies.ts";
import { publicationsNaming, removePublished } from "./publications.ts";
import { setReplicaIdentity } from "./replica-identity.ts";
import { requireRelationOwner } from "./rights.ts";
import { dependentRoutines, routineShown } from "./routine-bodies.ts";
import { removeRoutine } from "./routines.ts";
import { alterSequence, makeSequence } from "./sequences.ts";
import { enableTriggers } from "./triggers.ts";
import { checkUpdatable, dependentViews, viewOption } from "./views.ts";

const kindWords: Readonly<Record<string, readonly [kinds: string[], word: string]>> = {
  OBJECT_TABLE: [["r", "p", "v", "m", "S", "i"], "table"],
  OBJECT_VIEW: [["v"], "view"],
  OBJECT_MATVIEW: [["m"], "materialized view"],
  OBJECT_SEQUENCE: [["S"], "sequence"],
  OBJECT_INDEX: [["i"], "index"],
  OBJECT_TYPE: [["c"], "composite type"],
};

export function alterTable(ddl: Ddl, node: pg.AlterTableStmt): void {
  let relation: Relation;
  const [kinds, word] = kindWords[node.objtype ?? "OBJECT_TABLE"] ?? [undefined, "table"];
  try {
    relation = requireRelation(ddl, node.relation!, kinds, word);
  } catch (error) {
    if (node.missing_ok !== true || (error as PgError).code !== "42P01") throw error;
    ddl.notice(`relation "${node.relation?.relname}" does not exist, skipping`);
    return;
  }
  requireRelationOwner(ddl, relation);
  const commands = ((node.cmds ?? []) as Node[]).map((item) => item.AlterTableCmd!);
  // Columns first, then constraints, as PostgreSQL orders them in passes.
  const pass = (command: pg.AlterTableCmd): number =>
    command.subtype === "AT_DropColumn" || command.subtype === "AT_DropConstraint"
      ? 0
      : command.subtype === "AT_AlterColumnType"
        ? 1
        : command.subtype === "AT_AddColumn"
          ? 2
          : command.subtype === "AT_AddConstraint"
            ? 4
            : 3;
  const isOnly = node.relation?.inh !== true;
  for (const command of [...commands].sort((a, b) => pass(a) - pass(b)))
    runOnTree(ddl, relation.oid, command, isOnly, false);
}

/** What is done with a partitioned table is done with its partitions, too; keys and the like see to that themselves. */
const ofAllPartitions: ReadonlySet<string> = new Set([
  "AT_AddColumn",
  "AT_DropColumn",
  "AT_AlterColumnType",
  "AT_ColumnDefault",
  "AT_SetNotNull",
  "AT_DropNotNull",
  "AT_SetExpression",
  "AT_DropExpression",
  "AT_DropConstraint",
  "AT_ValidateConstraint",
]);

function runOnTree(ddl: Ddl, id: number, command: pg.AlterTableCmd, isOnly: boolean, isInner: boolean): void {
  const relation = ddl.catalog.get("relation", id)!;
  if (!isInner && relation.partitionOf !== undefined) refuseOnPartition(ddl, relation, command);
  const isTree = relation.kind === "p" && ofAllPartitions.has(command.subtype ?? "");
  if (isTree && isOnly && partitionsOf(ddl.catalog, id).length > 0) refuseOnly(command);
  // A constraint's name may be found again in the partitions once the table has lost it.
  const parts = isTree ? partitionsOf(ddl.catalog, id) : [];
  const inner =
    command.subtype === "AT_DropConstraint" || command.subtype === "AT_ValidateConstraint"
      ? parts.filter((part) => ownsPart(ddl, relation, part, command.name ?? ""))
      : parts;
  run(ddl, id, command, isOnly);
  for (const part of inner) runOnTree(ddl, part.oid, partCommand(command), false, true);
}

/** A key's constraint goes with its index; others have the same name in each partition. */
function ownsPart(ddl: Ddl, relation: Relation, part: Relation, name: string): boolean {
  const constraint = ddl.catalog.constraintsOf(relation.oid).find((c) => c.name === name);
  if (constraint === undefined || constraint.type === "p" || constraint.type === "u") return false;
  return ddl.catalog
    .constraintsOf(part.oid)
    .some((c) => c.name === name || (c.parent !== undefined && c.parent === constraint.oid));
}

function partCommand(command: pg.AlterTableCmd): pg.AlterTableCmd {
  if (command.subtype === "AT_AddColumn") {
    // Keys, foreign keys and sequences of a new column are the table's; partitions have parts of them.
    const node = (command.def as Node).ColumnDef!;
    const kept = ((node.constraints ?? []) as Node[]).filter(({ Constraint: constraint }) =>
      ["CONSTR_DEFAULT", "CONSTR_NOTNULL", "CONSTR_GENERATED"].includes(constraint?.contype ?? ""),
    );
    return { ...command, def: { ColumnDef: { ...node, constraints: kept } } as pg.Node };
  }
  return command;
}

/** @throws PgError 42P16 */
function refuseOnly({ subtype, name }: pg.AlterTableCmd): void {
  if (subtype === "AT_ColumnDefault" || subtype === "AT_SetNotNull") return;
  const what: Readonly<Record<string, string>> = {
    AT_AddColumn: "column must be added to child tables too",
    AT_DropColumn: "cannot drop column from only the partitioned table when partitions exist",
    AT_AlterColumnType: `type of inherited column "${name}" must be changed in child tables too`,
    AT_DropConstraint: "cannot remove constraint from only the partitioned table when partitions exist",
    AT_DropNotNull: "cannot remove constraint from only the partitioned table when partitions exist",
  };
  const message = what[subtype ?? ""];
  if (message !== undefined)
    throw new PgError("42P16", message, { hint: "Do not specify the ONLY keyword." });
}

/** What a partition has of its table is changed there. @throws PgError 42809, 42P16 */
function refuseOnPartition(ddl: Ddl, relation: Relation, { subtype, name }: pg.AlterTableCmd): void {
  const parent = ddl.catalog.get("relation", relation.partitionOf!.parent)!;
  const isInherited = parent.columns.some((c) => c.name === name && c.dropped !== true);
  switch (subtype) {
    case "AT_AddColumn":
      throw new PgError("42809", "cannot add column to a partition");
    case "AT_DropColumn":
      if (isInherited) throw new PgError("42P16", `cannot drop inherited column "${name}"`);
      return;
    case "AT_AlterColumnType":
      if (isInherited) throw new PgError("42P16", `cannot alter inherited column "${name}"`);
      return;
    case "AT_DropNotNull":
      if (parent.columns.some((c) => c.name === name && c.notNull))
        throw new PgError("42P16", `column "${name}" is marked NOT NULL in parent table`);
      return;
    case "AT_DropConstraint": {
      const own = ddl.catalog.constraintsOf(relation.oid).find((c) => c.name === name);
      if (own !== undefined && isInheritedConstraint(ddl.catalog, own))
        throw new PgError(
          "42P16",
          `cannot drop inherited constraint "${name}" of relation "${relation.name}"`,
        );
      return;
    }
    default:
  }
}

function column(relation: Relation, name: string | undefined): Column {
  const found = relation.columns.find((c) => c.name === name && c.dropped !== true);
  if (found === undefined)
    throw new PgError("42703", `column "${name}" of relation "${relation.name}" does not exist`);
  return found;
}

function put(ddl: Ddl, relation: Relation, changed: Column): Relation {
  const next = {
    ...relation,
    columns: relation.columns.map((c) => (c.attnum === changed.attnum ? changed : c)),
  };
  ddl.catalog.set("relation", next);
  return next;
}

function without<K extends keyof Column>(c: Column, ...keys: K[]): Column {
  const copy: Partial<Record<string, unknown>> = { ...c };
  for (const key of keys) delete copy[key];
  return copy as unknown as Column;
}

function run(ddl: Ddl, id: number, command: pg.AlterTableCmd, isOnly: boolean): void {
  const relation = ddl.catalog.get("relation", id)!;
  const def = command.def as Node | undefined;
  switch (command.subtype) {
    case "AT_AddColumn":
      addColumn(ddl, relation, command);
      return;
    case "AT_DropColumn":
      dropColumn(ddl, relation, command);
      return;
    case "AT_AlterColumnType":
      alterType(ddl, relation, command);
      return;
    case "AT_ColumnDefault": {
      const c = column(relation, command.name);
      if (c.identity !== undefined)
        throw new PgError(
          "42601",
          `column "${c.name}" of relation "${relation.name}" is an identity column`,
          def === undefined ? { hint: "Use ALTER TABLE ... ALTER COLUMN ... DROP IDENTITY instead." } : {},
        );
      if (c.generated !== undefined)
        throw new PgError("42601", `column "${c.name}" of relation "${relation.name}" is a generated column`);
      put(
        ddl,
        relation,
        def === undefined
          ? without(c, "default", "defaultOid")
          : { ...c, default: defaultText(ddl, c, def), defaultOid: newOid(ddl) },
      );
      return;
    }
    case "AT_SetNotNull": {
      const c = column(relation, command.name);
      if (c.notNull) return;
      checkNoNulls(ddl, relation, c);
      addNotNull(ddl, id, c);
      return;
    }
    case "AT_DropNotNull": {
      const c = column(relation, command.name);
      if (ddl.catalog.indexesOf(id).some((i) => i.primary && i.keys.some((key) => key.attnum === c.attnum)))
        throw new PgError("42P16", `column "${c.name}" is in a primary key`);
      if (c.identity !== undefined)
        throw new PgError("42601", `column "${c.name}" of relation "${relation.name}" is an identity column`);
      for (const constraint of ddl.catalog.constraintsOf(id))
        if (constraint.type === "n" && constraint.keys[0] === c.attnum)
          ddl.catalog.delete("constraint", constraint.oid);
      put(ddl, relation, { ...c, notNull: false });
      return;
    }
    case "AT_AddConstraint":
      addConstraint(ddl, relation, def!.Constraint!, true, undefined, isOnly);
      return;
    case "AT_AttachPartition":
      if (relation.kind === "i") attachIndex(ddl, relation, def!.PartitionCmd!);
      else attachPartition(ddl, relation, def!.PartitionCmd!);
      return;
    case "AT_DetachPartition":
      detachPartition(ddl, relation, def!.PartitionCmd!);
      return;
    case "AT_DropConstraint":
      dropConstraint(ddl, relation, command);
      return;
    case "AT_ValidateConstraint": {
      const constraint = ddl.catalog.constraintsOf(id).find((c) => c.name === command.name);
      if (constraint === undefined)
        throw new PgError(
          "42704",
          `constraint "${command.name}" of relation "${relation.name}" does not exist`,
        );
      if (!constraint.validated) {
        ddl.catalog.set("constraint", { ...constraint, validated: true });
        if (constraint.type === "f") validateForeignKey(ddl, relation, constraint);
        else validateCheck(ddl, relation, constraint);
      }
      return;
    }
    case "AT_AlterConstraint": {
      const change = def!.ATAlterConstraint ?? {};
      const constraint = ddl.catalog
        .constraintsOf(id)
        .find((c) => c.name === (change.conname ?? command.name));
      if (constraint === undefined)
        throw new PgError(
          "42704",
          `constraint "${change.conname}" of relation "${relation.name}" does not exist`,
        );
      if (constraint.type !== "f")
        throw new PgError(
          "42809",
          `constraint "${constraint.name}" of relation "${relation.name}" is not a foreign key constraint`,
        );
      ddl.catalog.set("constraint", {
        ...constraint,
        deferrable: change.deferrable === true,
        deferred: change.initdeferred === true,
      });
      return;
    }
    case "AT_SetExpression":
    case "AT_DropExpression": {
      const c = column(relation, command.name);
      if (c.generated === undefined)
        throw new PgError(
          "55000",
          `column "${c.name}" of relation "${relation.name}" is not a generated column`,
        );
      if (command.subtype === "AT_DropExpression") {
        put(ddl, relation, without(c, "generated", "default", "defaultOid"));
        return;
      }
      const next = put(ddl, relation, { ...c, default: generationText(ddl, relation, c, def!) });
      rewriteRows(ddl, next, (row) => row);
      return;
    }
    case "AT_AddIdentity": {
      const c = column(relation, command.name);
      if (!c.notNull)
        throw new PgError(
          "55000",
          `column "${c.name}" of relation "${relation.name}" must be declared NOT NULL before identity can be added`,
        );
      if (c.identity !== undefined)
        throw new PgError(
          "55000",
          `column "${c.name}" of relation "${relation.name}" is already an identity column`,
        );
      if (c.default !== undefined)
        throw new PgError(
          "55000",
          `column "${c.name}" of relation "${relation.name}" already has a default value`,
        );
      const constraint = def!.Constraint!;
      makeSequence(
        ddl,
        relation.namespace,
        freeRelationName(ddl, relation.namespace, relation.name, c.name, "seq"),
        ((constraint.options ?? []) as Node[]).map((o) => o.DefElem!),
        c.type,
        { relation: id, attnum: c.attnum, identity: true },
      );
      put(ddl, relation, { ...c, identity: constraint.generated_when === "a" ? "a" : "d" });
      return;
    }
    case "AT_SetIdentity": {
      const c = column(relation, command.name);
      const sequence = [...ddl.catalog.all("sequence")].find(
        (s) => s.ownedBy?.relation === id && s.ownedBy.attnum === c.attnum && s.ownedBy.identity,
      );
      if (c.identity === undefined || sequence === undefined)
        throw new PgError(
          "55000",
          `column "${c.name}" of relation "${relation.name}" is not an identity column`,
        );
      const options = (def?.List?.items ?? []) as Node[];
      const kind = options.find((o) => o.DefElem?.defname === "generated")?.DefElem;
      if (kind !== undefined)
        put(ddl, relation, { ...c, identity: (kind.arg as Node).Integer?.ival === 97 ? "a" : "d" });
      const rest = options.filter((o) => o.DefElem?.defname !== "generated");
      if (rest.length > 0) {
        const own = ddl.catalog.get("relation", sequence.oid)!;
        alterSequence(ddl, {
          sequence: { relname: own.name, schemaname: ddl.catalog.get("namespace", own.namespace)!.name },
          options: rest as pg.Node[],
        });
      }
      return;
    }
    case "AT_DropIdentity": {
      const c = column(relation, command.name);
      if (c.identity === undefined) {
        if (command.missing_ok === true) {
          ddl.notice(`column "${c.name}" of relation "${relation.name}" is not an identity column, skipping`);
          return;
        }
        throw new PgError(
          "55000",
          `column "${c.name}" of relation "${relation.name}" is not an identity column`,
        );
      }
      put(ddl, relation, without(c, "identity"));
      for (const sequence of [...ddl.catalog.all("sequence")]) {
        if (sequence.ownedBy?.relation !== id || sequence.ownedBy.attnum !== c.attnum) continue;
        const own = ddl.catalog.get("relation", sequence.oid)!;
        const removal = new Removal(ddl, true, [own]);
        removal.add(own);
        removal.run();
      }
      return;
    }
    case "AT_ReplicaIdentity": {
      setReplicaIdentity(ddl, relation, def!.ReplicaIdentityStmt!);
      return;
    }
    case "AT_EnableRowSecurity":
    case "AT_DisableRowSecurity":
      ddl.catalog.set("relation", { ...relation, rowSecurity: command.subtype === "AT_EnableRowSecurity" });
      return;
    case "AT_ChangeOwner":
      setRelationOwner(ddl, relation, command.newowner!);
      return;
    case "AT_ForceRowSecurity":
    case "AT_NoForceRowSecurity":
      ddl.catalog.set("relation", {
        ...relation,
        forceRowSecurity: command.subtype === "AT_ForceRowSecurity",
      });
      return;
    case "AT_SetStorage":
    case "AT_SetCompression":
    case "AT_SetOptions":
    case "AT_ResetOptions":
    case "AT_ClusterOn":
    case "AT_DropCluster":
    case "AT_SetLogged":
    case "AT_SetUnLogged":
    case "AT_SetAccessMethod":
    case "AT_SetTableSpace":
    case "AT_DropOids":
      return;
    case "AT_SetStatistics": {
      const found = relation.columns.find((c) => c.name === command.name && c.dropped !== true);
      if (found === undefined)
        throw new PgError("42703", `column "${command.name}" of relation "${relation.name}" does not exist`);
      const target = def?.Integer?.ival ?? -1;
      const { statistics: _before, ...rest } = found;
      const changed = target < 0 ? rest : { ...rest, statistics: target };
      ddl.catalog.set("relation", {
        ...relation,
        columns: relation.columns.map((c) => (c === found ? changed : c)),
      });
      return;
    }
    case "AT_EnableTrig":
    case "AT_EnableAlwaysTrig":
    case "AT_EnableReplicaTrig":
    case "AT_EnableTrigAll":
    case "AT_EnableTrigUser":
    case "AT_DisableTrig":
    case "AT_DisableTrigAll":
    case "AT_DisableTrigUser": {
      const which = command.subtype.endsWith("All")
        ? "all"
        : command.subtype.endsWith("User")
          ? "user"
          : (command.name ?? "");
      const enabled = command.subtype.includes("Disable")
        ? "D"
        : command.subtype.includes("Always")
          ? "A"
          : command.subtype.includes("Replica")
            ? "R"
            : "O";
      enableTriggers(ddl, relation, which, enabled);
      return;
    }
    case "AT_SetRelOptions":
    case "AT_ResetRelOptions": {
      const names = ((def?.List?.items ?? []) as Node[]).map((o) => o.DefElem!);
      const kept = (relation.options ?? []).filter((o) => !names.some((n) => o.startsWith(`${n.defname}=`)));
      const added =
        command.subtype === "AT_SetRelOptions"
          ? names.map((n) => `${n.defname}=${optionValue(n.arg as Node | undefined)}`)
          : [];
      if (relation.kind === "v") checkViewOptions(ddl, relation, names, added);
      ddl.catalog.set("relation", { ...relation, options: [...kept, ...added] });
      return;
    }
    default:
      throw notSupported(`ALTER TABLE ${String(command.subtype).replace("AT_", "")}`);
  }
}

/** @throws PgError 22023, 0A000 */
function checkViewOptions(
  ddl: Ddl,
  view: Relation,
  names: readonly pg.DefElem[],
  added: readonly string[],
): void {
  for (const { defname, arg } of names)
    if (added.length > 0) viewOption(defname ?? "", optionValue(arg as Node | undefined));
  if (added.some((option) => option.startsWith("check_option=")))
    checkUpdatable(analyserOf(ddl).analyser.viewQuery(view));
}

function addColumn(ddl: Ddl, given: Relation, command: pg.AlterTableCmd): void {
  const node = (command.def as Node).ColumnDef!;
  if (given.columns.some((c) => c.name === node.colname && c.dropped !== true)) {
    if (command.missing_ok === true) {
      ddl.notice(`column "${node.colname}" of relation "${given.name}" already exists, skipping`);
      return;
    }
    throw new PgError("42701", `column "${node.colname}" of relation "${given.name}" already exists`);
  }
  const attnum = given.columns.reduce((last, c) => Math.max(last, c.attnum), 0) + 1;
  if (attnum > 1600) throw new PgError("54011", "tables can have at most 1600 columns");
  const planned = planColumn(ddl, attnum, node);
  let relation: Relation = { ...given, columns: [...given.columns, planned.column] };
  ddl.catalog.set("relation", relation);
  relation = finishColumns(ddl, relation, [planned]);
  const added = relation.columns.at(-1)!;
  if (relation.kind === "c") return;
  if (added.generated !== "v")
    ddl.work.db.exec(
      `ALTER TABLE ${tableName(relation.oid)} ADD COLUMN ${columnName(attnum)} ${codecOf(ddl.catalog, added.type, added.typmod).sqlType}`,
    );
  if (added.generated === undefined) fillDefault(ddl, relation, added);
  else if (added.generated === "s") rewriteRows(ddl, relation, (row) => row);
  if (added.notNull && added.generated !== "v") checkNoNulls(ddl, relation, added);
  if (added.notNull)
    addNotNull(
      ddl,
      relation.oid,
      added,
      withDeferrability(planned.constraints).find((c) => c.contype === "CONSTR_NOTNULL")?.conname,
    );
  for (const constraint of withDeferrability(planned.constraints)) {
    if (constraint.contype === "CONSTR_NOTNULL") continue;
    if (constraint.contype === "CONSTR_CHECK" || constraint.contype === "CONSTR_FOREIGN") {
      const own = { String: { sval: added.name } } as pg.Node;
      addConstraint(
        ddl,
        ddl.catalog.get("relation", relation.oid)!,
        constraint.contype === "CONSTR_FOREIGN" ? { ...constraint, fk_attrs: [own] } : constraint,
        true,
        added.name,
      );
    } else addColumnConstraint(ddl, relation.oid, added, constraint);
  }
}

/** The rows that are there get the new column's default. */
function fillDefault(ddl: Ddl, relation: Relation, added: Column): void {
  const { analyser } = analyserOf(ddl);
  const expr = analyser.defaultOf(relation, added.attnum);
  if (expr === undefined) return;
  const value = ddl.plan().compiler.compile(expr, new Scope(undefined));
  const codec = codecOf(ddl.catalog, added.type, added.typmod);
  const { db } = ddl.work;
  const env = { exec: ddl.exec, row: [], outer: undefined };
  const table = tableName(relation.oid);
  const isVolatile = JSON.stringify(expr, (key, v: unknown) =>
    key === "entry" ? undefined : typeof v === "bigint" ? String(v) : v,
  ).includes('"volatility":"v"');
  if (!isVolatile) {
    const any = statement(db, `SELECT 1 FROM ${table} LIMIT 1`, { pluck: true }).get();
    if (any === undefined) return;
    statement(db, `UPDATE ${table} SET ${columnName(added.attnum)} = ?`).run(codec.encode(value([], env)));
    return;
  }
  const update = statement(db, `UPDATE ${table} SET ${columnName(added.attnum)} = ? WHERE rowid_ = ?`);
  for (const rowid of statement(db, `SELECT rowid_ FROM ${table} ORDER BY rowid_`, {
    pluck: true,
  }).all() as number[])
    update.run(codec.encode(value([], env)), rowid);
}

/** Computes every row anew: after a generated column or a type has changed. */
function rewriteRows(ddl: Ddl, relation: Relation, change: (row: Row) => Row): void {
  const ctx = ddl.plan();
  const writer = new TableWriter(ctx, relation);
  const generated = planGenerated(ctx, relation);
  const checks = planChecks(ctx, relation);
  const found: { row: Row; rowid: number }[] = [];
  forEachRow(ddl, relation, (row, rowid) => found.push({ row, rowid }));
  for (const { row, rowid } of found) {
    const next = change(row.slice());
    generated(next, ddl.exec);
    checks(next, ddl.exec);
    writer.update(ddl.work, rowid, next, ddl.exec);
  }
}

/** @throws PgError 42P16 for a column that decides in which partition a row is */
function requireNoKey(relation: Relation, { attnum, name }: Column, verb: "drop" | "alter"): void {
  for (const key of relation.partitionBy?.keys ?? []) {
    const isRead =
      key.attnum === attnum ||
      (key.expression !== undefined && new RegExp(`(^|[^\\w"])"?${name}"?($|[^\\w"])`).test(key.expression));
    if (isRead)
      throw new PgError(
        "42P16",
        `cannot ${verb} column "${name}" because it is part of the partition key of relation "${relation.name}"`,
      );
  }
}

function dropColumn(ddl: Ddl, given: Relation, command: pg.AlterTableCmd): void {
  const found = given.columns.find((c) => c.name === command.name && c.dropped !== true);
  if (found === undefined) {
    if (command.missing_ok === true) {
      ddl.notice(`column "${command.name}" of relation "${given.name}" does not exist, skipping`);
      return;
    }
    throw new PgError("42703", `column "${command.name}" of relation "${given.name}" does not exist`);
  }
  requireNoKey(given, found, "drop");
  const cascade = command.behavior === "DROP_CASCADE";
  const { attnum } = found;
  const views = dependentViews(ddl, given.oid, attnum);
  const foreign = ddl.catalog
    .referencesTo(given.oid)
    .filter((c) => c.foreign!.keys.includes(attnum) && c.relation !== given.oid);
  const generated = given.columns.filter(
    (c) =>
      c.generated !== undefined &&
      c.dropped !== true &&
      c.attnum !== attnum &&
      new RegExp(`(^|[^\\w"])"?${found.name}"?($|[^\\w"])`).test(c.default ?? ""),
  );
  const policies = policiesReading(ddl, given, attnum);
  const publications = publicationsNaming(ddl, given, attnum);
  const routines = dependentRoutines(ddl, given.oid, attnum);
  const inText = (text: string | undefined) =>
    text !== undefined && new RegExp(`(^|[^\\w"])"?${found.name}"?($|[^\\w"])`).test(text);
  const exclusions = ddl.catalog.constraintsOf(given.oid).filter((c) => {
    const index = c.exclusion === undefined ? undefined : ddl.catalog.get("index", c.index);
    const isRead = index?.keys.some((key) => inText(key.expression)) === true || inText(index?.predicate);
    return isRead && !c.keys.includes(attnum);
  });
  const told = [
    ...policies.map(
      (p) =>
        `policy ${p.name} on table ${ddl.catalog.get("relation", p.relation)?.name} depends on column ${found.name} of table ${given.name}`,
    ),
    ...publications.map(
      (p) =>
        `publication of table ${given.name} in publication ${p.name} depends on column ${found.name} of table ${given.name}`,
    ),
    ...exclusions.map(
      (c) =>
        `constraint ${c.name} on table ${given.name} depends on column ${found.name} of table ${given.name}`,
    ),
    ...routines.map((p) => `${routineShown(ddl, p)} depends on column ${found.name} of table ${given.name}`),
    ...views.map((v) => `view ${v.name} depends on column ${found.name} of table ${given.name}`),
    ...foreign.map(
      (c) =>
        `constraint ${c.name} on table ${ddl.catalog.get("relation", c.relation)?.name} depends on column ${found.name} of table ${given.name}`,
    ),
    ...generated.map(
      (c) => `column ${c.name} of table ${given.name} depends on column ${found.name} of table ${given.name}`,
    ),
  ];
  if (told.length > 0 && !cascade) {
    throw new PgError(
      "2BP01",
      `cannot drop column ${found.name} of table ${given.name} because other objects depend on it`,
      {
        detail: told.join("\n"),
        hint: "Use DROP ... CASCADE to drop the dependent objects too.",
      },
    );
  }
  if (told.length > 0)
    ddl.notice(
      told.length === 1
        ? `drop cascades to ${told[0]!.replace(/ depends on .*/, "")}`
        : `drop cascades to ${told.length} other objects`,
    );
  for (const routine of routines) removeRoutine(ddl, routine);
  for (const policy of policies) removePolicy(ddl, policy);
  for (const publication of publications) removePublished(ddl, publication, given);
  for (const constraint of [...foreign, ...exclusions]) ddl.catalog.delete("constraint", constraint.oid);
  if (views.length > 0) {
    const removal = new Removal(ddl, true, views);
    for (const view of views) removal.add(view);
    removal.run();
  }
  for (const c of generated)
    dropColumn(ddl, ddl.catalog.get("relation", given.oid)!, { ...command, name: c.name });
  for (const constraint of [...ddl.catalog.constraintsOf(given.oid)]) {
    if (!constraint.keys.includes(attnum)) continue;
    ddl.catalog.delete("constraint", constraint.oid);
  }
  for (const index of [...ddl.catalog.indexesOf(given.oid)]) {
    if (
      index.keys.some((key) => key.attnum === attnum || inText(key.expression)) ||
      index.include.includes(attnum) ||
      inText(index.predicate)
    )
      removeIndex(ddl, index);
  }
  for (const sequence of [...ddl.catalog.all("sequence")]) {
    if (sequence.ownedBy?.relation !== given.oid || sequence.ownedBy.attnum !== attnum) continue;
    const own = ddl.catalog.get("relation", sequence.oid)!;
    const removal = new Removal(ddl, true, [own, given]);
    removal.add(own);
    removal.run();
  }
  const current = ddl.catalog.get("relation", given.oid)!;
  const gone: Column = {
    attnum,
    name: `........pg.dropped.${attnum}........`,
    type: oid.int4,
    typmod: -1,
    notNull: false,
    collation: 0,
    dropped: true,
  };
  ddl.catalog.set("relation", {
    ...current,
    columns: current.columns.map((c) => (c.attnum === attnum ? gone : c)),
  });
  for (const comment of [...ddl.catalog.all("comment")])
    if (comment.object === given.oid && comment.classOid === 1259 && comment.subId === attnum)
      ddl.catalog.delete("comment", comment.oid);
  if (found.generated !== "v" && current.kind !== "c")
    ddl.work.db.exec(`ALTER TABLE ${tableName(given.oid)} DROP COLUMN ${columnName(attnum)}`);
}

function dropConstraint(ddl: Ddl, relation: Relation, command: pg.AlterTableCmd): void {
  const constraint = ddl.catalog.constraintsOf(relation.oid).find((c) => c.name === command.name);
  if (constraint === undefined) {
    if (command.missing_ok === true) {
      ddl.notice(`constraint "${command.name}" of relation "${relation.name}" does not exist, skipping`);
      return;
    }
    throw new PgError("42704", `constraint "${command.name}" of relation "${relation.name}" does not exist`);
  }
  if (constraint.type === "p" || constraint.type === "u" || constraint.type === "x") {
    const foreign = ddl.catalog.referencesTo(relation.oid).filter((c) => c.index === constraint.index);
    if (foreign.length > 0 && command.behavior !== "DROP_CASCADE") {
      throw new PgError(
        "2BP01",
        `cannot drop constraint ${constraint.name} on table ${relation.name} because other objects depend on it`,
        {
          detail: foreign
            .map(
              (c) =>
                `constraint ${c.name} on table ${ddl.catalog.get("relation", c.relation)?.name} depends on index ${constraint.name}`,
            )
            .join("\n"),
          hint: "Use DROP ... CASCADE to drop the dependent objects too.",
        },
      );
    }
    for (const c of foreign) {
      ddl.notice(
        `drop cascades to constraint ${c.name} on table ${ddl.catalog.get("relation", c.relation)?.name}`,
      );
      ddl.catalog.delete("constraint", c.oid);
    }
    ddl.catalog.delete("constraint", constraint.oid);
    const index = ddl.catalog.get("index", constraint.index);
    if (index !== undefined) removeIndex(ddl, index);
    return;
  }
  ddl.catalog.delete("constraint", constraint.oid);
  if (constraint.type === "n") {
    const c = relation.columns.find((one) => one.attnum === constraint.keys[0])!;
    put(ddl, relation, { ...c, notNull: false });
  }
}

function alterType(ddl: Ddl, given: Relation, command: pg.AlterTableCmd): void {
  const { ctx, analyser } = analyserOf(ddl);
  const node = (command.def as Node).ColumnDef!;
  const before = column(given, command.name);
  const { type, typmod } = resolveTypeName(ctx, node.typeName!);
  requireNoKey(given, before, "alter");
  if (before.generated !== undefined && node.raw_default !== undefined)
    throw new PgError("42611", "cannot specify USING when altering type of generated column");
  for (const view of dependentViews(ddl, given.oid, before.attnum)) {
    throw new PgError("0A000", "cannot alter type of a column used by a view or rule", {
      detail: `rule _RETURN on view ${view.name} depends on column "${before.name}"`,
    });
  }
  const [routine] = dependentRoutines(ddl, given.oid, before.attnum);
  if (routine !== undefined)
    throw new PgError("0A000", "cannot alter type of a column used by a function or procedure", {
      detail: `${routineShown(ddl, routine)} depends on column "${before.name}"`,
    });
  if (given.kind === "c") {
    alterAttribute(ddl, given, { ...before, type, typmod, collation: ctx.type(type).collation });
    return;
  }
  const level = new Level();
  level.place = "ALTER USING";
  const entry = tableEntry(ctx, given, given.name);
  level.namespace = [itemOf(entry)];
  const source = analyseExpr(
    analyser,
    level,
    node.raw_default === undefined
      ? ({ ColumnRef: { fields: [{ String: { sval: before.name } }] } } as Node)
      : (node.raw_default as Node),
  );
  const expr = coerceToTarget(ctx, source, type, typmod, "assignment", "implicit");
  if (expr === undefined) {
    const shown = ctx.formatType(type, typmod);
    throw node.raw_default === undefined
      ? new PgError(
          "42804",
          `column "${before.name}" cannot be cast automatically to type ${ctx.formatType(type)}`,
          { hint: `You might need to specify "USING ${before.name}::${shown}".` },
        )
      : new PgError(
          "42804",
          `result of USING clause for column "${before.name}" cannot be cast automatically to type ${ctx.formatType(type)}`,
          { hint: "You might need to add an explicit cast." },
        );
  }
  const after: Column = { ...before, type, typmod, collation: ctx.type(type).collation };
  let withDefault = after;
  if (before.default !== undefined && before.generated === undefined) {
    const old = analyser.defaultOf(given, before.attnum)!;
    const converted = coerceToTarget(ctx, old, type, typmod, "assignment", "implicit");
    if (converted === undefined)
      throw new PgError(
        "42804",
        `default for column "${before.name}" cannot be cast automatically to type ${ctx.formatType(type)}`,
      );
    withDefault = {
      ...after,
      default: defaultText(ddl, after, {
        TypeCast: { arg: parseDefault(before.default), typeName: node.typeName! },
      } as Node),
    };
  }
  const compiled = ddl.plan().compiler.compile(expr, new Scope(undefined, new Map([[entry, 0]])));
  const rows: { rowid: number; row: Row; value: Datum }[] = [];
  forEachRow(ddl, given, (row, rowid) =>
    rows.push({ rowid, row, value: compiled(row, { exec: ddl.exec, row: [], outer: undefined }) }),
  );
  const relation: Relation = {
    ...given,
    columns: given.columns.map((c) => (c.attnum === before.attnum ? withDefault : c)),
  };
  ddl.catalog.set("relation", relation);
  const sequence = [...ddl.catalog.all("sequence")].find(
    (s) => s.ownedBy?.relation === given.oid && s.ownedBy.attnum === before.attnum && s.ownedBy.identity,
  );
  if (sequence !== undefined && [oid.int2, oid.int4, oid.int8].includes(type as 20))
    ddl.catalog.set("sequence", {
      ...sequence,
      type,
      max: type === oid.int8 ? 9223372036854775807n : type === oid.int4 ? 2147483647n : 32767n,
    });
  rebuild(
    ddl,
    relation,
    rows.map(({ rowid, row, value }) => {
      const next = row.slice();
      next[before.attnum - 1] = value;
      return { rowid, row: next };
    }),
  );
}

/** ALTER TYPE ... ALTER ATTRIBUTE: values that are stored would not be of the type any more. @throws PgError 0A000 */
function alterAttribute(ddl: Ddl, type: Relation, attribute: Column): void {
  for (const relation of ddl.catalog.all("relation")) {
    if (relation.kind !== "r" && relation.kind !== "m") continue;
    const user = relation.columns.find((c) => c.type === type.typeOid && c.dropped !== true);
    if (user !== undefined)
      throw new PgError(
        "0A000",
        `cannot alter type "${type.name}" because column "${relation.name}.${user.name}" uses it`,
      );
  }
  ddl.catalog.set("relation", {
    ...type,
    columns: type.columns.map((c) => (c.attnum === attribute.attnum ? attribute : c)),
  });
}

function parseDefault(text: string): pg.Node {
  return sqlTexts.expression(text) as pg.Node;
}

/** Makes the table in SQLite anew, with rows that were converted. */
function rebuild(ddl: Ddl, relation: Relation, rows: readonly { rowid: number; row: Row }[]): void {
  const { db } = ddl.work;
  const table = tableName(relation.oid);
  const indexes = ddl.catalog.indexesOf(relation.oid).filter(isStoredIndex);
  for (const index of indexes) db.exec(`DROP INDEX IF EXISTS ${indexName(index.oid)}`);
  db.exec(`DROP TABLE ${table}`);
  db.exec(createTableSql(ddl.catalog, relation));
  for (const index of indexes) {
    for (const [i, key] of index.keys.entries())
      if (needsKeyColumn(ddl.catalog, relation, index, key))
        db.exec(`ALTER TABLE ${table} ADD COLUMN k${index.oid}_${i} ANY`);
    if (index.predicate !== undefined) db.exec(`ALTER TABLE ${table} ADD COLUMN p${index.oid} INTEGER`);
  }
  const ctx = ddl.plan();
  const writer = new TableWriter(ctx, relation);
  const generated = planGenerated(ctx, relation);
  const checks = planChecks(ctx, relation);
  for (const { rowid, row } of rows) {
    generated(row, ddl.exec);
    checks(row, ddl.exec);
    writer.insert(ddl.work, rowid, row, ddl.exec);
  }
  for (const index of indexes) db.exec(createIndexSql(ddl.catalog, relation, index));
}
