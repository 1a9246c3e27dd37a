import { startService } from "@weftkit/host";
import { patientMs } from "@weftkit/testing/patience";
import { isPostgresMissing, RealPostgres } from "@weftkit/testing/real-postgres";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { describe, expect, test } from "vitest";
import { Sidecar } from "../src/sidecar.ts";
import { connect, type Database, Relational, rowsOf, SyncSidecar } from "./sites.ts";

const timeout = patientMs(60_000);
const polling = { timeout: patientMs(20_000), interval: 50 };

const definition =
  "create table note (id int primary key, body text, n numeric(12,2), at timestamptz, tags text[], j jsonb)";

/** What can be the remote; the real one with what it needs for its changes to come back, and without. */
const remotes = {
  "weftkit/relational": () => Relational.start(),
  "the real PostgreSQL": () => realPostgres("logical"),
};

async function realPostgres(wal_level: string) {
  const { port } = await RealPostgres.start({ wal_level });
  const endpoint = `postgres://postgres@127.0.0.1:${port}/postgres`;
  return { endpoint, variables: { WEFTKIT_PERSISTENCE_REMOTE_ENDPOINT: endpoint } };
}

async function pair(startRemote: () => Promise<Database>) {
  const [local, remote] = await Promise.all([Relational.start(), startRemote()]);
  const [here, there] = [await connect(local), await connect(remote)];
  await here.query(definition);
  await there.query(definition);
  const start = (variables: Record<string, string> = {}) => SyncSidecar.start(local, remote, variables);
  const bodies = async (database: Database) => {
    const client = database === local ? here : there;
    const { rows } = await client.query("select id, body from note order by id");
    return rows as { id: number; body: string }[];
  };
  return { local, remote, here, there, start, bodies };
}

describe.each(Object.keys(remotes) as (keyof typeof remotes)[])("with %s", (name) => {
  const startRemote = remotes[name];
  const it = test.skipIf(name === "the real PostgreSQL" && isPostgresMissing);

  it("what is there is copied both ways, and what is written comes after it", { timeout }, async () => {
    const { local, remote, here, there, start } = await pair(startRemote);
    await here.query(
      `insert into note select i, 'local', i / 7.0, '2026-01-01', '{a,"b c"}', '{"x": 1.10, "y": null}' from generate_series(1, 1200) i`,
    );
    await there.query("insert into note (id, body, n) values (5000, 'remote', 'NaN')");
    const sidecar = await start();
    await expect.poll(async () => (await rowsOf(remote, "note")).length, polling).toBe(1201);
    await expect.poll(async () => (await rowsOf(local, "note")).length, polling).toBe(1201);
    await here.query("update note set body = 'changed' where id = 7");
    await here.query("delete from note where id = 8");
    await there.query("insert into note values (6000, 'from there', 1.5, now(), null, '[1.0]')");
    await expect
      .poll(async () => (await rowsOf(local, "note")).some((row) => row.includes("from there")), polling)
      .toBe(true);
    await expect
      .poll(async () => (await rowsOf(remote, "note")).some((row) => row.includes("changed")), polling)
      .toBe(true);
    expect(await rowsOf(local, "note")).toEqual(await rowsOf(remote, "note"));
    expect(await sidecar.conflicts()).toEqual([]);
    await here.query("truncate note");
    await expect.poll(async () => rowsOf(remote, "note"), polling).toEqual([]);
  });

  it(
    "who writes last wins, whoever is offline meanwhile, and the other row is kept as a conflict",
    { timeout },
    async () => {
      const { here, there, local, remote, start, bodies } = await pair(startRemote);
      await here.query("insert into note (id, body) values (1, 'a'), (2, 'a'), (3, 'a'), (4, 'same')");
      const sidecar = await start();
      await expect.poll(() => bodies(remote), polling).toHaveLength(4);
      await sidecar.kill();
      await here.query("update note set body = 'first, here' where id = 1");
      await here.query("update note set body = 'equal' where id = 4");
      await there.query("update note set body = 'second, there' where id in (1, 2)");
      await there.query("update note set body = 'equal' where id = 4");
      await there.query("update note set body = 'changed there' where id = 3");
      await here.query("update note set body = 'second, here' where id = 2");
      await here.query("delete from note where id = 3");
      await sidecar.start();
      const expected = [
        { id: 1, body: "second, there" },
        { id: 2, body: "second, here" },
        { id: 4, body: "equal" },
      ];
      await expect.poll(() => bodies(local), polling).toEqual(expected);
      await expect.poll(() => bodies(remote), polling).toEqual(expected);
      await expect.poll(() => sidecar.conflicts(), polling).toHaveLength(3);
      const conflicts = (await sidecar.conflicts()).map(({ key, winnerRow, loserRow }) => [
        key,
        winnerRow?.body,
        loserRow?.body,
      ]);
      expect(conflicts.toSorted()).toEqual([
        ['{"id":1}', "second, there", "first, here"],
        ['{"id":2}', "second, here", "second, there"],
        ['{"id":3}', undefined, "changed there"],
      ]);
      const { id } = (await sidecar.conflicts()).find(({ key }) => key === '{"id":3}')!;
      expect(await sidecar.ask(`/v1/sync/resolve?id=${id}&with=loser`, "POST")).toEqual({
        resolved: id,
        with: "loser",
      });
      const back = { id: 3, body: "changed there" };
      await expect.poll(() => bodies(local), polling).toContainEqual(back);
      await expect.poll(() => bodies(remote), polling).toContainEqual(back);
      expect(await sidecar.conflicts()).toHaveLength(2);
    },
  );

  it(
    "columns are merged one by one: counters add up, sets have what both have put in",
    { timeout },
    async () => {
      const [local, remote] = await Promise.all([Relational.start(), startRemote()]);
      const [here, there] = [await connect(local), await connect(remote)];
      const table = "create table item (id int primary key, n numeric, tags text[], title text, body text)";
      await here.query(table);
      await there.query(table);
      await here.query(
        "insert into item values (1, 10.5, '{a,b}', 't', 'b'), (2, 5, '{}', 't', 'b'), (3, 1, null, 't', 'b')",
      );
      const sidecar = await SyncSidecar.start(local, remote, {
        WEFTKIT_PERSISTENCE_CONFLICT_RESOLUTION: "crdt",
        WEFTKIT_PERSISTENCE_CRDT_COUNTERS: "public.item.n",
        WEFTKIT_PERSISTENCE_CRDT_SETS: "*.tags",
      });
      await expect.poll(() => rowsOf(remote, "item"), polling).toHaveLength(3);
      await sidecar.kill();
      await here.query("update item set n = n + 1.25, tags = '{a,c}', title = 'here' where id = 1");
      await here.query("update item set n = n - 2 where id = 1");
      await there.query("update item set n = n + 100, tags = '{a,b,d}', body = 'there' where id = 1");
      await here.query("update item set title = 'lost' where id = 2");
      await there.query("update item set title = 'won' where id = 2");
      await here.query("update item set n = n + 1 where id = 3");
      await there.query("delete from item where id = 3");
      await sidecar.start();
      const expected = [
        '{"id":1,"n":109.75,"tags":["a","c","d"],"title":"here","body":"there"}',
        '{"id":2,"n":5,"tags":[],"title":"won","body":"b"}',
      ];
      await expect.poll(() => rowsOf(local, "item"), polling).toEqual(expected);
      await expect.poll(() => rowsOf(remote, "item"), polling).toEqual(expected);
      await expect.poll(() => sidecar.conflicts(), polling).toHaveLength(2);
      expect(
        (await sidecar.conflicts()).map(({ how, key, loserRow }) => [how, key, loserRow]).toSorted(),
      ).toEqual([
        ["crdt", '{"id":2}', { title: "lost" }],
        ["crdt", '{"id":3}', { id: 3, n: 2, tags: null, title: "t", body: "b" }],
      ]);
    },
  );
});

test("a full queue reads no more until there is room, and loses nothing", { timeout }, async () => {
  const { here, remote, local, start } = await pair(() => Relational.start());
  const sidecar = await start({ WEFTKIT_PERSISTENCE_MAX_QUEUE_BYTES: "4KB" });
  await sidecar.copied();
  await (remote as Relational).kill();
  let count = 0;
  const insert = () => here.query("insert into note (id, body) values ($1, $2)", [++count, "x".repeat(200)]);
  while (count < 200) await insert();
  type Status = { local: { following: { phase: string } }; remote: { waitingBytes: number } };
  const phase = async () => {
    // Only what comes when the queue is full has to wait: all before may have come at once.
    await insert();
    return (await sidecar.ask<Status>("/v1/sync/status")).local.following.phase;
  };
  await expect.poll(phase, polling).toBe("full");
  await sidecar.kill();
  await sidecar.start();
  await (remote as Relational).start();
  await expect.poll(() => rowsOf(remote, "note"), polling).toHaveLength(count);
  expect(await rowsOf(remote, "note")).toEqual(await rowsOf(local, "note"));
});

test.skipIf(isPostgresMissing)(
  "a PostgreSQL without logical decoding takes rows, and what it says against them comes back",
  { timeout },
  async () => {
    const { here, there, remote, local, start, bodies } = await pair(() => realPostgres("replica"));
    await there.query("insert into note (id, body) values (1, 'central')");
    await here.query("insert into note (id, body) values (1, 'mine'), (2, 'mine')");
    const sidecar = await start();
    const both = [
      { id: 1, body: "central" },
      { id: 2, body: "mine" },
    ];
    await expect.poll(() => bodies(remote), polling).toEqual(both);
    await expect.poll(() => bodies(local), polling).toEqual(both);
    // It is told when what has won is on its way back, which may be there first.
    await expect
      .poll(() => sidecar.conflicts(), polling)
      .toMatchObject([{ key: '{"id":1}', loserRow: { body: "mine" } }]);
    await here.query("update note set body = 'later' where id = 1");
    await expect.poll(() => bodies(remote), polling).toEqual([{ id: 1, body: "later" }, both[1]]);
    const { remote: side } = await sidecar.ask<{ remote: { oneWay: string } }>("/v1/sync/status");
    expect(side.oneWay).toMatch(/wal_level is replica/);
  },
);

test("a volume that was put back to an older state is refused", { timeout }, async () => {
  const { here, remote, start, bodies } = await pair(remotes["weftkit/relational"]);
  const sidecar = await start();
  await here.query("insert into note (id, body) values (1, 'before')");
  await expect.poll(() => bodies(remote), polling).toHaveLength(1);
  await sidecar.kill();
  const putBack = sidecar.backup();
  await sidecar.start();
  await here.query("insert into note (id, body) values (2, 'after')");
  await expect.poll(() => bodies(remote), polling).toHaveLength(2);
  await sidecar.kill();
  putBack();
  await sidecar.start();
  const why = async () => {
    const status = await sidecar.ask<{ remote: { applying: { waitsBecause?: string } } }>("/v1/sync/status");
    return status.remote.applying.waitsBecause;
  };
  await expect.poll(why, polling).toMatch(/volume is older .* begin with an empty one/);
});

test("says what it cannot do yet", async () => {
  const start = (persistence: Record<string, unknown>) =>
    startService(
      { name: "persistence", version: "0.1.0", authenticates: false, create: () => new Sidecar({}) },
      { config: { server: { data_dir: temporaryFolder(), admin_port: 0 }, persistence } },
    );
  const endpoints = { local_endpoint: "postgres://h/d", local_admin_url: "http://h:9464" };
  await expect(
    start({
      ...endpoints,
      remote_endpoint: "bolt://h",
      mode: "write_through",
      conflict_resolution: "custom",
    }),
  ).rejects.toThrow(
    /bolt:\/\/, which is not supported yet: postgres:\/\/, redis:\/\/ and mongodb:\/\/ are[\s\S]*write_through is not supported yet[\s\S]*custom is not supported yet/,
  );
  await expect(start({ ...endpoints, remote_endpoint: "redis://h" })).rejects.toThrow(
    /remote_endpoint: is of another protocol/,
  );
  const keys = { local_endpoint: "redis://h", local_admin_url: "http://h:9464", conflict_resolution: "crdt" };
  await expect(start({ ...keys, remote_endpoint: "redis://h/name", crdt_sets: ["*"] })).rejects.toThrow(
    /has a database that is no number[\s\S]*conflict_resolution: crdt is not supported for Redis yet[\s\S]*crdt_sets: is for tables/,
  );
  const documents = { local_endpoint: "mongodb://h/shop", remote_endpoint: "mongodb://h" };
  await expect(start({ ...documents, conflict_resolution: "crdt" })).rejects.toThrow(
    /remote_endpoint: names no database[\s\S]*crdt is not supported for MongoDB yet/,
  );
  await expect(start({ remote_endpoint: "postgres://h/d" })).rejects.toThrow(
    /local_endpoint is missing|persistence.local_endpoint/,
  );
});
