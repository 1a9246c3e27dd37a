import { patientMs } from "@weftkit/testing/patience";
import { expect, test } from "vitest";
import { lostWrites } from "./history.ts";
import { anHourAhead, killAtRandom, rounds } from "./kill-at-random.ts";
import { DocumentEngine, documentsOf, MongoHistoryWriter } from "./mongo-sites.ts";
import { SyncSidecar } from "./sites.ts";

const sharedDocuments = 12;

test(
  "two sites and a remote killed at random, a clock an hour ahead: nothing acknowledged is lost, all are equal at the end",
  { timeout: patientMs(120_000 + rounds * 8000) },
  async () => {
    const [east, west, remote] = await Promise.all([
      DocumentEngine.start(),
      DocumentEngine.start(anHourAhead),
      DocumentEngine.start(),
    ]);
    const databases = [east, west, remote];
    const sidecars = [
      await SyncSidecar.start(east, remote, { WEFTKIT_PERSISTENCE_SITE: "east" }),
      await SyncSidecar.start(west, remote, { ...anHourAhead, WEFTKIT_PERSISTENCE_SITE: "west" }),
    ];
    const writers = databases.map(
      (database, index) =>
        new MongoHistoryWriter(database, ["east", "west", "remote"][index]!, sharedDocuments),
    );
    await killAtRandom([remote, east, west, ...sidecars], rounds);
    await Promise.all(writers.map((writer) => writer.end()));
    const states = () => Promise.all(databases.map(documentsOf));
    const isEqual = async () => new Set((await states()).map((state) => JSON.stringify(state))).size === 1;
    await expect
      .poll(isEqual, { timeout: patientMs(90_000), interval: 200 })
      .toBe(true)
      .catch(async (error: unknown) => {
        const told = await Promise.all(sidecars.map((sidecar) => sidecar.ask("/v1/sync/status")));
        console.log(JSON.stringify(told));
        throw error;
      });
    const documents = (await states())[0]!;
    const idsOf = (of: string) => documents.filter((text) => text.startsWith(`${of} `)).map(parsed);
    const own = new Set(idsOf("own").map(({ _id }) => _id));
    expect(writers.flatMap((writer) => writer.own).filter((id) => !own.has(id))).toEqual([]);
    const bodies = new Set(idsOf("note").map(({ body }) => String(body)));
    const conflicts = (await Promise.all(sidecars.map((sidecar) => sidecar.conflicts()))).flat();
    expect(conflicts.filter(({ how }) => how === "refused")).toEqual([]);
    const losers = new Set(
      conflicts.map(({ loserRow }) => (loserRow?.document as { body?: string } | undefined)?.body ?? ""),
    );
    const lost = lostWrites(writers, bodies, losers);
    expect(lost, JSON.stringify(lost)).toEqual([]);
    const written = writers.map(({ acknowledged }) => acknowledged);
    console.log(
      `${rounds} rounds, ${written} acknowledged at east, west, remote; ${conflicts.length} conflicts`,
    );
    for (const count of written) expect(count).toBeGreaterThan(rounds);
    expect(conflicts.length).toBeGreaterThan(0);
  },
);

function parsed(text: string): { _id: unknown; body?: unknown } {
  return JSON.parse(text.slice(text.indexOf(" ") + 1)) as { _id: unknown; body?: unknown };
}
