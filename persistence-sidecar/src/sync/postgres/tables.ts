import { Held } from "../side.ts";
import type { Queryable } from "./connect.ts";

/** The schema of what sidecars keep at each side. */
export const ownSchema = "weftkit_sync";

export interface Column {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly type: string;
}

/** A table that is synchronised: it has a primary key. */
export interface Table {
  /** `schema.table`, as the change log names it. */
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  /** Those that are stored: not the generated ones. */
  readonly columns: readonly Column[];
  /** The primary key's, by name. */
  readonly key: readonly string[];
}

export interface Tables {
  /** Those that others refer to come first. */
  readonly synchronised: readonly Table[];
  /** Those that are left out because they have no primary key. */
  readonly withoutKey: readonly string[];
  byName(name: string): Table | undefined;
}

const columnsSql = `
  SELECT n.nspname AS schema, c.relname AS "table", a.attname AS "column",
    format_type(a.atttypid, a.atttypmod) AS type, a.attgenerated <> '' AS generated,
    EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS key
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', '${ownSchema}')
  ORDER BY n.nspname, c.relname, a.attnum`;

const referencesSql = `
  SELECT n.nspname || '.' || c.relname AS child, m.nspname || '.' || p.relname AS parent
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace m ON m.oid = p.relnamespace
  WHERE k.contype = 'f'`;

interface ColumnRow {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly generated: boolean;
  readonly key: boolean;
}

/** Reads which tables there are. @throws Held when two have the same name */
export async function readTables(db: Queryable, isWanted: (name: string) => boolean): Promise<Tables> {
  const { rows } = await db.query<ColumnRow>(columnsSql);
  const references = await db.query<{ child: string; parent: string }>(referencesSql);
  const found = new Map<string, Table>();
  const withoutKey: string[] = [];
  for (const [name, columns] of Map.groupBy(rows, (row) => `${row.schema}.${row.table}`)) {
    if (!isWanted(name)) continue;
    const { schema, table } = columns[0]!;
    if (columns.some((row) => row.schema !== schema || row.table !== table))
      throw new Held(`two tables are called ${name}: a point is in the name of one, or of its schema`);
    const key = columns.filter((row) => row.key).map(({ column }) => column);
    if (key.length === 0) {
      withoutKey.push(name);
      continue;
    }
    const kept = columns.filter((row) => !row.generated);
    found.set(name, {
      name,
      schema,
      table,
      columns: kept.map(({ column, type }) => ({ name: column, type })),
      key: key.toSorted(),
    });
  }
  return {
    synchronised: parentsFirst(found, references.rows),
    withoutKey,
    byName: (name) => found.get(name),
  };
}

function parentsFirst(
  tables: ReadonlyMap<string, Table>,
  references: readonly { readonly child: string; readonly parent: string }[],
): readonly Table[] {
  const ordered = new Set<Table>();
  const visiting = new Set<string>();
  const visit = (name: string) => {
    const table = tables.get(name);
    // One that refers to itself, or around a circle, comes where it is met.
    if (table === undefined || ordered.has(table) || visiting.has(name)) return;
    visiting.add(name);
    for (const { child, parent } of references) if (child === name) visit(parent);
    ordered.add(table);
  };
  for (const name of tables.keys()) visit(name);
  return [...ordered];
}
