import { randomNumbers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { PgError } from "../src/errors.ts";
import { checkPlpgsql } from "../src/routines/plpgsql/check.ts";
import { RunningEngine } from "./running-engine.ts";

test("a DO that loops lets others have their turn, and can be cancelled", async () => {
  const engine = await RunningEngine.start();
  const [looping, other] = [await engine.client(), await engine.client()];
  const { rows } = await looping.query("SELECT pg_backend_pid() AS pid");
  const endless = looping.query("DO $$ DECLARE n int := 0; BEGIN LOOP n := (n + 1) % 1000; END LOOP; END $$");
  endless.catch(() => {});
  expect((await other.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await other.query("SELECT pg_cancel_backend($1)", [rows[0].pid]);
  await expect(endless).rejects.toMatchObject({ code: "57014" });
  expect((await looping.query("SELECT 2 AS two")).rows).toEqual([{ two: 2 }]);
});

test("a function that loops is ended by statement_timeout, and its session goes on", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query(
    "CREATE FUNCTION endless() RETURNS void LANGUAGE plpgsql AS $$ BEGIN LOOP NULL; END LOOP; END $$",
  );
  await client.query("SET statement_timeout = 100");
  await expect(client.query("SELECT endless()")).rejects.toMatchObject({ code: "57014" });
  await client.query("RESET statement_timeout");
  expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("routines that call themselves without an end are told so", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query(
    "CREATE FUNCTION deep(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN deep(n + 1); END $$",
  );
  await expect(client.query("SELECT deep(0)")).rejects.toMatchObject({ code: "54001" });
  expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("a notice is told once, though the statement ran again when its lock was granted", async () => {
  const engine = await RunningEngine.start();
  const [holder, waiter] = [await engine.client(), await engine.client()];
  await holder.query("CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item VALUES (1, 0)");
  await holder.query("BEGIN; UPDATE item SET n = 5 WHERE id = 1");
  const told: (string | undefined)[] = [];
  waiter.on("notice", ({ message }) => told.push(message));
  const waiting = waiter.query(
    "DO $$ BEGIN RAISE NOTICE 'before'; UPDATE item SET n = n + 1 WHERE id = 1; RAISE NOTICE 'after'; END $$",
  );
  await expect
    .poll(async () => {
      const { rows } = await holder.query("SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted");
      return rows[0].n;
    })
    .toBe(1);
  await holder.query("COMMIT");
  await waiting;
  expect(told).toEqual(["before", "after"]);
  expect((await holder.query("SELECT n FROM item")).rows).toEqual([{ n: 6 }]);
});

test("a subquery in an expression is asked again each time that a loop comes to it", async () => {
  const client = await (await RunningEngine.start()).client();
  await client.query("CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 0)");
  await client.query(`CREATE FUNCTION looks() RETURNS int[] LANGUAGE plpgsql AS $$
    DECLARE found int; seen int[] := '{}';
    BEGIN
      FOR i IN 1..3 LOOP
        UPDATE t SET n = n + 1;
        found := (SELECT n FROM t WHERE id = 1);
        IF i IN (SELECT n FROM t) THEN seen := seen || found; END IF;
      END LOOP;
      RETURN seen;
    END $$`);
  expect((await client.query("SELECT looks()")).rows).toEqual([{ looks: [1, 2, 3] }]);
});

test("a trigger's work is undone with the statement, and with the block that catches its error", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query(`
    CREATE TABLE item (id int PRIMARY KEY, n int CHECK (n < 10));
    CREATE TABLE seen (id int);
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NEW; END $$;
    CREATE TRIGGER note BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION note();`);
  await expect(client.query("INSERT INTO item VALUES (1, 1), (2, 20)")).rejects.toMatchObject({
    code: "23514",
  });
  await client.query(`DO $$ BEGIN
    INSERT INTO item VALUES (3, 3);
    BEGIN INSERT INTO item VALUES (4, 40); EXCEPTION WHEN check_violation THEN NULL; END;
    END $$`);
  expect((await client.query("SELECT id FROM seen ORDER BY id")).rows).toEqual([{ id: 3 }]);
});

test("what is temporary ends with its session, and leaves nothing behind a restart", async () => {
  const engine = await RunningEngine.start();
  const first = await engine.client();
  await first.query("CREATE TEMP TABLE mine (id serial PRIMARY KEY)");
  await first.query("CREATE FUNCTION pg_temp.one() RETURNS int LANGUAGE sql AS 'SELECT 1'");
  expect((await first.query("SELECT pg_temp.one() AS one")).rows).toEqual([{ one: 1 }]);
  const second = await engine.client();
  await expect(second.query("SELECT * FROM mine")).rejects.toMatchObject({ code: "42P01" });
  const left = "SELECT count(*)::int AS n FROM pg_namespace WHERE nspname LIKE 'pg\\_temp\\_%'";
  expect((await second.query(left)).rows).toEqual([{ n: 1 }]);
  await first.end();
  await expect.poll(async () => (await second.query(left)).rows[0].n).toBe(0);
  await second.query("CREATE TEMP TABLE again (id int)");
  await engine.image.stop();
  const restarted = await RunningEngine.start({ dataDir: engine.dataDir });
  expect((await (await restarted.client()).query(left)).rows).toEqual([{ n: 0 }]);
});

test("ON COMMIT empties or drops a temporary table, and DISCARD drops them all", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query("CREATE TEMP TABLE emptied (id int) ON COMMIT DELETE ROWS");
  await client.query(
    "BEGIN; CREATE TEMP TABLE dropped (id int) ON COMMIT DROP; INSERT INTO emptied VALUES (1)",
  );
  expect((await client.query("SELECT id FROM emptied")).rows).toEqual([{ id: 1 }]);
  await client.query("COMMIT");
  expect((await client.query("SELECT id FROM emptied")).rows).toEqual([]);
  await expect(client.query("SELECT * FROM dropped")).rejects.toMatchObject({ code: "42P01" });
  await client.query("DISCARD ALL");
  await expect(client.query("SELECT * FROM emptied")).rejects.toMatchObject({ code: "42P01" });
});

test("names mean the same whatever the search path is", async () => {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query("CREATE TYPE mood AS ENUM ('sad', 'ok')");
  await client.query("CREATE TABLE item (id serial PRIMARY KEY, m mood DEFAULT 'ok')");
  await client.query("CREATE VIEW seen AS SELECT i.id, i.m FROM item i WHERE i.m = 'ok'");
  await client.query("SET search_path = ''");
  expect((await client.query("INSERT INTO public.item DEFAULT VALUES RETURNING id, m")).rows).toEqual([
    { id: 1, m: "ok" },
  ]);
  expect((await client.query("SELECT * FROM public.seen")).rows).toEqual([{ id: 1, m: "ok" }]);
});

test("a body of any text is a body or a syntax error", () => {
  const body = `<<outer>> DECLARE x int := 1; r record; c CURSOR (k int) FOR SELECT * FROM t WHERE id = k; BEGIN
    x := x + 1; IF x > 2 THEN RAISE NOTICE 'x %', x USING HINT = 'h'; ELSIF x = 1 THEN NULL; END IF;
    FOR i IN REVERSE 1..10 BY 2 LOOP CONTINUE outer WHEN i = 3; END LOOP; FOR r IN EXECUTE 'q' USING x LOOP EXIT; END LOOP;
    CASE x WHEN 1, 2 THEN x := 1; ELSE x := 3; END CASE; OPEN c(3); FETCH c INTO r; CLOSE c; a[1].b := $1;
    SELECT a, b INTO STRICT x, r.f FROM t; EXECUTE format('%I', x) INTO x USING 1; RETURN QUERY SELECT 1;
    EXCEPTION WHEN OTHERS OR SQLSTATE '22012' THEN GET STACKED DIAGNOSTICS x = MESSAGE_TEXT; RAISE; END`;
  const random = randomNumbers(Number(process.env.WEFTKIT_SEED ?? 20_261_128));
  const pieces = body.split(/(\s+|[;():,.])/);
  for (let round = 0; round < 1500; round++) {
    const mutated = [...pieces];
    for (let i = 0; i < 3; i++) {
      const at = Math.floor(random() * mutated.length);
      if (random() < 0.5) mutated.splice(at, 1);
      else mutated.splice(at, 0, pieces[Math.floor(random() * pieces.length)]!);
    }
    try {
      checkPlpgsql(mutated.join(""), false);
    } catch (error) {
      expect(error, mutated.join("")).toBeInstanceOf(PgError);
    }
  }
});

test("procedures that commit take each job once, whoever else works, and keep what they had done when one fails", async () => {
  const engine = await RunningEngine.start();
  const owner = await engine.client();
  await owner.query(`CREATE TABLE jobs (id int PRIMARY KEY, state text NOT NULL DEFAULT 'new');
    CREATE TABLE done (job int, worker int);
    CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL);
    INSERT INTO counter VALUES (1, 0);
    INSERT INTO jobs SELECT g FROM generate_series(1, 60) g`);
  await owner.query(`CREATE PROCEDURE work(worker int) LANGUAGE plpgsql AS $$
    DECLARE job int;
    BEGIN
      LOOP
        SELECT id INTO job FROM jobs WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
        EXIT WHEN NOT FOUND;
        UPDATE jobs SET state = 'done' WHERE id = job;
        INSERT INTO done VALUES (job, worker);
        UPDATE counter SET n = n + 1 WHERE id = 1;
        COMMIT;
      END LOOP;
    END $$`);
  const workers = await Promise.all([1, 2, 3, 4].map(() => engine.client()));
  await Promise.all(workers.map((client, i) => client.query("CALL work($1)", [i + 1])));
  const { rows } = await owner.query(
    "SELECT count(*)::int AS n, count(DISTINCT job)::int AS jobs, (SELECT n FROM counter) AS counted FROM done",
  );
  expect(rows).toEqual([{ n: 60, jobs: 60, counted: 60 }]);
  await expect(
    owner.query(
      "DO $$ BEGIN INSERT INTO done VALUES (61, 0); COMMIT; INSERT INTO done VALUES (62, 1 / 0); END $$",
    ),
  ).rejects.toMatchObject({ code: "22012" });
  expect((await owner.query("SELECT max(job) FROM done")).rows).toEqual([{ max: 61 }]);
});

test("a statement of a procedure that waits for a lock runs again, and none of those before it", async () => {
  const engine = await RunningEngine.start();
  const [holder, waiter] = [await engine.client(), await engine.client()];
  await holder.query(
    "CREATE TABLE item (id int PRIMARY KEY, n int); CREATE TABLE log (at text); CREATE SEQUENCE s",
  );
  await holder.query("INSERT INTO item VALUES (1, 0)");
  await holder.query("BEGIN; UPDATE item SET n = 5 WHERE id = 1");
  const told: (string | undefined)[] = [];
  waiter.on("notice", ({ message }) => told.push(message));
  const waiting = waiter.query(`DO $$
    DECLARE turns int := 0;
    BEGIN
      INSERT INTO log VALUES ('one');
      COMMIT;
      PERFORM nextval('s');
      turns := turns + 1;
      RAISE NOTICE 'turn %', turns;
      INSERT INTO log VALUES ('two');
      BEGIN
        turns := turns + 1;
        UPDATE item SET n = n + 1 WHERE id = 1;
      EXCEPTION WHEN unique_violation THEN NULL;
      END;
      RAISE NOTICE 'turn %, %', turns, nextval('s');
      COMMIT;
    END $$`);
  const isWaiting = async () => {
    const { rows } = await holder.query("SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted");
    return rows[0].n;
  };
  await expect.poll(isWaiting).toBe(1);
  expect((await (await engine.client()).query("SELECT at FROM log")).rows).toEqual([{ at: "one" }]);
  await holder.query("COMMIT");
  await waiting;
  expect(told).toEqual(["turn 1", "turn 2, 2"]);
  expect((await holder.query("SELECT n FROM item")).rows).toEqual([{ n: 6 }]);
  expect((await holder.query("SELECT at FROM log")).rows).toEqual([{ at: "one" }, { at: "two" }]);
});

test("a procedure that commits without an end can be cancelled, and others work meanwhile", async () => {
  const engine = await RunningEngine.start();
  const [looping, other] = [await engine.client(), await engine.client()];
  await other.query("CREATE TABLE ticks (n int)");
  const { rows } = await looping.query("SELECT pg_backend_pid() AS pid");
  const endless = looping.query("DO $$ BEGIN LOOP INSERT INTO ticks VALUES (1); COMMIT; END LOOP; END $$");
  endless.catch(() => {});
  const ticks = async () => (await other.query("SELECT count(*)::int AS n FROM ticks")).rows[0].n;
  await expect.poll(ticks).toBeGreaterThan(3);
  await other.query("SELECT pg_cancel_backend($1)", [rows[0].pid]);
  await expect(endless).rejects.toMatchObject({ code: "57014" });
  expect((await looping.query("SELECT 2 AS two")).rows).toEqual([{ two: 2 }]);
});
