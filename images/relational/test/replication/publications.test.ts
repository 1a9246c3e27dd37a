import { expect, test } from "vitest";
import { RunningEngine } from "../running-engine.ts";
import { readPgoutput } from "./read-pgoutput.ts";

async function start(definitions: string) {
  const engine = await RunningEngine.start();
  const client = await engine.client();
  await client.query(definitions);
  await client.query("select pg_create_logical_replication_slot('s', 'pgoutput')");
  const read = async (publications = "p") => {
    const { rows } = await client.query(
      `select data from pg_logical_slot_get_binary_changes('s', null, null, 'proto_version', '1', 'publication_names', '${publications}')`,
    );
    return rows.map(({ data }: { data: Buffer }) => readPgoutput(data));
  };
  const code = (text: string) =>
    client.query(text).then(
      () => "00000",
      (error: { code: string }) => error.code,
    );
  return { client, read, code };
}

test("only the actions and tables of a publication are told, and nothing of other transactions", async () => {
  const { client, read } = await start(
    "create table a (id int primary key, t text); create table b (id int primary key); create publication p for table a with (publish = 'insert, delete')",
  );
  await client.query("insert into b values (1)");
  await client.query(
    "insert into a values (1, 'x'); update a set t = 'y'; insert into b values (2); delete from a",
  );
  await client.query("insert into a values (2, null)");
  expect(await read()).toEqual([
    "begin",
    "relation public.a d id*:23 t:25",
    "insert a 1 x",
    "delete a K 1 null",
    "commit",
    "begin",
    "insert a 2 null",
    "commit",
  ]);
});

test("column lists, row filters and whole old rows", async () => {
  const { client, read } = await start(`
    create table a (id int, secret text, n int, primary key (id));
    create table f (id int primary key, n int); alter table f replica identity full;
    create publication p for table a (id, n), f where (n > 10)`);
  await client.query("insert into a values (1, 'hidden', 5); update a set id = 2");
  await client.query("insert into f values (1, 5), (2, 20)");
  await client.query("update f set n = n + 10 where id = 1");
  await client.query("update f set n = 1 where id = 2; delete from f where id = 2; delete from f");
  expect((await read()).filter((line) => line !== "begin" && line !== "commit")).toEqual([
    "relation public.a d id*:23 n:23",
    "insert a 1 5",
    "update a K 1 null N 2 5",
    "relation public.f f id*:23 n*:23",
    "insert f 2 20",
    "insert f 1 15",
    "delete f O 2 20",
    "delete f O 1 15",
  ]);
});

test("partitions are told as themselves or as their table", async () => {
  const definitions = (viaRoot: boolean) => `
    create table m (id int, k int, primary key (id, k)) partition by list (k);
    create table m1 partition of m for values in (1);
    create table m2 (k int not null, id int not null); alter table m attach partition m2 for values in (2);
    create publication p for table m with (publish_via_partition_root = ${viaRoot})`;
  const changes = "insert into m values (7, 1), (8, 2); truncate m";
  const root = await start(definitions(true));
  await root.client.query(changes);
  expect((await root.read()).filter((line) => !line.startsWith("relation"))).toEqual([
    "begin",
    "insert m 7 1",
    "insert m 8 2",
    "truncate m",
    "commit",
  ]);
  const leaves = await start(definitions(false));
  await leaves.client.query(changes);
  expect((await leaves.read()).filter((line) => !line.startsWith("relation"))).toEqual([
    "begin",
    "insert m1 7 1",
    "insert m2 2 8",
    "truncate m1,m2",
    "commit",
  ]);
});

test("FOR ALL TABLES and TABLES IN SCHEMA have the tables that come later; the catalog shows them", async () => {
  const { client, read, code } = await start(`create schema s; create table public.a (id int primary key);
    create publication everything for all tables; create publication p for tables in schema s`);
  await client.query(
    "create table s.t (id int primary key); insert into s.t values (1); insert into a values (2)",
  );
  const { rows } = await client.query(
    "select pubname, schemaname, tablename, attnames::text[] from pg_publication_tables order by 1, 2, 3",
  );
  expect(rows).toEqual([
    { pubname: "everything", schemaname: "public", tablename: "a", attnames: ["id"] },
    { pubname: "everything", schemaname: "s", tablename: "t", attnames: ["id"] },
    { pubname: "p", schemaname: "s", tablename: "t", attnames: ["id"] },
  ]);
  expect((await read()).filter((line) => line.startsWith("insert"))).toEqual(["insert t 1"]);
  expect(await code("alter publication everything add table a")).toBe("55000");
  expect(await code("alter publication p rename to q; drop publication q")).toBe("00000");
  expect(await code("drop publication p")).toBe("42704");
});

test("definitions are refused as PostgreSQL refuses them", async () => {
  const { code } = await start(
    "create table t (a int primary key, b int); create table bare (a int); create view v as select 1",
  );
  expect(await code("create publication p for table t")).toBe("00000");
  expect(await code("create publication p")).toBe("42710");
  expect(await code("create publication q for table v")).toBe("22023");
  expect(await code("create publication q for table nothing")).toBe("42P01");
  expect(await code("create publication q for table t (c)")).toBe("42703");
  expect(await code("create publication q for table t (a, a)")).toBe("42710");
  expect(await code("create publication q for table t where (a)")).toBe("42804");
  expect(await code("create publication q for table t where (random() > 0.5)")).toBe("0A000");
  expect(await code("create publication q for table t with (publish = 'everything')")).toBe("42601");
  expect(await code("create publication q for table t with (nothing = 1)")).toBe("42601");
  expect(await code("alter publication p add table t")).toBe("42710");
  expect(await code("alter publication p drop table bare")).toBe("42704");
  expect(await code("alter publication p set table bare")).toBe("00000");
  expect(await code("insert into bare values (1)")).toBe("00000");
  expect(await code("update bare set a = 2")).toBe("55000");
  expect(await code("delete from bare")).toBe("55000");
  expect(await code("alter table bare replica identity full; update bare set a = 2")).toBe("00000");
  expect(await code("alter publication p set table t where (b > 1)")).toBe("00000");
  expect(await code("insert into t values (1, 1); update t set b = 2")).toBe("42P10");
  expect(await code("alter table t drop column b")).toBe("2BP01");
  expect(await code("alter table t drop column b cascade; drop table bare")).toBe("00000");
});
