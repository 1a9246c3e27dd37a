import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { isPostgresMissing, RealPostgres } from "@weftkit/testing/real-postgres";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import pg from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { outcome, start, weftkit } from "./command.ts";

const relational = join(import.meta.dirname, "../../images/relational/src/main.ts");

const roles = "CREATE ROLE reporting; CREATE ROLE shopkeeper";

/** One of everything that is copied. */
const schema = `
  CREATE SCHEMA shop; CREATE SCHEMA "Odd Names";
  CREATE TYPE shop.mood AS ENUM ('sad', 'it''s ok', 'happy');
  CREATE TYPE shop.size AS (width int, height numeric(6, 2), "the unit" text);
  CREATE DOMAIN shop.cents AS bigint DEFAULT 0 NOT NULL CHECK (VALUE >= 0);
  CREATE SEQUENCE shop.tickets AS int START 100 INCREMENT 5 MAXVALUE 100000 CYCLE;
  CREATE FUNCTION shop.next_ticket() RETURNS int LANGUAGE sql AS $$ SELECT nextval('shop.tickets')::int $$;
  CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := 'yes'; RETURN NEW; END $$;
  CREATE PROCEDURE shop.nothing(n int, INOUT m int DEFAULT 3) LANGUAGE plpgsql AS $$ BEGIN m := n; END $$;
  CREATE TABLE shop.customer (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 10) PRIMARY KEY,
    name text NOT NULL, mood shop.mood DEFAULT 'happy', size shop.size, balance shop.cents,
    lower_name text GENERATED ALWAYS AS (lower(name)) STORED, tags text[], extra jsonb, at timestamptz, raw bytea, ratio float8,
    touched text, CONSTRAINT named CHECK (length(name) < 1000)
  );
  CREATE TABLE shop.item (
    id serial PRIMARY KEY, customer bigint REFERENCES shop.customer ON DELETE CASCADE, ticket int DEFAULT shop.next_ticket(),
    code varchar(20), price numeric(12, 4), CONSTRAINT one_code UNIQUE (customer, code) DEFERRABLE
  );
  CREATE TABLE shop.visit (place text, day date, n int, PRIMARY KEY (place, day)) WITH (fillfactor = 90);
  CREATE TABLE shop.keyless (a int, b text);
  CREATE TABLE shop.event (id bigint, at date, what text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE shop.event_old PARTITION OF shop.event FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
  CREATE TABLE shop.event_new PARTITION OF shop.event DEFAULT;
  CREATE TABLE "Odd Names"."A ""table""" ("a key" uuid PRIMARY KEY, "select" text);
  CREATE TABLE shop.empty (id int PRIMARY KEY);
  CREATE INDEX item_price ON shop.item (price DESC NULLS LAST) WHERE price > 1;
  CREATE UNIQUE INDEX ON shop.customer (lower(name), id);
  CREATE INDEX event_what ON shop.event (what);
  CREATE VIEW shop.rich AS SELECT c.id, c.name, count(*) AS items FROM shop.customer c JOIN shop.item i ON i.customer = c.id GROUP BY c.id;
  CREATE VIEW shop.cheap AS SELECT id, price FROM shop.item WHERE price < 10 WITH LOCAL CHECK OPTION;
  CREATE MATERIALIZED VIEW shop.total AS SELECT sum(price) AS price FROM shop.item;
  CREATE FUNCTION shop.name_of(c shop.customer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT (c).name $$;
  CREATE TRIGGER touch BEFORE UPDATE ON shop.customer FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION shop.touch();
  ALTER TABLE shop.visit ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON shop.visit FOR SELECT TO reporting USING (place = current_user);
  COMMENT ON SCHEMA shop IS 'all of it';
  COMMENT ON TABLE shop.customer IS 'who buys; it''s them';
  COMMENT ON COLUMN shop.customer.raw IS 'bytes';
  COMMENT ON FUNCTION shop.next_ticket() IS 'the next';
  COMMENT ON TYPE shop.mood IS 'how they are';
  COMMENT ON CONSTRAINT named ON shop.customer IS 'short';
  COMMENT ON INDEX shop.item_price IS 'dear ones first';
  GRANT USAGE ON SCHEMA shop TO reporting;
  GRANT SELECT ON shop.customer, shop.rich TO reporting;
  GRANT UPDATE (name) ON shop.customer TO shopkeeper WITH GRANT OPTION;
  REVOKE EXECUTE ON FUNCTION shop.next_ticket() FROM PUBLIC;
  ALTER TABLE shop.keyless OWNER TO shopkeeper;
`;

const rows = `
  INSERT INTO shop.customer (name, mood, size, balance, tags, extra, at, raw, ratio)
    SELECT 'name ' || g, CASE g % 3 WHEN 0 THEN 'sad' WHEN 1 THEN 'it''s ok' END::shop.mood, ROW(g, g / 7.0, E'tab\\there')::shop.size, g,
      ARRAY['a' || g, NULL, 'b,"c'], jsonb_build_object('n', g, 'text', E'line\\nbreak \\\\'), timestamptz '2024-02-29 12:34:56.789+02' + g * interval '1 hour',
      decode(md5(g::text), 'hex'), CASE g WHEN 7 THEN 'NaN' WHEN 8 THEN '-Infinity' ELSE g / 3.0 END::float8
    FROM generate_series(1, 6000) AS g;
  INSERT INTO shop.item (customer, code, price) SELECT 10 * (g % 6000 + 1), 'code ' || g, g / 100.0 FROM generate_series(1, 7000) AS g;
  INSERT INTO shop.visit SELECT 'place ' || g % 40 || E'\\t\\\\', date '2024-01-01' + g, g FROM generate_series(1, 4000) AS g;
  INSERT INTO shop.keyless SELECT g % 10, CASE WHEN g % 5 = 0 THEN NULL ELSE E'\\\\N' || g END FROM generate_series(1, 1500) AS g;
  INSERT INTO shop.event SELECT g, date '2024-06-01' + g, 'what ' || g FROM generate_series(1, 1500) AS g;
  INSERT INTO "Odd Names"."A ""table""" SELECT md5(g::text)::uuid, 'x' || g FROM generate_series(1, 500) AS g;
  UPDATE shop.customer SET name = name || '!' WHERE id = 20;
  REFRESH MATERIALIZED VIEW shop.total;
`;

/** What is looked at at both sides at the end. */
const questions = [
  "SELECT count(*)::int, sum(balance)::text, max(lower_name), min(size::text), max(extra::text), max(touched) FROM shop.customer",
  "SELECT count(*)::int, sum(price)::text, max(ticket), min(code) FROM shop.item",
  "SELECT place, count(*)::int FROM shop.visit GROUP BY place ORDER BY place",
  "SELECT a, count(b)::int, max(b) FROM shop.keyless GROUP BY a ORDER BY a",
  "SELECT tableoid::regclass::text AS part, count(*)::int FROM shop.event GROUP BY 1 ORDER BY 1",
  `SELECT * FROM "Odd Names"."A ""table""" ORDER BY 1 LIMIT 3`,
  "SELECT * FROM shop.rich ORDER BY id LIMIT 5",
  "SELECT count(*)::int FROM shop.cheap",
  "SELECT price::text FROM shop.total",
  "SELECT shop.name_of(c) FROM shop.customer c WHERE id = 30",
  "SELECT last_value::text, is_called FROM shop.tickets",
  "SELECT last_value::text, is_called FROM shop.customer_id_seq",
  "SELECT last_value::text, is_called FROM shop.item_id_seq",
  "SELECT pg_get_serial_sequence('shop.item', 'id')",
  "SELECT relname, relkind, relrowsecurity FROM pg_class WHERE relnamespace IN ('shop'::regnamespace, '\"Odd Names\"'::regnamespace) ORDER BY 1",
  "SELECT conname, contype, pg_get_constraintdef(oid) AS is FROM pg_constraint WHERE connamespace = 'shop'::regnamespace AND contype IN ('p', 'u', 'c', 'f') ORDER BY 1, 3",
  "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS is FROM pg_index WHERE indrelid::regclass::text ~ 'shop|Odd' ORDER BY 1",
  "SELECT tgname, pg_get_triggerdef(oid) AS is FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
  "SELECT polname, polcmd, pg_get_expr(polqual, polrelid) AS is FROM pg_policy ORDER BY 1",
  "SELECT description FROM pg_description WHERE objoid >= 16384 ORDER BY 1",
  "SELECT has_table_privilege('reporting', 'shop.customer', 'SELECT') AS a, has_table_privilege('reporting', 'shop.item', 'SELECT') AS b, has_column_privilege('shopkeeper', 'shop.customer', 'name', 'UPDATE WITH GRANT OPTION') AS c, has_function_privilege('reporting', 'shop.next_ticket()', 'EXECUTE') AS d, has_schema_privilege('reporting', 'shop', 'USAGE') AS e",
  "SELECT tableowner FROM pg_tables WHERE tablename = 'keyless'",
  "SELECT count(*)::int FROM pg_namespace WHERE nspname = 'weftkit_transfer'",
  "UPDATE shop.customer SET name = 'another' WHERE id = 40 RETURNING touched",
  "INSERT INTO shop.item (customer) VALUES (10) RETURNING id, ticket",
  "INSERT INTO shop.customer (name) VALUES ('new') RETURNING id, mood, balance::text",
];

async function client(url: string): Promise<pg.Client> {
  const connected = new pg.Client(url);
  connected.on("error", () => {});
  await connected.connect();
  onTestFinished(() => connected.end().catch(() => {}));
  return connected;
}

async function answers(db: pg.Client): Promise<unknown[]> {
  const given: unknown[] = [];
  for (const question of questions) {
    const answer = await db.query(question).catch((error: Error) => ({ rows: [error.message] }));
    given.push([question, answer.rows]);
  }
  return given;
}

/** An engine of ours, empty but for the roles. */
async function startOurs(): Promise<string> {
  const { port } = await new EngineProgram(relational, temporaryFolder()).ready();
  const url = `postgres://postgres@127.0.0.1:${port}/weftkit`;
  await (await client(url)).query(roles);
  return url;
}

/** Gives the command again and again, and kills or interrupts it at some moment, until one has come to its end. */
async function untilDone(args: readonly string[]): Promise<{ ends: number; stdout: string }> {
  let ends = 0;
  for (let patienceMs = 1000; ; patienceMs += 200) {
    const child = start(temporaryFolder(), args);
    const timer = setTimeout(() => child.kill(ends % 3 === 2 ? "SIGINT" : "SIGKILL"), patienceMs);
    const { code, stdout, stderr } = await outcome(child);
    clearTimeout(timer);
    if (code === 0) return { ends, stdout };
    if (code !== null && !stderr.includes("interrupted")) throw new Error(stderr);
    ends++;
  }
}

describe.skipIf(isPostgresMissing)("databases of tables", () => {
  test("go from PostgreSQL to ours and back with everything in them, however often it is interrupted", async () => {
    const { port } = await RealPostgres.start();
    const admin = await client(`postgres://postgres@127.0.0.1:${port}/postgres`);
    await admin.query(roles);
    for (const name of ["origin", "copy"]) await admin.query(`CREATE DATABASE ${name}`);
    const [from, back] = ["origin", "copy"].map(
      (name) => `postgres://postgres@127.0.0.1:${port}/${name}`,
    ) as [string, string];
    const origin = await client(from);
    await origin.query(schema);
    await origin.query(rows);
    const ours = await startOurs();

    const imported = await untilDone(["import", "--from", from, "--to", ours]);
    expect(imported.stdout).toMatch(
      /^Imported 20500 rows of 8 tables and \d+ definitions; both sides have the same rows\.\n/,
    );
    const exported = await untilDone(["export", "--from", ours, "--to", back]);
    expect(exported.stdout).toMatch(/^Exported 20500 rows of 8 tables/);
    expect(imported.ends + exported.ends).toBeGreaterThan(1);

    const expected = await answers(origin);
    expect(await answers(await client(back))).toEqual(expected);
    expect(await answers(await client(ours))).toEqual(expected);
  });

  test("what cannot be done is said, and what was begun goes on when it can", async () => {
    const { port } = await RealPostgres.start();
    const from = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const origin = await client(from);
    await origin.query("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 10)");
    await origin.query(
      "CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int); CREATE ROLE only_there; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    );
    await origin.query(
      "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO only_there USING (true)",
    );
    const ours = await startOurs();
    const run = (...args: string[]) =>
      weftkit(temporaryFolder(), ["import", "--from", from, "--to", ours, ...args]);

    const refused = await run();
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the target refuses policy p of public.t"),
    });
    const other = await weftkit(temporaryFolder(), [
      "import",
      "--from",
      `${from}?application_name=x`,
      "--to",
      ours,
    ]);
    expect(other.stderr).toContain("is the target of an unfinished transfer");
    const db = await client(ours);
    await db.query("CREATE ROLE only_there; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC");
    const done = await run();
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("Imported 10 rows of 1 table") });
    expect(done.stdout).toContain(
      "Left out, as this does not copy them: aggregate public.total, default privileges of postgres",
    );
    expect((await run()).stderr).toContain("has something already: table public.t");
    expect(await run("--replace")).toMatchObject({ code: 2 });
    const json = await weftkit(temporaryFolder(), ["export", "--from", ours, "--to", "dump.rdb"]);
    expect(json).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("is no server of PostgreSQL's protocol"),
    });
  });
});
