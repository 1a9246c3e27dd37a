import type { Cte, SelectQuery } from "../analyse/expr.ts";
import type { Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import type { Exec, Firing } from "../run/exec.ts";
import type { Block } from "../session/block.ts";
import type { SessionState } from "../session/state.ts";
import { type Datum, PgArray, PgRecord, type Row } from "../types/datum.ts";
import { oid } from "../types/oids.ts";
import { InnerSql, type TransitionTable } from "./inner-sql.ts";
import { type CompiledBody, compileBody } from "./plpgsql/compile.ts";
import { drain, Interpreter } from "./plpgsql/interpreter.ts";
import { NameScope } from "./plpgsql/variables.ts";

const text = oid.text;

/** What a trigger's function finds beside NEW and OLD (PostgreSQL's documentation, 41.10.1). */
const variables: readonly (readonly [name: string, type: number])[] = [
  ["tg_name", oid.name],
  ["tg_when", text],
  ["tg_level", text],
  ["tg_op", text],
  ["tg_relid", oid.oid],
  ["tg_relname", oid.name],
  ["tg_table_name", oid.name],
  ["tg_table_schema", oid.name],
  ["tg_nargs", oid.int4],
  ["tg_argv", 1009],
];

interface Compiled {
  readonly proc: object;
  readonly body: CompiledBody;
}

/** By the function and the table whose rows NEW and OLD are. */
const bodies = new WeakMap<SessionState, Map<string, Compiled>>();
const conditions = new WeakMap<object, Map<number, NameScope>>();

/** Runs a trigger; gives the row that goes on, or undefined when it is left out. */
export function fireTrigger(
  session: SessionState,
  block: Block,
  exec: Exec,
  firing: Firing,
): Row | undefined {
  const { trigger, relation } = firing;
  const proc = session.catalog.get("proc", trigger.proc);
  if (proc === undefined) throw new PgError("42883", `function ${trigger.proc} does not exist`);
  const kept = firing.event === "delete" ? firing.before : firing.after;
  const frame: Datum[] = [recordOf(firing, firing.after), recordOf(firing, firing.before)];
  const sql = new InnerSql(session, block, exec, [], {
    isReadOnly: false,
    onConflict: "error",
    ...(firing.transition === undefined ? {} : { tables: transitionTables(firing) }),
  });
  if (
    trigger.condition !== undefined &&
    !sql.condition(trigger.condition, conditionScope(session, firing), frame)
  )
    return kept;
  const known = bodies.get(session) ?? new Map<string, Compiled>();
  bodies.set(session, known);
  const key = `${proc.oid} ${relation.oid}`;
  let compiled = known.get(key);
  if (compiled?.proc !== proc || compiled.body.catalogVersion !== session.catalog.version) {
    const given = [
      { name: "new", type: relation.typeOid },
      { name: "old", type: relation.typeOid },
      ...variables.map(([name, type]) => ({ name, type })),
    ];
    compiled = { proc, body: compileBody(proc.source, proc.name, given, session.io) };
    known.set(key, compiled);
  }
  const namespace = session.catalog.get("namespace", relation.namespace)?.name ?? "";
  frame.push(
    trigger.name,
    trigger.timing === "instead" ? "INSTEAD OF" : trigger.timing.toUpperCase(),
    trigger.perRow ? "ROW" : "STATEMENT",
    firing.event.toUpperCase(),
    relation.oid,
    relation.name,
    relation.name,
    namespace,
    trigger.args.length,
    new PgArray([...trigger.args], [trigger.args.length], [0]),
  );
  const interpreter = new Interpreter(
    compiled.body,
    sql,
    frame,
    { returnsSet: false, type: oid.trigger, out: [], isProcedure: false },
    `function ${proc.name}()`,
  );
  const undo: (() => void)[] = [];
  if (proc.securityDefiner === true) undo.push(session.authority.actAs(proc.owner));
  try {
    for (const [name, value] of proc.settings ?? []) undo.push(session.settings.within(name, value));
    drain(interpreter.run());
  } finally {
    for (const back of undo.reverse()) back();
  }
  if (!trigger.perRow || trigger.timing === "after") return kept;
  const { value } = interpreter;
  if (value === null) return undefined;
  return rowOf(firing, value as PgRecord, kept);
}

function conditionScope(session: SessionState, { trigger, relation }: Firing): NameScope {
  const known = conditions.get(trigger) ?? new Map<number, NameScope>();
  conditions.set(trigger, known);
  let scope = known.get(session.processId);
  if (scope === undefined) {
    scope = new NameScope(undefined, undefined);
    for (const [slot, name] of ["new", "old"].entries())
      scope.names.set(name, {
        slot,
        name,
        type: relation.typeOid,
        typmod: -1,
        constant: false,
        notNull: false,
      });
    known.set(session.processId, scope);
  }
  return scope;
}

/** A table's row as a value of its row type. */
function recordOf({ relation }: Firing, row: Row | undefined): PgRecord | null {
  if (row === undefined) return null;
  const live = relation.columns.filter((column) => column.dropped !== true);
  return new PgRecord(
    live.map(({ attnum }) => row[attnum - 1] ?? null),
    live.map(({ type }) => type),
    live.map(({ name }) => name),
    relation.typeOid,
  );
}

/** What a trigger returned as a row of its table, with what stands behind the columns of the row it was given. */
function rowOf({ relation }: Firing, record: PgRecord, given: Row | undefined): Row {
  const live = relation.columns.filter((column) => column.dropped !== true);
  if (record.values.length !== live.length)
    throw new PgError(
      "42804",
      "returned row structure does not match the structure of the triggering table",
      {
        detail: `Number of returned columns (${record.values.length}) does not match expected column count (${live.length}).`,
      },
    );
  const row: Row = given === undefined ? [] : [...given];
  for (const [i, column] of live.entries()) row[column.attnum - 1] = record.values[i] ?? null;
  return row;
}

function transitionTables({ trigger, relation, transition }: Firing): TransitionTable[] {
  const live = relation.columns.filter((column) => column.dropped !== true);
  const rows = (given: readonly Row[]) =>
    given.map((row) => live.map(({ attnum }) => row[attnum - 1] ?? null));
  const tables: TransitionTable[] = [];
  if (trigger.oldTable !== undefined)
    tables.push({ table: tableOf(relation, trigger.oldTable), rows: rows(transition!.before) });
  if (trigger.newTable !== undefined)
    tables.push({ table: tableOf(relation, trigger.newTable), rows: rows(transition!.after) });
  return tables;
}

const transitionCtes = new WeakMap<Relation, Map<string, Cte>>();

/** A table as statements are analysed with it: the same one for every call, as what was made of it is kept. */
function tableOf(relation: Relation, name: string): Cte {
  const known = transitionCtes.get(relation) ?? new Map<string, Cte>();
  transitionCtes.set(relation, known);
  let table = known.get(name);
  if (table === undefined) {
    const columns = relation.columns
      .filter((column) => column.dropped !== true)
      .map((column, i) => ({
        name: column.name,
        type: column.type,
        typmod: column.typmod,
        collation: column.collation,
        attnum: i + 1,
      }));
    const query: SelectQuery = {
      command: "select",
      ctes: [],
      from: [],
      targets: [],
      grouped: false,
      groupBy: [],
      aggregates: [],
      windows: [],
      orderBy: [],
      withTies: false,
      locks: [],
      targetSets: false,
    };
    table = { name, query, columns, recursive: false, materialized: "always", references: 0 };
    known.set(name, table);
  }
  return table;
}
