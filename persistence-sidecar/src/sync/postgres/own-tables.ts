import { rowId } from "../rows.ts";
import type { ColumnVersions, Mark, RowName } from "../side.ts";
import type { Queryable } from "./connect.ts";
import { ownSchema } from "./tables.ts";

/** What sidecars keep at each side, in the transactions that write its rows. */
export const appliedTable = `${ownSchema}.applied`;
export const versionTable = `${ownSchema}.version`;

/** One sidecar at a time writes at a side. */
const turn = 0x77_6b_73_79;

const make = [
  `CREATE SCHEMA IF NOT EXISTS ${ownSchema}`,
  `CREATE TABLE IF NOT EXISTS ${appliedTable} (
     writer text PRIMARY KEY, "position" bigint NOT NULL, at timestamptz NOT NULL DEFAULT now())`,
  `CREATE TABLE IF NOT EXISTS ${versionTable} (
     name text NOT NULL, key text NOT NULL, version text NOT NULL, replaced text NOT NULL, digest text NOT NULL, columns text,
     PRIMARY KEY (name, key))`,
];

export async function makeOwnTables(db: Queryable): Promise<void> {
  // Who may not make them may use them all the same.
  if (await areThere(db)) return;
  // IF NOT EXISTS does not keep two from making the same at once, not even in PostgreSQL.
  await db.query("BEGIN");
  try {
    await takeTurn(db);
    if (!(await areThere(db))) for (const sql of make) await db.query(sql);
    await db.query("COMMIT");
  } catch (error) {
    await db.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

async function areThere(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ there: boolean }>(
    `SELECT count(*) = 2 AS there FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = '${ownSchema}' AND c.relname IN ('applied', 'version')`,
  );
  return rows[0]?.there === true;
}

export async function takeTurn(db: Queryable): Promise<void> {
  await db.query(`SELECT pg_advisory_xact_lock(${turn})`);
}

/** Of the last batch of a sidecar; 0 before the first. */
export async function readPosition(db: Queryable, writer: string): Promise<number> {
  const { rows } = await db.query<{ position: string }>(
    `SELECT "position"::text AS position FROM ${appliedTable} WHERE writer = $1`,
    [writer],
  );
  return Number(rows[0]?.position ?? 0);
}

export async function writePosition(db: Queryable, writer: string, position: number): Promise<void> {
  await db.query(
    `INSERT INTO ${appliedTable} AS a (writer, "position", at) VALUES ($1, $2, now())
     ON CONFLICT (writer) DO UPDATE SET "position" = EXCLUDED."position", at = EXCLUDED.at`,
    [writer, position],
  );
}

/** A row of `version`. */
export interface StoredMark {
  readonly name: string;
  readonly key: string;
  readonly version: string;
  readonly replaced: string;
  readonly digest: string;
  readonly columns: string | null;
}

/** Of rows of one table, by key. */
export async function readMarks(
  db: Queryable,
  name: string,
  keys: readonly string[],
): Promise<Map<string, Mark>> {
  const { rows } = await db.query<StoredMark>(
    `SELECT name, key, version, replaced, digest, columns FROM ${versionTable}
     WHERE name = $1 AND key = ANY ($2::text[])`,
    [name, keys],
  );
  return new Map(rows.map((row) => [row.key, markOf(row)[1]]));
}

export async function writeMarks(db: Queryable, marks: readonly (RowName & Mark)[]): Promise<void> {
  if (marks.length === 0) return;
  const rows: StoredMark[] = marks.map(({ name, key, version, replaced, digest, columns }) => ({
    name,
    key,
    version,
    replaced,
    digest,
    columns: columns === undefined ? null : JSON.stringify(columns),
  }));
  await db.query(
    `INSERT INTO ${versionTable} (name, key, version, replaced, digest, columns)
     SELECT name, key, version, replaced, digest, columns FROM json_populate_recordset(NULL::${versionTable}, $1::json)
     ON CONFLICT (name, key) DO UPDATE SET version = EXCLUDED.version, replaced = EXCLUDED.replaced,
       digest = EXCLUDED.digest, columns = EXCLUDED.columns`,
    [JSON.stringify(rows)],
  );
}

/** What a follower has found in a sidecar's own tables. */
export function markOf(row: StoredMark): readonly [string, Mark] {
  const { name, key, version, replaced, digest, columns } = row;
  const all = columns === null || columns === undefined ? undefined : (JSON.parse(columns) as ColumnVersions);
  return [rowId(name, key), { version, replaced, digest, ...(all !== undefined && { columns: all }) }];
}
