// Applications on PostgreSQL's drivers and object mappers against the engine. Each writes what it saw line by line, and
// expected/ holds what it saw on PostgreSQL 18: `node checks.mjs record URL` writes those files anew.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";

const folder = import.meta.dirname;
const [mode, given] = process.argv.slice(2);
const url = given ?? `postgres://postgres@127.0.0.1:${process.env.WEFTKIT_TEST_OPEN_PORT}/weftkit`;
let failed = 0;

for (const file of readdirSync(join(folder, "apps"))) {
  const name = file.replace(".mjs", "");
  const expectedFile = join(folder, "expected", `${name}.txt`);
  try {
    await clean();
    const lines = [];
    const { run } = await import(join(folder, "apps", file));
    await run(url, (value) =>
      lines.push(JSON.stringify(value, (_key, v) => (typeof v === "bigint" ? String(v) : v))),
    );
    const text = `${lines.join("\n")}\n`;
    if (mode === "record") writeFileSync(expectedFile, text);
    const expected = existsSync(expectedFile) ? readFileSync(expectedFile, "utf8") : "";
    if (text !== expected) throw new Error(difference(text.split("\n"), expected.split("\n")));
    console.log(`ok ${name}`);
  } catch (error) {
    failed++;
    console.log(
      `not ok ${name}: ${String(error.stack ?? error)
        .replaceAll("\n", " | ")
        .slice(0, 2000)}`,
    );
  }
}
process.exit(failed > 0 ? 1 : 0);

/** An empty public schema, and no other. */
async function clean() {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query(
    "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'",
  );
  for (const { nspname } of rows) await client.query(`drop schema "${nspname}" cascade`);
  await client.query("create schema public");
  await client.end();
}

function difference(lines, expected) {
  const at = lines.findIndex((line, i) => line !== expected[i]);
  return `line ${at + 1}: ${lines[at]} instead of ${expected[at]}`;
}
