import { patientMs } from "@weftkit/testing/patience";
import { isPostgresMissing, RealPostgres } from "@weftkit/testing/real-postgres";
import { expect, test } from "vitest";
import { CountingWriter, HistoryWriter, lostWrites } from "./history.ts";
import { anHourAhead, fewerRounds, killAtRandom, type Part, rounds } from "./kill-at-random.ts";
import { connect, type Database, Relational, rowsOf, SyncSidecar } from "./sites.ts";

const noteRows = 12;
const tables = ["note", "one", "two"];

async function define(database: Database): Promise<void> {
  const client = await connect(database);
  await client.query("create table note (id int primary key, body text not null)");
  await client.query("create table one (n int primary key)");
  await client.query("create table two (n int primary key)");
  await client.end();
}

/** Two sites, one of them with a clock that is an hour ahead, and a remote; all parts are killed at random moments. */
async function killEverything(remote: Database & Part, rounds: number): Promise<void> {
  const [east, west] = await Promise.all([Relational.start(), Relational.start(anHourAhead)]);
  for (const database of [east, west, remote]) await define(database);
  const sites = [
    await SyncSidecar.start(east, remote, { WEFTKIT_PERSISTENCE_SITE: "east" }),
    await SyncSidecar.start(west, remote, { WEFTKIT_PERSISTENCE_SITE: "west", ...anHourAhead }),
  ];
  const parts: readonly Part[] = [remote, east, west, ...sites];
  const writers = [
    new HistoryWriter(east, "east", noteRows, 10_000_000),
    new HistoryWriter(west, "west", noteRows, 20_000_000),
    new HistoryWriter(remote, "remote", noteRows, 30_000_000),
  ];
  await killAtRandom(parts, rounds);
  await Promise.all(writers.map((writer) => writer.end()));
  const states = () =>
    Promise.all([east, west, remote].map((one) => Promise.all(tables.map((table) => rowsOf(one, table)))));
  const isEqual = async () => {
    const [a, b, c] = (await states()).map((state) => JSON.stringify(state));
    return a === b && b === c;
  };
  await expect.poll(isEqual, { timeout: patientMs(60_000), interval: 200 }).toBe(true);
  const [[notes, ones, twos]] = (await states()) as [[string[], string[], string[]]];
  expect(ones).toEqual(twos);
  const numbers = new Set(ones.map((row) => (JSON.parse(row) as { n: number }).n));
  expect(writers.flatMap(({ pairs }) => pairs).filter((n) => !numbers.has(n))).toEqual([]);
  const bodies = new Set(notes.map((row) => (JSON.parse(row) as { body: string }).body));
  const conflicts = (await Promise.all(sites.map((site) => site.conflicts()))).flat();
  expect(conflicts.filter(({ how }) => how === "refused")).toEqual([]);
  const losers = new Set(conflicts.map(({ loserRow }) => String(loserRow?.body)));
  expect(lostWrites(writers, bodies, losers)).toEqual([]);
  const written = writers.map(({ acknowledged }) => acknowledged);
  console.log(
    `${rounds} rounds, ${written} acknowledged at east, west, remote; ${conflicts.length} conflicts`,
  );
  for (const count of written) expect(count).toBeGreaterThan(rounds);
  expect(conflicts.length).toBeGreaterThan(0);
}

/** The same, with counters: what each writer has added is in the sum, once. */
async function killWhileCounting(remote: Database & Part, rounds: number): Promise<void> {
  const [east, west] = await Promise.all([Relational.start(), Relational.start(anHourAhead)]);
  const databases = [east, west, remote];
  for (const database of databases) {
    const client = await connect(database);
    await client.query("create table stock (id int primary key, n numeric not null, seen text)");
    await client.query("insert into stock select i, 0 from generate_series(1, 5) i");
    await client.end();
  }
  const merged = {
    WEFTKIT_PERSISTENCE_CONFLICT_RESOLUTION: "crdt",
    WEFTKIT_PERSISTENCE_CRDT_COUNTERS: "public.stock.n",
  };
  const sites = [
    await SyncSidecar.start(east, remote, { ...merged, WEFTKIT_PERSISTENCE_SITE: "east" }),
    await SyncSidecar.start(west, remote, { ...merged, ...anHourAhead, WEFTKIT_PERSISTENCE_SITE: "west" }),
  ];
  // Counts that were there before are not added: one of them stays.
  await Promise.all(sites.map((site) => site.copied()));
  const writers = databases.map((database) => new CountingWriter(database, 5));
  await killAtRandom([remote, east, west, ...sites], rounds);
  await Promise.all(writers.map((writer) => writer.end()));
  const states = () => Promise.all(databases.map((database) => rowsOf(database, "stock")));
  const isEqual = async () => {
    const [a, b, c] = (await states()).map((state) => JSON.stringify(state));
    return a === b && b === c;
  };
  await expect
    .poll(isEqual, { timeout: patientMs(60_000), interval: 200 })
    .toBe(true)
    .catch(async (error: unknown) => {
      console.log(
        JSON.stringify([await states(), await Promise.all(sites.map((site) => site.ask("/v1/sync/status")))]),
      );
      throw error;
    });
  const [rows] = (await states()) as [string[]];
  const sum = rows.reduce((total, row) => total + (JSON.parse(row) as { n: number }).n, 0);
  const added = writers.reduce((total, { acknowledged }) => total + acknowledged, 0);
  const unsure = writers.reduce((total, writer) => total + writer.unsure, 0);
  console.log(`${rounds} rounds, ${added} added in all, ${unsure} perhaps: ${sum}`);
  expect(sum).toBeGreaterThanOrEqual(added);
  expect(sum).toBeLessThanOrEqual(added + unsure);
  expect(added).toBeGreaterThan(rounds);
}

const timeout = patientMs(120_000 + rounds * 8000);

test(
  "two sites and a weftkit/relational killed at random: nothing acknowledged is lost, all are equal at the end",
  {
    timeout,
  },
  async () => killEverything(await Relational.start(), rounds),
);

test.skipIf(isPostgresMissing)(
  "two sites and the real PostgreSQL killed at random: nothing acknowledged is lost, all are equal at the end",
  { timeout },
  async () => {
    const postgres = await RealPostgres.start({ wal_level: "logical", max_replication_slots: "10" });
    const endpoint = `postgres://postgres@127.0.0.1:${postgres.port}/postgres`;
    await killEverything(
      {
        endpoint,
        variables: { WEFTKIT_PERSISTENCE_REMOTE_ENDPOINT: endpoint },
        kill: () => postgres.kill(),
        start: () => postgres.start(),
      },
      fewerRounds,
    );
  },
);

test(
  "two sites that count, and a weftkit/relational, killed at random: the sum has everything once",
  { timeout },
  async () => killWhileCounting(await Relational.start(), fewerRounds),
);
