import { parseExact, writeExact } from "@weftkit/cdc/exact-json";
import { type Decision, versionsOf } from "../decide.ts";
import { digestOf, type Row, rowId } from "../rows.ts";
import {
  type ApplyContext,
  type Conflict,
  Held,
  type Mark,
  type QueuedChange,
  Refused,
  type RowName,
  type SeenRow,
  Unseen,
} from "../side.ts";
import { meaningOf, type Queryable } from "./connect.ts";
import { readMarks, writeMarks } from "./own-tables.ts";
import {
  deleteRow,
  deleteRows,
  insertRows,
  lockRows,
  readRows,
  textOf,
  updateRows,
  valuesOfKey,
} from "./statements.ts";
import type { Table, Tables } from "./tables.ts";

/** A change with what is there and what becomes of it. */
interface Judged {
  readonly table: Table;
  readonly change: QueuedChange;
  readonly row: Row | undefined;
  readonly decision: Decision;
}

/** Does the changes in the transaction that `db` is in; returns the conflicts. @throws Unseen, Held, Refused */
export async function applyChanges(
  db: Queryable,
  tables: Tables,
  changes: readonly QueuedChange[],
  context: ApplyContext,
): Promise<Conflict[]> {
  const known: { table: Table; change: QueuedChange }[] = changes.map((change) => {
    const table = tables.byName(change.name);
    if (table === undefined) {
      const why = tables.withoutKey.includes(change.name) ? "has no primary key" : "is not there";
      throw new Held(`the table ${change.name} ${why}: its changes wait until it is as at the other side`);
    }
    return { table, change };
  });
  const judged = await judge(db, known, context);
  if (context.isPatient) return applyOneByOne(db, judged);
  await write(db, tables, judged);
  return judged.flatMap(({ decision }) => decision.conflict ?? []);
}

/** Locks the rows, and looks at what they are. */
async function judge(
  db: Queryable,
  known: readonly { readonly table: Table; readonly change: QueuedChange }[],
  context: ApplyContext,
): Promise<Judged[]> {
  const judged = new Map<QueuedChange, Judged>();
  const unseen: SeenRow[] = [];
  for (const [table, of] of Map.groupBy(known, ({ table }) => table)) {
    const keys = of.map(({ change }) => change.key);
    const given = [`[${keys.join(",")}]`];
    await db.query(lockRows(table), given);
    const { rows } = await db.query<{ row: string | null }>(readRows(table), given);
    const marks = await readMarks(db, table.name, keys);
    for (const [index, { change }] of of.entries()) {
      const text = rows[index]?.row ?? null;
      const row = text === null ? undefined : (parseExact(text) as Row);
      const mark = marks.get(change.key);
      const { name, key } = change;
      const versions = versionsOf({ row, mark, seen: context.seen.get(rowId(name, key)) });
      if (versions === undefined) unseen.push({ name, key, row });
      else {
        const decision = await context.resolution.decide(change, { row, ...versions });
        judged.set(change, { table, change, row, decision });
      }
    }
  }
  if (unseen.length > 0) throw new Unseen(unseen);
  return known.map(({ change }) => judged.get(change)!);
}

/** Deletes children before their parents, then writes parents before their children. */
async function write(db: Queryable, tables: Tables, judged: readonly Judged[]): Promise<void> {
  const marks: (RowName & Mark)[] = [];
  const byTable = Map.groupBy(
    judged.filter(({ decision }) => decision.action === "write"),
    ({ table }) => table,
  );
  const order = tables.synchronised.filter((table) => byTable.has(table));
  for (const table of order.toReversed()) {
    const gone = byTable.get(table)!.filter(({ decision }) => decision.row === undefined);
    await deleteAll(db, table, gone);
    for (const one of gone) marks.push(markOf(one, ""));
  }
  for (const table of order) {
    const there = byTable.get(table)!.filter(({ decision }) => decision.row !== undefined);
    for (const one of await writeAll(db, table, there)) marks.push(one);
  }
  for (const one of judged) {
    if (one.decision.action === "version") marks.push(markOf(one, digestOf(one.row)));
  }
  await writeMarks(db, marks);
}

function markOf({ change, decision }: Judged, digest: string): RowName & Mark {
  const { name, key } = change;
  const { version, replaced, columns } = decision;
  return { name, key, version, replaced, digest, columns };
}

async function deleteAll(db: Queryable, table: Table, gone: readonly Judged[]): Promise<void> {
  const keys = gone.filter(({ row }) => row !== undefined).map(({ change }) => parseExact(change.key) as Row);
  if (keys.length === 0) return;
  if (table.key.length === 1) {
    await db.query(deleteRows(table), [keys.map((key) => textOf(key[table.key[0]!]))]);
    return;
  }
  for (const key of keys) await db.query(deleteRow(table), valuesOfKey(table, key));
}

async function writeAll(db: Queryable, table: Table, there: readonly Judged[]): Promise<(RowName & Mark)[]> {
  const marks: (RowName & Mark)[] = [];
  const shape = ({ decision, row }: Judged) =>
    JSON.stringify([row === undefined, Object.keys(decision.row!).toSorted()]);
  for (const [, alike] of Map.groupBy(there, shape)) {
    const first = alike[0]!;
    const columns = Object.keys(first.decision.row!);
    const unknown = columns.find((column) => !table.columns.some(({ name }) => name === column));
    if (unknown !== undefined)
      throw new Held(
        `${table.name} has no column ${unknown}: its changes wait until it is as at the other side`,
      );
    const sql = first.row === undefined ? insertRows(table, columns) : updateRows(table, columns);
    const rows = alike.map(({ decision }) => writeExact(decision.row));
    const written = await db.query<{ row: string }>(sql, [`[${rows.join(",")}]`]);
    // One was inserted by a client meanwhile: it is not overwritten unseen.
    if (written.rows.length !== alike.length) throw new Unseen([]);
    const names = table.columns.map(({ name }) => name);
    for (const [index, one] of alike.entries()) {
      const all = parseExact(written.rows[index]!.row) as Row;
      const stored = Object.fromEntries(names.map((name) => [name, all[name]]));
      marks.push(markOf(one, digestOf(stored)));
    }
  }
  return marks;
}

/** Each alone; those that are refused are tried again after the others, and given up when that helps no more. */
async function applyOneByOne(db: Queryable, judged: readonly Judged[]): Promise<Conflict[]> {
  const conflicts: Conflict[] = [];
  let left = [...judged];
  for (;;) {
    const refused: { readonly one: Judged; readonly reason: string }[] = [];
    for (const one of left) {
      await db.query("SAVEPOINT one");
      try {
        await write(db, only(one.table), [one]);
        await db.query("SET CONSTRAINTS ALL IMMEDIATE");
        await db.query("RELEASE SAVEPOINT one");
        if (one.decision.conflict !== undefined) conflicts.push(one.decision.conflict);
      } catch (error) {
        const meaning = meaningOf(error);
        if (!(meaning instanceof Refused)) throw error;
        await db.query("ROLLBACK TO SAVEPOINT one");
        refused.push({ one, reason: meaning.message });
      }
    }
    if (refused.length === left.length || refused.length === 0) {
      return [...conflicts, ...refused.map(({ one, reason }) => refusal(one, reason))];
    }
    left = refused.map(({ one }) => one);
  }
}

function only(table: Table): Tables {
  return {
    synchronised: [table],
    withoutKey: [],
    byName: (name) => (name === table.name ? table : undefined),
  };
}

function refusal({ change, row, decision }: Judged, reason: string): Conflict {
  const { name, key, version } = change;
  return {
    how: "refused",
    name,
    key,
    winner: decision.replaced,
    loser: version,
    winnerRow: row,
    loserRow: change.row,
    reason,
  };
}
