import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@weftkit/testing/free-ports";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { clientOf, push, requireWhole } from "./pushes.ts";
import { passingTo, type Started, secret, startCentral, startSidecar, subtree } from "./started.ts";

/** WEFTKIT_KILL_ROUNDS=200 for a longer search. */
const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 12);
const killAfterMsMax = 400;

/** Looks at the central copy again and again; it has to be whole whenever that is. Returns what ends it. */
function watch(folder: string): () => Promise<number> {
  let isOver = false;
  let looks = 0;
  const watching = (async () => {
    let seq = 0;
    while (!isOver) {
      const head = requireWhole(folder, subtree);
      expect(head?.seq ?? 0).toBeGreaterThanOrEqual(seq);
      seq = head?.seq ?? 0;
      looks++;
      await delay(20);
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return looks;
  };
}

test(
  `sidecar and central endpoint killed ${rounds} times during pushes: no confirmed push is missing, and both end equal`,
  { timeout: patientMs(60_000 + rounds * 8000) },
  async () => {
    const [folder, port] = [temporaryFolder(), await freePort()];
    const central = join(folder, "central");
    let endpoint: Started | undefined;
    let confirmed = 0;
    const ended = watch(central);
    for (let round = 0; round < rounds; round++) {
      // Sometimes it is the central endpoint that is away for a round.
      const isAway = round > 0 && Math.random() < 0.3;
      if (isAway) await endpoint?.program.kill();
      else if (endpoint === undefined || endpoint.program.child.signalCode !== null) {
        endpoint = await startCentral(central, port);
      }
      const site = await startSidecar(join(folder, "site"), passingTo(port));
      const client = clientOf(site.url, subtree, secret);
      const { epoch, head: first } = await client.claim("owner", { known: ["owner"] });
      expect(first.seq).toBeGreaterThanOrEqual(confirmed);
      const killing = delay(Math.random() * killAfterMsMax).then(() =>
        Promise.all([site.program.kill(), Math.random() < 0.3 ? endpoint?.program.kill() : undefined]),
      );
      let head = first;
      let failure: unknown;
      while (failure === undefined) {
        try {
          head = await push(client, epoch, head);
          confirmed = head.seq;
        } catch (error) {
          failure = error;
        }
      }
      await killing;
      client.close();
      expect(failure).toMatchObject({ code: "unreachable" });
      const there = requireWhole(join(folder, "site", "states"), subtree);
      expect([confirmed, confirmed + 1]).toContain(there?.seq);
      confirmed = there!.seq;
    }
    if (endpoint!.program.child.signalCode !== null) await startCentral(central, port);
    await startSidecar(join(folder, "site"), passingTo(port));
    const whole = requireWhole(join(folder, "site", "states"), subtree)!;
    await expect
      .poll(() => existsSync(join(central, subtree, "head")) && requireWhole(central, subtree), {
        timeout: patientMs(60_000),
        interval: 100,
      })
      .toMatchObject({ seq: whole.seq, manifest: whole.manifest, epoch: whole.epoch });
    expect(await ended()).toBeGreaterThan(rounds);
    // A busy machine confirms fewer before each kill, and more than none.
    expect(confirmed).toBeGreaterThan(rounds / 4);
  },
);
