import type pg from "pg";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

async function twoSessions(): Promise<[pg.Client, pg.Client]> {
  const engine = await RunningEngine.start();
  const clients: [pg.Client, pg.Client] = [await engine.client(), await engine.client()];
  await clients[0].query("create table doctors(name text primary key, on_call bool not null)");
  await clients[0].query("insert into doctors values ('ann', true), ('bob', true)");
  await clients[0].query("create table notes(id int primary key)");
  for (const client of clients) await client.query("begin isolation level serializable");
  return clients;
}

const countOnCall = "select count(*)::int as count from doctors where on_call";

test("write skew ends one of the two", async () => {
  const [first, second] = await twoSessions();
  for (const client of [first, second])
    expect((await client.query(countOnCall)).rows).toEqual([{ count: 2 }]);
  await first.query("update doctors set on_call = false where name = 'ann'");
  await second.query("update doctors set on_call = false where name = 'bob'");
  await first.query("commit");
  await expect(second.query("commit")).rejects.toMatchObject({
    code: "40001",
    message: "could not serialize access due to read/write dependencies among transactions",
  });
  expect((await second.query(countOnCall)).rows).toEqual([{ count: 1 }]);
});

test("a row that was not there when it was looked for is noticed", async () => {
  const [first, second] = await twoSessions();
  for (const [index, client] of [first, second].entries()) {
    expect((await client.query("select * from notes")).rows).toEqual([]);
    await client.query("insert into notes values ($1)", [index]);
  }
  await first.query("commit");
  await expect(second.query("commit")).rejects.toMatchObject({ code: "40001" });
});

test("a subquery of a write is a read, too", async () => {
  const [first, second] = await twoSessions();
  for (const [client, name] of [
    [first, "ann"],
    [second, "bob"],
  ] as const) {
    await client.query(
      "update doctors set on_call = false where name = $1 and (select count(*) from doctors where on_call) = 2",
      [name],
    );
  }
  await first.query("commit");
  await expect(second.query("commit")).rejects.toMatchObject({ code: "40001" });
});

test("who reads only, and who reads what nobody changes, commits", async () => {
  const [first, second] = await twoSessions();
  expect((await first.query(countOnCall)).rows).toEqual([{ count: 2 }]);
  await second.query("insert into notes values (1)");
  await second.query("commit");
  await first.query("update doctors set on_call = false where name = 'ann'");
  await first.query("commit");
  await second.query("begin isolation level serializable");
  expect((await second.query(countOnCall)).rows).toEqual([{ count: 1 }]);
  await first.query("update doctors set on_call = false");
  expect((await second.query(countOnCall)).rows).toEqual([{ count: 1 }]);
  await second.query("commit");
});

test("a lock that comes before the first query does not hide what was changed since", async () => {
  const [first, second] = await twoSessions();
  await first.query("lock table notes in row exclusive mode");
  expect((await first.query(countOnCall)).rows).toEqual([{ count: 2 }]);
  await second.query("update doctors set on_call = false where name = 'bob'");
  await second.query("commit");
  await first.query("insert into notes values (1)");
  await expect(first.query("commit")).rejects.toMatchObject({ code: "40001" });
});
