import { spawn } from "node:child_process";
import { once } from "node:events";
import { postgresProgram } from "../postgres.ts";
import { type Contender, login } from "./contenders.ts";

const table =
  "CREATE TABLE bulk (id int PRIMARY KEY, grp int, amount numeric(12, 2), note text, at timestamp)";
/** Rows of one INSERT. */
const rowsAtOnce = 1000;

function valuesOf(id: number): readonly [number, number, string, string, string] {
  const cents = (id * 7919) % 100_000;
  const at = new Date(1.7e12 + id * 1000).toISOString().slice(0, 19).replace("T", " ");
  return [
    id,
    id % 100,
    `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`,
    `note ${id}`,
    at,
  ];
}

/** INSERT of many rows at once, all in one transaction; rows a second. */
export async function insert(contender: Contender, rows: number): Promise<number> {
  const client = await contender.client();
  await client.query(`DROP TABLE IF EXISTS bulk; ${table}`);
  const texts: string[] = [];
  for (let from = 1; from <= rows; from += rowsAtOnce) {
    const some = Array.from({ length: Math.min(rowsAtOnce, rows - from + 1) }, (_, i) => {
      const [id, group, amount, note, at] = valuesOf(from + i);
      return `(${id}, ${group}, ${amount}, '${note}', '${at}')`;
    });
    texts.push(`INSERT INTO bulk VALUES ${some.join(", ")}`);
  }
  const startedMs = performance.now();
  await client.query("BEGIN");
  for (const text of texts) await client.query(text);
  await client.query("COMMIT");
  const seconds = (performance.now() - startedMs) / 1000;
  await client.end();
  return rows / seconds;
}

/** COPY FROM STDIN by psql, its start included; rows a second. */
export async function copyIn(contender: Contender, rows: number): Promise<number> {
  const client = await contender.client();
  await client.query(`DROP TABLE IF EXISTS bulk; ${table}`);
  await client.end();
  const lines = Array.from({ length: rows }, (_, i) => `${valuesOf(i + 1).join("\t")}\n`).join("");
  return rows / (await psqlSeconds(contender, "COPY bulk FROM STDIN", lines));
}

/** COPY TO STDOUT of what `copyIn` left there; rows a second. */
export async function copyOut(contender: Contender, rows: number): Promise<number> {
  return rows / (await psqlSeconds(contender, "COPY bulk TO STDOUT", ""));
}

async function psqlSeconds({ name, port }: Contender, command: string, input: string): Promise<number> {
  const args = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", String(port), "-U", login.user];
  const startedMs = performance.now();
  const child = spawn(postgresProgram("psql"), [...args, "-c", command, login.database], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdout.resume();
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${command} on ${name} has ended with ${code}`);
  return (performance.now() - startedMs) / 1000;
}
