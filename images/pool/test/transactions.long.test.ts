import { randomIntegers } from "@weftkit/testing/random-numbers";
import { isPostgresMissing, RealPostgres } from "@weftkit/testing/real-postgres";
import pg from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { login, startPool, value } from "./start-pool.ts";

/** One PostgreSQL for all tests of a file is enough: each has its own pool. */
async function pooled(
  section: Readonly<Record<string, unknown>> = {},
  settings: Readonly<Record<string, string>> = {},
) {
  const postgres = await RealPostgres.start(settings);
  const pool = await startPool({ backends: [`relational=127.0.0.1:${postgres.port}`], ...section });
  return { postgres, port: pool.service.port, pool };
}

describe.skipIf(isPostgresMissing)("transaction pooling", () => {
  test("many clients share few servers, and each keeps its settings", async () => {
    const { port, postgres } = await pooled({ default_pool_size: 3 });
    const clients = await Promise.all(
      Array.from({ length: 30 }, (_, index) => login(port, { application_name: `canary${index}` })),
    );
    await Promise.all(
      clients.map((client, index) =>
        client.query(`SET app.canary = 'c${index}'; SET work_mem = '${index + 64}kB'`),
      ),
    );
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        clients.map(async (client, index) => {
          expect(await value(client, "SELECT current_setting('app.canary')")).toBe(`c${index}`);
          expect(await value(client, "SHOW work_mem")).toBe(`${index + 64}kB`);
          expect(await value(client, "SHOW application_name")).toBe(`canary${index}`);
        }),
      );
    }
    const direct = await login(postgres.port);
    expect(
      await value(direct, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'canary%'"),
    ).toBe("3");
  });

  test("a setting that is rolled back, local, or made by set_config reaches nobody else", async () => {
    const { port } = await pooled({ default_pool_size: 1 });
    const [one, two] = [await login(port), await login(port)];
    await one.query("BEGIN");
    await one.query("SET search_path = hostile");
    await one.query("ROLLBACK");
    expect(await value(one, "SHOW search_path")).toBe('"$user", public');
    await one.query("SELECT pg_catalog.set_config('search_path', '', false)");
    expect(await value(two, "SHOW search_path")).toBe('"$user", public');
    expect(await value(one, "SHOW search_path")).toBe("");
    await one.query("BEGIN; SET LOCAL work_mem = '99kB'; COMMIT");
    expect(await value(one, "SHOW work_mem")).toBe("4MB");
    await one.query("RESET ALL");
    expect(await value(one, "SHOW search_path")).toBe('"$user", public');
    await one.query("CREATE ROLE other; SET ROLE other");
    expect(await value(two, "SELECT current_user")).toBe("postgres");
    expect(await value(one, "SELECT current_user")).toBe("other");
  });

  test("prepared statements follow their client from server to server", async () => {
    const { port } = await pooled({ default_pool_size: 2, max_prepared_statements: 3 });
    const clients = await Promise.all(Array.from({ length: 6 }, () => login(port)));
    for (let round = 0; round < 20; round++) {
      await Promise.all(
        clients.map(async (client, index) => {
          const name = `s${(round + index) % 5}`;
          const { rows } = await client.query({
            name,
            text: `SELECT $1::int + ${name.slice(1)} AS sum`,
            values: [index],
          });
          expect(rows).toEqual([{ sum: index + Number(name.slice(1)) }]);
        }),
      );
    }
    await clients[0]!.query("DEALLOCATE s1");
    await expect(
      clients[0]!.query({ name: "s2", text: "SELECT $1::int + 2 AS sum", values: [1] }),
    ).resolves.toBeDefined();
    await clients[0]!.query("DISCARD ALL");
  });

  test("what stays in the session pins, until it is gone", async () => {
    const { port } = await pooled({ default_pool_size: 2 });
    const [one, two, console] = [
      await login(port),
      await login(port),
      await login(port, { database: "weftkit" }),
    ];
    const pinned = async () => {
      const { rows } = await console.query("SHOW CLIENTS");
      return rows.map((row: { pinned_by: string | null }) => row.pinned_by).filter((by) => by !== null);
    };
    /** A client is answered before the server was asked what is left behind. */
    const becomes = async (expected: readonly string[]) => {
      while (JSON.stringify(await pinned()) !== JSON.stringify(expected));
    };
    const heard: string[] = [];
    one.on("notification", ({ payload }) => heard.push(payload ?? ""));
    await one.query("LISTEN news");
    await becomes(["LISTEN"]);
    const arrived = new Promise((resolve) => one.once("notification", resolve));
    await two.query("NOTIFY news, 'hello'");
    await arrived;
    expect(heard).toEqual(["hello"]);
    await one.query("UNLISTEN *");
    await becomes([]);
    await one.query("CREATE TEMP TABLE t (a int)");
    await one.query("INSERT INTO t VALUES (1)");
    expect(await value(one, "SELECT a FROM t")).toBe(1);
    await becomes(["a temporary table"]);
    await one.query("DROP TABLE t");
    await one.query("SELECT pg_advisory_lock(7)");
    await becomes(["a session's advisory lock"]);
    expect(await value(two, "SELECT pg_try_advisory_lock(7)")).toBe(false);
    await one.query("SELECT pg_advisory_unlock(7)");
    await one.query("BEGIN; CREATE TEMP TABLE u (a int) ON COMMIT DROP; COMMIT");
    await becomes([]);
    await expect(one.query("SELECT lastval()")).rejects.toMatchObject({ code: "0A000" });
  });

  test("what stays in the session is refused where the pool is told to", async () => {
    const { port } = await pooled({ default_pool_size: 1, session_features: "refuse" });
    const one = await login(port);
    await expect(one.query("LISTEN news")).rejects.toMatchObject({ code: "0A000" });
    const two = await login(port);
    expect(await value(two, "SELECT count(*) FROM pg_listening_channels()")).toBe("0");
  });

  test("a cancel ends the client's own query, or its place in the queue", async () => {
    const { port } = await pooled({ default_pool_size: 1 });
    const [one, two] = [await login(port), await login(port)];
    const cancel = (client: pg.Client) => {
      const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
      const canceller = new pg.Client({ host: "127.0.0.1", port }) as unknown as {
        connection: {
          connect(port: number, host: string): void;
          once(event: string, then: () => void): void;
          cancel(id: number, key: number): void;
        };
      };
      const { connection } = canceller;
      connection.once("connect", () => connection.cancel(processID, secretKey));
      connection.connect(port, "127.0.0.1");
    };
    const sleeping = one.query("SELECT pg_sleep(60)");
    const console = await login(port, { database: "weftkit" });
    const shown = async (column: string) => {
      const { rows } = await console.query("SHOW POOLS");
      return Number(rows[0]?.[column]);
    };
    // The first has the server before the second asks for it, and not the other way round.
    while ((await shown("sv_active")) !== 1);
    const waiting = two.query("SELECT 1");
    while ((await shown("cl_waiting")) !== 1);
    cancel(two);
    await expect(waiting).rejects.toMatchObject({ code: "57014" });
    cancel(one);
    await expect(sleeping).rejects.toMatchObject({ code: "57014" });
    expect(await value(two, "SELECT 2")).toBe(2);
    expect(await value(one, "SELECT 3")).toBe(3);
  });

  test("a client that goes in the middle leaves a clean server", async () => {
    const { port, postgres } = await pooled({ default_pool_size: 1 });
    const one = await login(port);
    await one.query("CREATE TABLE kept (a int)");
    await one.query("BEGIN");
    await one.query("INSERT INTO kept VALUES (1)");
    one.query("SELECT pg_sleep(60)").catch(() => {});
    const direct = await login(postgres.port);
    while (
      (await value(
        direct,
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()",
      )) !== "1"
    );
    (one as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    const two = await login(port);
    expect(await value(two, "SELECT count(*) FROM kept")).toBe("0");
    expect(await value(two, "SELECT pg_current_xact_id_if_assigned() IS NULL")).toBe(true);
  });
});

describe.skipIf(isPostgresMissing)("the pool", () => {
  test("statement pooling refuses transactions", async () => {
    const { port } = await pooled({ pool_mode: "statement" });
    const one = await login(port);
    expect(await value(one, "SELECT 1")).toBe(1);
    await expect(one.query("BEGIN")).resolves.toBeDefined();
    await expect(one.query("SELECT 1")).rejects.toThrow();
  });

  test("session pooling keeps a server for its client, and cleans it", async () => {
    const { port } = await pooled({ pool_mode: "session", default_pool_size: 1 });
    const one = await login(port);
    await one.query("CREATE TEMP TABLE t (a int); SET work_mem = '77kB'");
    expect(await value(one, "SELECT count(*) FROM t")).toBe("0");
    await one.end();
    const two = await login(port);
    await expect(two.query("SELECT * FROM t")).rejects.toMatchObject({ code: "42P01" });
    expect(await value(two, "SHOW work_mem")).toBe("4MB");
  });

  test("PAUSE lets transactions end and clients wait; RESUME lets them go on", async () => {
    const { port } = await pooled({});
    const [one, console] = [await login(port), await login(port, { database: "pgbouncer" })];
    await one.query("BEGIN");
    const paused = console.query("PAUSE");
    await one.query("COMMIT");
    await paused;
    const waiting = value(one, "SELECT 5");
    const other = await login(port, { database: "weftkit" });
    await other.query("RESUME");
    expect(await waiting).toBe(5);
  });

  test("clients log in with SCRAM, and the pool with what they have proved", async () => {
    const postgres = await RealPostgres.start();
    const direct = await login(postgres.port);
    await direct.query("CREATE ROLE alice LOGIN PASSWORD 'wonder'; CREATE ROLE asker LOGIN SUPERUSER");
    const pool = await startPool({
      backends: [`relational=127.0.0.1:${postgres.port}`],
      auth_type: "scram-sha-256",
      auth_user: "asker",
      auth_database: "postgres",
    });
    const alice = await login(pool.service.port, { user: "alice", password: "wonder" });
    expect(await value(alice, "SELECT current_user")).toBe("alice");
    await expect(login(pool.service.port, { user: "alice", password: "wrong" })).rejects.toMatchObject({
      code: "28P01",
    });
    await expect(login(pool.service.port, { user: "nobody", password: "x" })).rejects.toMatchObject({
      code: "28P01",
    });
  });
});

describe.skipIf(isPostgresMissing)("random programs", () => {
  const steps: readonly (readonly [string, (random: (bound: number) => number) => unknown[]])[] = [
    ["SELECT $1::int * 2 AS a", (random) => [random(100)]],
    ["BEGIN", () => []],
    ["COMMIT", () => []],
    ["ROLLBACK", () => []],
    ["SET work_mem = '100kB'", () => []],
    ["SET LOCAL work_mem = '101kB'", () => []],
    ["RESET work_mem", () => []],
    ["SHOW work_mem", () => []],
    ["SELECT set_config('app.x', $1, false)", (random) => [`v${random(9)}`]],
    ["SELECT coalesce(current_setting('app.x', true), '') AS x", () => []],
    ["SET search_path = one, public", () => []],
    ["SHOW search_path", () => []],
    ["SELECT 1/0", () => []],
    ["SAVEPOINT s", () => []],
    ["ROLLBACK TO s", () => []],
    ["SET DateStyle = 'German'", () => []],
    ["SELECT '2026-01-02'::date::text AS d", () => []],
    ["PREPARE p AS SELECT 7 AS seven", () => []],
    ["EXECUTE p", () => []],
    ["DEALLOCATE p", () => []],
    ["CREATE TEMP TABLE tt (a int)", () => []],
    ["SELECT count(*) FROM tt", () => []],
    ["DROP TABLE tt", () => []],
    ["SELECT pg_try_advisory_lock(1) IS NOT NULL AS l", () => []],
    ["SELECT pg_advisory_unlock_all()", () => []],
  ];
  let seed = 0;
  beforeAll(() => {
    seed = Number(process.env.WEFTKIT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  });

  test("get the same answers through the pool as on connections of their own", async () => {
    const { port, postgres } = await pooled({ default_pool_size: 9 });
    const count = Number(process.env.WEFTKIT_TEST_STEPS ?? 300);
    await Promise.all(
      Array.from({ length: 8 }, async (_, who) => {
        const random = randomIntegers(seed + who);
        const [through, direct] = [await login(port), await login(postgres.port)];
        const done: string[] = [];
        for (let at = 0; at < count; at++) {
          const [text, make] = steps[random(steps.length)]!;
          const values = make(random);
          const name = values.length > 0 && random(2) === 0 ? `n${text.length}` : undefined;
          const run = (client: pg.Client) =>
            client.query({ text, values, rowMode: "array", ...(name !== undefined && { name }) }).then(
              ({ rows, command }) => ({ rows, command }),
              (error: { code: string; message: string }) => ({ code: error.code, message: error.message }),
            );
          done.push(text);
          expect(await run(through), `seed ${seed}, client ${who}: ${done.slice(-20).join("; ")}`).toEqual(
            await run(direct),
          );
        }
      }),
    );
  });
});
