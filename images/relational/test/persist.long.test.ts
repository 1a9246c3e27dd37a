import { startPersistFunction } from "@weftkit/testing/persist-function";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import type pg from "pg";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";

async function fill(client: pg.Client): Promise<void> {
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

test("a restart, and a volume that is lost, leave tables, rows, indexes, keys and sequences", async () => {
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
