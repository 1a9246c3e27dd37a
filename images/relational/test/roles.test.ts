import type { SecurityContext } from "@weftkit/auth";
import { describe, expect, onTestFinished, test } from "vitest";
import { openForTest, superuser, TextSession } from "./open-for-test.ts";
import { RunningEngine } from "./running-engine.ts";

const auth = {
  method: "password",
  users: [
    { username: "ann", password: "pencil", roles: ["superuser"] },
    { username: "rita", password: "pen", roles: ["read"] },
    { username: "adam", password: "ink", roles: ["schema_admin"] },
  ],
};

describe("a role that SQL made", () => {
  test("logs in with its password, also after a restart, and may do what it was granted", async () => {
    const first = await RunningEngine.start({ auth });
    const ann = await first.client({ password: "pencil" });
    await ann.query("CREATE TABLE t (id int PRIMARY KEY, v text)");
    await ann.query("INSERT INTO t VALUES (1, 'x')");
    await ann.query("CREATE ROLE bob LOGIN PASSWORD 'crayon'; GRANT SELECT ON t TO bob");
    const check = async (engine: RunningEngine) => {
      const bob = await engine.client({ user: "bob", password: "crayon" });
      expect((await bob.query("SELECT current_user, session_user, v FROM t")).rows).toEqual([
        { current_user: "bob", session_user: "bob", v: "x" },
      ]);
      await expect(bob.query("DELETE FROM t")).rejects.toMatchObject({
        code: "42501",
        message: "permission denied for table t",
      });
      await expect(bob.query("CREATE TABLE mine (a int)")).rejects.toMatchObject({ code: "42501" });
      await bob.end();
    };
    await check(first);
    await ann.end();
    await first.image.stop();
    const second = await RunningEngine.start({ auth, dataDir: first.dataDir });
    await check(second);
    for (const [user, password] of [
      ["bob", "pencil"],
      ["nobody", "crayon"],
    ])
      await expect(second.client({ user, password })).rejects.toMatchObject({ code: "28P01" });
  });

  test("that may not log in, or may no more, or too often, is refused", async () => {
    const engine = await RunningEngine.start({ auth });
    const ann = await engine.client({ password: "pencil" });
    await ann.query(
      "CREATE ROLE a PASSWORD 'p'; CREATE ROLE b LOGIN; CREATE ROLE c LOGIN PASSWORD 'p' VALID UNTIL '2001-01-01'; " +
        "CREATE ROLE d LOGIN PASSWORD 'p' CONNECTION LIMIT 1",
    );
    const login = (user: string) => engine.client({ user, password: "p" });
    await expect(login("a")).rejects.toMatchObject({
      code: "28000",
      message: 'role "a" is not permitted to log in',
    });
    await expect(login("b")).rejects.toMatchObject({ code: "28P01" });
    await expect(login("c")).rejects.toMatchObject({ code: "28P01" });
    const held = await login("d");
    await expect(login("d")).rejects.toMatchObject({ code: "53300" });
    expect((await held.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    await ann.query("ALTER ROLE a LOGIN; REVOKE CONNECT ON DATABASE weftkit FROM PUBLIC");
    await expect(login("a")).rejects.toMatchObject({ code: "42501" });
    await ann.query("GRANT CONNECT ON DATABASE weftkit TO a; ALTER ROLE a SET work_mem = '9MB'");
    const a = await login("a");
    expect((await a.query("SHOW work_mem")).rows).toEqual([{ work_mem: "9MB" }]);
  });

  test("takes a verifier for a password, and refuses MD5", async () => {
    const engine = await RunningEngine.start({ auth });
    const ann = await engine.client({ password: "pencil" });
    await ann.query("CREATE ROLE a LOGIN PASSWORD 'p'; CREATE ROLE b LOGIN");
    const { rows } = await ann.query("SELECT rolpassword FROM pg_authid WHERE rolname = 'a'");
    await ann.query(`ALTER ROLE b PASSWORD '${rows[0].rolpassword}'`);
    const b = await engine.client({ user: "b", password: "p" });
    expect((await b.query("SELECT current_user")).rows).toEqual([{ current_user: "b" }]);
    await expect(b.query("SELECT rolpassword FROM pg_authid")).rejects.toMatchObject({ code: "42501" });
    await expect(
      ann.query("ALTER ROLE b PASSWORD 'md5b0c1f1bf9b2a6b6f6e2e4b9d9ac0f3cd'"),
    ).rejects.toMatchObject({ code: "0A000" });
  });

  test("is who logs in by its name where there are no passwords", async () => {
    const engine = await RunningEngine.start();
    const all = await engine.client();
    await all.query("CREATE TABLE t (a int); CREATE ROLE bob LOGIN");
    const bob = await engine.client({ user: "bob" });
    await expect(bob.query("SELECT * FROM t")).rejects.toMatchObject({ code: "42501" });
  });
});

describe("a user of the configuration", () => {
  test("is a role, which keeps what is configured, and may be granted more", async () => {
    const engine = await RunningEngine.start({ auth });
    const ann = await engine.client({ password: "pencil" });
    await ann.query("CREATE TABLE t (id int PRIMARY KEY); CREATE SCHEMA s; CREATE TABLE s.u (a int)");
    const rita = await engine.client({ user: "rita", password: "pen" });
    expect((await rita.query("SELECT * FROM t, s.u")).rows).toEqual([]);
    await expect(rita.query("INSERT INTO t VALUES (1)")).rejects.toMatchObject({ code: "42501" });
    await ann.query("GRANT INSERT ON t TO rita");
    await rita.query("INSERT INTO t VALUES (1)");
    for (const text of ["ALTER ROLE rita PASSWORD 'x'", "DROP ROLE rita", "ALTER ROLE rita SUPERUSER"])
      await expect(ann.query(text)).rejects.toMatchObject({ code: "0A000" });
    await expect(ann.query("CREATE ROLE rita")).rejects.toMatchObject({ code: "42710" });
    const { rows } = await ann.query(
      "SELECT rolname, rolsuper, rolcanlogin FROM pg_roles WHERE rolname IN ('ann', 'rita') ORDER BY 1",
    );
    expect(rows).toEqual([
      { rolname: "ann", rolsuper: true, rolcanlogin: true },
      { rolname: "rita", rolsuper: false, rolcanlogin: true },
    ]);
  });

  test("that may change definitions owns what it makes, and makes nobody more than that", async () => {
    const engine = await RunningEngine.start({ auth });
    const ann = await engine.client({ password: "pencil" });
    await ann.query("CREATE TABLE t (id int); CREATE ROLE bob");
    const adam = await engine.client({ user: "adam", password: "ink" });
    await adam.query("CREATE TABLE own (a int); ALTER TABLE t ADD COLUMN b int; CREATE SCHEMA s");
    await adam.query("GRANT SELECT ON own TO bob");
    await expect(adam.query("INSERT INTO t VALUES (1)")).rejects.toMatchObject({ code: "42501" });
    // Who has some right on a table is warned, as PostgreSQL does.
    await adam.query("GRANT ALL ON t TO adam");
    await expect(adam.query("INSERT INTO t VALUES (1)")).rejects.toMatchObject({ code: "42501" });
    await expect(adam.query("GRANT ann TO adam")).rejects.toMatchObject({ code: "42501" });
    await expect(adam.query("CREATE ROLE carl")).rejects.toMatchObject({ code: "42501" });
    const { rows } = await ann.query(
      "SELECT relowner::regrole::text AS owner FROM pg_class WHERE relname = 'own'",
    );
    expect(rows).toEqual([{ owner: "adam" }]);
  });

  test("is denied what the configuration denies, whatever is granted", async () => {
    const opened = await openForTest();
    onTestFinished(opened.close);
    const owner = new TextSession(opened.database);
    const dana: SecurityContext = {
      user: "dana",
      roles: ["reader"],
      can: (action, object) => action === "connect" || (action === "read" && object !== "secret"),
      denies: (action, object) => action === "read" && object === "secret",
      scope: (action) => (action === "read" ? "some" : "none"),
    };
    await opened.database.admit(dana);
    await owner.query(
      "CREATE TABLE secret (a int); CREATE TABLE open (a int); GRANT SELECT ON secret TO dana, PUBLIC",
    );
    const session = new TextSession(opened.database, dana);
    expect(await session.rows("SELECT * FROM open")).toEqual([]);
    expect(await session.code("SELECT * FROM secret")).toBe("42501");
    expect(await session.rows("SELECT has_table_privilege('secret', 'select')")).toEqual([["f"]]);
  });

  test("that is configured no more owns what it made, and comes in no more", async () => {
    const first = await RunningEngine.start({ auth });
    const adam = await first.client({ user: "adam", password: "ink" });
    await adam.query("CREATE TABLE own (a int)");
    await adam.end();
    await first.image.stop();
    const without = { ...auth, users: auth.users.slice(0, 2) };
    const second = await RunningEngine.start({ auth: without, dataDir: first.dataDir });
    await expect(second.client({ user: "adam", password: "ink" })).rejects.toMatchObject({ code: "28P01" });
    const ann = await second.client({ password: "pencil" });
    const { rows } = await ann.query(
      "SELECT rolname, rolcanlogin FROM pg_roles JOIN pg_class ON relowner = pg_roles.oid WHERE relname = 'own'",
    );
    expect(rows).toEqual([{ rolname: "adam", rolcanlogin: false }]);
  });
});

test("is_superuser and session_authorization are told when another role is taken", async () => {
  const engine = await RunningEngine.start({ auth });
  const ann = await engine.client({ password: "pencil" });
  const told: string[] = [];
  ann.on("notice", () => {});
  const { connection } = ann as unknown as {
    connection: {
      on(event: string, told: (message: { parameterName: string; parameterValue: string }) => void): void;
    };
  };
  connection.on("parameterStatus", ({ parameterName, parameterValue }) =>
    told.push(`${parameterName}=${parameterValue}`),
  );
  await ann.query("CREATE ROLE bob");
  await ann.query("SET ROLE bob");
  await ann.query("RESET ROLE");
  await ann.query("SET SESSION AUTHORIZATION bob");
  expect(told).toEqual([
    "is_superuser=off",
    "is_superuser=on",
    "is_superuser=off",
    "session_authorization=bob",
  ]);
});

test("a prepared statement is checked for the role that runs it", async () => {
  const opened = await openForTest();
  onTestFinished(opened.close);
  const session = new TextSession(opened.database, superuser);
  await session.query("CREATE TABLE t (a int); CREATE ROLE bob; PREPARE p AS SELECT * FROM t");
  expect(await session.code("EXECUTE p")).toBe("00000");
  await session.query("SET ROLE bob");
  expect(await session.code("EXECUTE p")).toBe("42501");
  await session.query("RESET ROLE; GRANT SELECT ON t TO bob; SET ROLE bob");
  expect(await session.code("EXECUTE p")).toBe("00000");
  await session.query("RESET ROLE; REVOKE SELECT ON t FROM bob; SET ROLE bob");
  expect(await session.code("EXECUTE p")).toBe("42501");
});

test("policies hide rows from every other condition, and are there after a restart", async () => {
  const first = await RunningEngine.start({ auth });
  const ann = await first.client({ password: "pencil" });
  await ann.query(
    "CREATE ROLE bob LOGIN PASSWORD 'crayon'; CREATE TABLE t (id int PRIMARY KEY, who text); " +
      "INSERT INTO t VALUES (1, 'bob'), (2, 'ann'); GRANT ALL ON t TO bob; " +
      "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON t USING (who = current_user); " +
      "CREATE FUNCTION saw(v text) RETURNS boolean LANGUAGE plpgsql COST 0.1 AS $$ BEGIN RAISE NOTICE '%', v; RETURN true; END $$",
  );
  const check = async (engine: RunningEngine) => {
    const bob = await engine.client({ user: "bob", password: "crayon" });
    const seen: (string | undefined)[] = [];
    bob.on("notice", ({ message }) => seen.push(message));
    expect((await bob.query("SELECT id FROM t WHERE saw(who)")).rows).toEqual([{ id: 1 }]);
    expect(seen).toEqual(["bob"]);
    await expect(bob.query("INSERT INTO t VALUES (3, 'ann')")).rejects.toMatchObject({
      code: "42501",
      message: 'new row violates row-level security policy for table "t"',
    });
    expect((await bob.query("UPDATE t SET id = id + 10")).rowCount).toBe(1);
    expect((await bob.query("UPDATE t SET id = id - 10")).rowCount).toBe(1);
    await bob.end();
  };
  await check(first);
  expect((await ann.query("SELECT id FROM t")).rowCount).toBe(2);
  await ann.end();
  await first.image.stop();
  await check(await RunningEngine.start({ auth, dataDir: first.dataDir }));
});
