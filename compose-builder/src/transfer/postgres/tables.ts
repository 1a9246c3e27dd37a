import type pg from "pg";
import { columnTypes, tables } from "./catalog.ts";

/** A table whose rows are copied: a partition, but no partitioned table. */
export interface Table {
  /** `schema.table`, quoted where it must be. */
  readonly name: string;
  /** Those that are stored, separated by commas. */
  readonly columns: string;
  /** The primary key; none where it has none. */
  readonly key: readonly KeyColumn[];
  /** How many rows it has, as the source has noted once; less than zero when it has not. */
  readonly estimate: number;
}

interface KeyColumn {
  readonly column: string;
  readonly type: string;
  /** Where it stands among the stored columns. */
  readonly index: number;
}

interface TableRow {
  readonly name: string;
  readonly estimate: string;
  readonly columns: string | null;
  readonly attnums: string | null;
  readonly key: string | null;
}

/** Reads which tables there are. */
export async function readTables(client: pg.Client): Promise<Table[]> {
  const types = await client.query<{ name: string; number: number; column: string; type: string }>(
    columnTypes,
  );
  const typeOf = new Map(types.rows.map((row) => [`${row.name} ${row.number}`, row]));
  const { rows } = await client.query<TableRow>(tables);
  return rows.map(({ name, estimate, columns, attnums, key }) => {
    const stored = (attnums ?? "").split(",");
    const keys = (key ?? "").split(",").filter(Boolean);
    return {
      name,
      columns: columns ?? "",
      estimate: Number(estimate),
      key: keys.map((number) => {
        const { column, type } = typeOf.get(`${name} ${number}`)!;
        return { column, type, index: stored.indexOf(number) };
      }),
    };
  });
}

/** Counts them where the source does not know, or where that does not take long. */
export async function rowsOf(client: pg.Client, { name, estimate }: Table): Promise<number> {
  if (estimate >= 1_000_000) return estimate;
  const { rows } = await client.query<{ count: string }>(`SELECT count(*)::text AS count FROM ONLY ${name}`);
  return Number(rows[0]!.count);
}

/**
 * What reads a range of a table: `rows` of it, by its key, those after `after`. A table without a key is read as a whole.
 *
 * @param after the values of the last row's key, as COPY writes them
 */
export function rangeQuery(
  { name, columns, key }: Table,
  after: readonly string[] | undefined,
  rows: number,
  literal: (value: string) => string,
): string {
  const all = `SELECT ${columns} FROM ONLY ${name}`;
  if (key.length === 0) return all;
  const names = key.map(({ column }) => column).join(", ");
  const values = key.map(({ type }, index) => `${literal(after?.[index] ?? "")}::${type}`).join(", ");
  const where =
    after === undefined
      ? ""
      : ` WHERE ${key.length === 1 ? `${names} > ${values}` : `(${names}) > (${values})`}`;
  return `${all}${where} ORDER BY ${names} LIMIT ${rows}`;
}
