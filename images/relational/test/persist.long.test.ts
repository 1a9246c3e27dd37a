import { startPersistFunction } from "@weftkit/testing/persist-function";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import type pg from "pg";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";

/** Roles with what they were granted, policies, partitions and views through which rows are changed. */
const definitions = `
  create role clerk login password 'clerk-password' valid until '2100-01-01' connection limit 3;
  create role manager;
  grant clerk to manager with admin option;
  alter role clerk set work_mem = '8MB';
  create table notes(owner name, note text);
  insert into notes values ('clerk', 'mine'), ('other', 'not mine');
  alter table notes enable row level security;
  create policy own on notes for select to clerk using (owner = current_user);
  grant select, insert (note) on notes to clerk;
  alter default privileges grant select on tables to manager;
  create table visits(id int, at date, primary key (id, at)) partition by range (at);
  create table visits_old partition of visits for values from (minvalue) to ('2024-01-01');
  create table visits_new partition of visits default;
  insert into visits values (1, '2023-05-05'), (2, '2024-05-05');
  create view recent as select id, at from visits where at >= '2024-01-01' with check option;
`;

async function verifyDefinitions(client: pg.Client): Promise<void> {
  const rows = async (text: string) => (await client.query({ text, rowMode: "array" })).rows;
  const code = (text: string) => client.query(text).then(undefined, (error: pg.DatabaseError) => error.code);
  expect(
    await rows(
      "select rolcanlogin, rolconnlimit, rolconfig, rolvaliduntil is not null from pg_roles where rolname = 'clerk'",
    ),
  ).toEqual([[true, 3, ["work_mem=8MB"], true]]);
  expect(
    await rows(
      "select roleid::regrole::text, member::regrole::text, admin_option from pg_auth_members where member = 'manager'::regrole",
    ),
  ).toEqual([["clerk", "manager", true]]);
  await client.query("set role clerk");
  expect(await rows("select note from notes")).toEqual([["mine"]]);
  expect(await code("insert into notes values ('clerk', 'x')")).toBe("42501");
  expect(await code("select * from visits")).toBe("42501");
  await client.query("reset role");
  await client.query("create table later(a int)");
  expect(await rows("select has_table_privilege('manager', 'later', 'select')")).toEqual([[true]]);
  await client.query("drop table later");
  expect(await rows("select tableoid::regclass::text, id from visits order by id")).toEqual([
    ["visits_old", 1],
    ["visits_new", 2],
  ]);
  expect(await code("insert into recent values (3, '2020-01-01')")).toBe("44000");
  expect(await code("insert into visits values (1, '2023-05-05')")).toBe("23505");
  expect(await code("insert into visits_old values (9, '2024-05-05')")).toBe("23514");
}

async function fill(client: pg.Client): Promise<void> {
  await client.query(definitions);
  await client.query("create table customers(id bigserial primary key, name text not null unique)");
  await client.query(
    "create table orders(id bigserial primary key, customer bigint references customers, total numeric(10,2), placed timestamptz default now())",
  );
  await client.query("create index orders_customer on orders(customer)");
  for (let i = 1; i <= 200; i++) {
    await client.query("insert into customers(name) values ($1)", [`customer ${i}`]);
    await client.query("insert into orders(customer, total) values ($1, $2)", [i, `${i}.50`]);
  }
}

async function verify(client: pg.Client, customers: number): Promise<void> {
  await verifyDefinitions(client);
  const { rows } = await client.query("select count(*)::int as count, max(id) as max from customers");
  expect(rows).toEqual([{ count: customers, max: String(customers) }]);
  const { rows: joined } = await client.query(
    "select c.name, o.total from customers c join orders o on o.customer = c.id where c.id = 7",
  );
  expect(joined).toEqual([{ name: "customer 7", total: "7.50" }]);
  await expect(client.query("insert into customers(name) values ('customer 7')")).rejects.toMatchObject({
    code: "23505",
  });
  await expect(client.query("insert into orders(customer) values (100000)")).rejects.toMatchObject({
    code: "23503",
  });
}

test("a restart, and a volume that is lost, leave tables, rows, indexes, keys, sequences, roles and rights", async () => {
  const persist = await startPersistFunction();
  const dataDir = temporaryFolder();
  let engine = await EngineProcess.start(dataDir, persist);
  let client = await engine.client();
  await fill(client);
  await verify(client, 200);
  await client.end();
  expect(await engine.terminate()).toBe(0);

  engine = await EngineProcess.start(dataDir, persist);
  client = await engine.client();
  await verify(client, 200);
  await client.end();
  expect(await engine.terminate()).toBe(0);

  engine = await EngineProcess.start(temporaryFolder(), persist);
  client = await engine.client();
  await verify(client, 200);
  // The sequence goes on where it was, or further: numbers that were given out are not given again.
  const { rows } = await client.query("insert into customers(name) values ('new') returning id");
  expect(Number(rows[0].id)).toBeGreaterThan(200);
  await client.end();
  expect(await engine.terminate()).toBe(0);
});
