import { patientMs } from "@weftkit/testing/patience";
import { isRedisMissing } from "@weftkit/testing/real-redis";
import { expect, test } from "vitest";
import { lostWrites } from "./history.ts";
import { anHourAhead, killAtRandom, type Part, rounds } from "./kill-at-random.ts";
import { RedisHistoryWriter } from "./redis-history.ts";
import { keysOf, realRedis } from "./redis-sites.ts";
import { type Database, Inmemory, SyncSidecar } from "./sites.ts";

const sharedKeys = 12;
const timeout = patientMs(120_000 + rounds * 8000);

/** Two sites, each with its sidecar: the clock of one is an hour ahead. */
async function startSites(remote: Database & Part, variables: Record<string, string> = {}) {
  const [east, west] = await Promise.all([Inmemory.start(), Inmemory.start(anHourAhead)]);
  const sidecars = [
    await SyncSidecar.start(east, remote, { ...variables, WEFTKIT_PERSISTENCE_SITE: "east" }),
    await SyncSidecar.start(west, remote, { ...variables, ...anHourAhead, WEFTKIT_PERSISTENCE_SITE: "west" }),
  ];
  return { databases: [east, west, remote], sidecars, parts: [remote, east, west, ...sidecars] as const };
}

/** Resolves when all databases have the same keys, to these. */
async function equalKeys(
  databases: readonly Database[],
  sidecars: readonly SyncSidecar[],
): Promise<[string, unknown][]> {
  const states = () => Promise.all(databases.map(keysOf));
  const isEqual = async () => new Set((await states()).map((state) => JSON.stringify(state))).size === 1;
  await expect
    .poll(isEqual, { timeout: patientMs(60_000), interval: 200 })
    .toBe(true)
    .catch(async (error: unknown) => {
      const told = await Promise.all(sidecars.map((sidecar) => sidecar.ask("/v1/sync/status")));
      console.log(JSON.stringify({ told, states: await states() }));
      throw error;
    });
  return (await states())[0]!;
}

async function killEverything(remote: Database & Part, rounds: number): Promise<void> {
  const { databases, sidecars, parts } = await startSites(remote);
  const writers = databases.map(
    (database, index) => new RedisHistoryWriter(database, ["east", "west", "remote"][index]!, sharedKeys),
  );
  await killAtRandom(parts, rounds);
  await Promise.all(writers.map((writer) => writer.end()));
  const keys = new Map(await equalKeys(databases, sidecars));
  expect(writers.flatMap(({ own }) => own).filter((key) => !keys.has(key))).toEqual([]);
  const bodies = new Set(
    [...keys].filter(([key]) => key.startsWith("note:")).map(([, value]) => String((value as unknown[])[1])),
  );
  const conflicts = (await Promise.all(sidecars.map((sidecar) => sidecar.conflicts()))).flat();
  expect(conflicts.filter(({ how }) => how === "refused")).toEqual([]);
  const losers = new Set(conflicts.map(({ loserRow }) => String(loserRow?.value)));
  const lost = lostWrites(writers, bodies, losers);
  expect(lost, JSON.stringify(lost)).toEqual([]);
  const written = writers.map(({ acknowledged }) => acknowledged);
  console.log(
    `${rounds} rounds, ${written} acknowledged at east, west, remote; ${conflicts.length} conflicts`,
  );
  for (const count of written) expect(count).toBeGreaterThan(rounds);
  expect(conflicts.length).toBeGreaterThan(0);
}

test(
  "two sites and a weftkit/inmemory killed at random: nothing acknowledged is lost, all are equal at the end",
  { timeout },
  async () => killEverything(await Inmemory.start(), rounds),
);

test.skipIf(isRedisMissing)(
  "two sites and the real Redis killed at random: nothing acknowledged is lost, all are equal at the end",
  { timeout },
  async () => killEverything(await realRedis(), rounds),
);
