import { expect, test } from "vitest";
import { openForTest, superuser, TextSession } from "./open-for-test.ts";

async function withTables() {
  const opened = await openForTest();
  const session = new TextSession(opened.database);
  await session.query(`
    CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent ON DELETE CASCADE);
    CREATE TABLE seen (n serial, what text);
    CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO seen (what) VALUES (TG_NAME); RETURN coalesce(NEW, OLD); END';
    CREATE TRIGGER plain BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION tell();
    CREATE TRIGGER replica BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION tell();
    CREATE TRIGGER always AFTER INSERT ON child FOR EACH ROW EXECUTE FUNCTION tell();
    CREATE TRIGGER statement AFTER INSERT ON child EXECUTE FUNCTION tell();
    CREATE TRIGGER off AFTER INSERT ON child FOR EACH ROW EXECUTE FUNCTION tell();
    ALTER TABLE child ENABLE REPLICA TRIGGER replica;
    ALTER TABLE child ENABLE ALWAYS TRIGGER always;
    ALTER TABLE child DISABLE TRIGGER off`);
  const fired = async () => (await session.rows("DELETE FROM seen RETURNING what")).map(([what]) => what);
  return { ...opened, session, fired };
}

test("session_replication_role = replica fires the triggers that are for it, in statements prepared before too", async () => {
  const { session, fired, close } = await withTables();
  await session.query("INSERT INTO parent VALUES (1); PREPARE insertion AS INSERT INTO child VALUES ($1, 1)");
  await session.query("EXECUTE insertion(1)");
  expect(await fired()).toEqual(["plain", "always", "statement"]);
  await session.query("SET session_replication_role = replica");
  await session.query("EXECUTE insertion(2)");
  expect(await fired()).toEqual(["replica", "always"]);
  await session.query("SET session_replication_role = local");
  await session.query("EXECUTE insertion(3)");
  expect(await fired()).toEqual(["plain", "always", "statement"]);
  await close();
});

test("foreign keys are not looked after by a replica; what was to be checked before still is", async () => {
  const { session, close } = await withTables();
  await session.query("SET session_replication_role = replica");
  await session.query("INSERT INTO child VALUES (1, 7); INSERT INTO parent VALUES (7); DELETE FROM parent");
  await session.query("INSERT INTO child VALUES (2, 8); UPDATE child SET parent = 9 WHERE id = 2");
  expect(await session.rows("SELECT * FROM child ORDER BY id")).toEqual([
    ["1", "7"],
    ["2", "9"],
  ]);
  await session.query("SET session_replication_role = origin");
  expect(await session.code("INSERT INTO child VALUES (3, 7)")).toBe("23503");
  await session.query("CREATE TABLE late (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)");
  await session.query("BEGIN; INSERT INTO late VALUES (1); SET LOCAL session_replication_role = replica");
  expect(await session.code("COMMIT")).toBe("23503");
  await session.query(
    "BEGIN; SET LOCAL session_replication_role = replica; INSERT INTO late VALUES (1); COMMIT",
  );
  expect(await session.rows("SELECT * FROM late")).toEqual([["1"]]);
  expect(await session.rows("SHOW session_replication_role")).toEqual([["origin"]]);
  await close();
});

test("only a superuser may set it", async () => {
  const { database, close } = await openForTest();
  const session = new TextSession(database, { ...superuser, user: "ann", roles: [] });
  for (const statement of [
    "SET session_replication_role = replica",
    "RESET session_replication_role",
    "SELECT set_config('session_replication_role', 'replica', false)",
  ])
    expect(await session.code(statement)).toBe("42501");
  expect(await session.rows("SHOW session_replication_role")).toEqual([["origin"]]);
  await close();
});
