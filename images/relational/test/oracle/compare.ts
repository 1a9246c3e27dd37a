import type pg from "pg";
import type { PgError } from "../../src/errors.ts";
import type { TextSession } from "../open-for-test.ts";

/** What a statement gave: the same shape for both servers. */
export interface Outcome {
  readonly columns?: readonly (readonly [name: string, typeOid: number])[];
  readonly rows?: readonly (readonly (string | null)[])[];
  readonly tag?: string;
  readonly code?: string;
  readonly message?: string;
}

export async function runReal(client: pg.Client, text: string): Promise<Outcome> {
  try {
    const result = await client.query({
      text,
      rowMode: "array",
      types: { getTypeParser: () => (value: string) => value },
    } as pg.QueryArrayConfig);
    const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryArrayResult<(string | null)[]>;
    const columns = last.fields.map((field) => [field.name, field.dataTypeID] as const);
    return { columns, rows: last.rows };
  } catch (error) {
    const { code = "?", message } = error as { code?: string; message: string };
    return { code, message };
  }
}

export async function runOurs(session: TextSession, text: string): Promise<Outcome> {
  try {
    const last = (await session.query(text)).at(-1);
    return {
      columns: (last?.columns ?? []).map(({ name, typeOid }) => [name, typeOid] as const),
      rows: last?.rows ?? [],
    };
  } catch (error) {
    const { code, message, stack } = error as PgError;
    return { code, message: code === "XX000" ? `${message}\n${stack}` : message };
  }
}

/** User-defined types have OIDs of their own in each server. */
function sameType(a: number, b: number): boolean {
  return a === b || (a >= 16384 && b >= 16384);
}

/** What differs, or undefined. Rows without ORDER BY are compared as a set. */
export function difference(text: string, real: Outcome, ours: Outcome): string | undefined {
  if (real.code !== undefined || ours.code !== undefined) {
    return real.code === ours.code
      ? undefined
      : `code ${real.code ?? "none"} (${real.message ?? ""}), ours ${ours.code ?? "none"} (${ours.message ?? ""})`;
  }
  const [rc = [], oc = []] = [real.columns, ours.columns];
  if (
    rc.length !== oc.length ||
    rc.some(([name, type], i) => name !== oc[i]![0] || !sameType(type, oc[i]![1]))
  )
    return `columns ${JSON.stringify(rc)}, ours ${JSON.stringify(oc)}`;
  const isOrdered = /order by/i.test(text);
  const shape = (rows: Outcome["rows"] = []) => {
    const texts = rows.map((row) => JSON.stringify(row));
    return (isOrdered ? texts : texts.sort()).join("\n");
  };
  const [r, o] = [shape(real.rows), shape(ours.rows)];
  return r === o ? undefined : `rows\n${r.slice(0, 600)}\nours\n${o.slice(0, 600)}`;
}

/** Statements of a file: separated by a semicolon at the end of a line; lines with -- are comments. */
export function statementsOf(text: string): string[] {
  const lines = text.split("\n").filter((line) => !line.startsWith("--"));
  return lines
    .join("\n")
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}
