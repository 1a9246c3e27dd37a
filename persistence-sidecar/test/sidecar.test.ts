import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { startService } from "@weftkit/host";
import { runConformance } from "@weftkit/persist/conformance";
import { freePort } from "@weftkit/testing/free-ports";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { Sidecar } from "../src/sidecar.ts";
import { clientOf, push, requireWhole } from "./pushes.ts";
import {
  centralSecret,
  passingTo,
  secret,
  startCentral,
  startSidecar,
  statusOf,
  subtree,
} from "./started.ts";

const timeout = patientMs(60_000);
const polling = { timeout: patientMs(20_000), interval: 50 };

test("keeps the contract on its volume", { timeout }, async () => {
  const { url } = await startSidecar(temporaryFolder());
  const results = await runConformance({ url, key: secret });
  expect(results.length).toBeGreaterThan(30);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
});

test("keeps the contract while it passes everything on", { timeout }, async () => {
  const port = await freePort();
  await startCentral(join(temporaryFolder(), "central"), port);
  const { url } = await startSidecar(temporaryFolder(), passingTo(port));
  const results = await runConformance({ url, key: secret });
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
});

test(
  "passes pushes of several owners on, and an empty volume takes the state over",
  { timeout },
  async () => {
    const [folder, port] = [temporaryFolder(), await freePort()];
    const central = join(folder, "central");
    await startCentral(central, port);
    const site = await startSidecar(join(folder, "site"), passingTo(port));
    const client = clientOf(site.url, subtree, secret);
    let { epoch, head } = await client.claim("first");
    for (let pushes = 0; pushes < 3; pushes++) head = await push(client, epoch, head);
    await client.release("first", epoch);
    ({ epoch, head } = await client.claim("second"));
    head = await push(client, epoch, head);
    await expect.poll(() => requireWhole(central, subtree), polling).toMatchObject({ seq: 4, epoch: 2 });
    expect(requireWhole(central, subtree)?.manifest).toBe(head.manifest);
    // The blobs' parts too, which no manifest names.
    const partsIn = (root: string) => readdirSync(join(root, subtree, "parts")).sort();
    expect(partsIn(central)).toEqual(partsIn(join(folder, "site", "states")));
    expect(await statusOf(site)).toMatchObject({ central: { waitingBytes: 0 } });

    await site.program.kill();
    rmSync(join(folder, "site"), { recursive: true });
    const again = await startSidecar(join(folder, "site"), passingTo(port));
    const other = clientOf(again.url, subtree, secret);
    const restored = await other.restore();
    expect(restored?.head).toMatchObject({ seq: 4, manifest: head.manifest });
    for (const part of partsIn(central)) expect((await other.downloadPart(part)).length).toBe(20_000);
    const claimed = await other.claim("third");
    expect(claimed.epoch).toBe(3);
    await push(other, claimed.epoch, claimed.head);
    await expect.poll(() => requireWhole(central, subtree), polling).toMatchObject({ seq: 5, epoch: 3 });
  },
);

test(
  "a central endpoint that is away is no empty database, and holds up nobody who is here",
  { timeout },
  async () => {
    const [folder, port] = [temporaryFolder(), await freePort()];
    const site = await startSidecar(join(folder, "site"), passingTo(port));
    const client = clientOf(site.url, subtree, secret);
    await expect(client.restore()).rejects.toMatchObject({ code: "store_failed" });
    await expect(client.claim("owner")).rejects.toMatchObject({ code: "store_failed" });
    const central = await startCentral(join(folder, "central"), port);
    let { epoch, head } = await client.claim("owner");
    await central.program.kill();
    for (let pushes = 0; pushes < 5; pushes++) head = await push(client, epoch, head);
    await expect
      .poll(async () => (await statusOf(site)).central?.subtrees[0]?.why, polling)
      .toMatch(/reached/);
    await startCentral(join(folder, "central"), port);
    await expect
      .poll(() => requireWhole(join(folder, "central"), subtree), polling)
      .toMatchObject({ seq: 5, manifest: head.manifest });
  },
);

test("nothing is passed on over what somebody else has pushed", { timeout }, async () => {
  const [folder, port] = [temporaryFolder(), await freePort()];
  const central = await startCentral(join(folder, "central"), port);
  const site = await startSidecar(join(folder, "site"), passingTo(port));
  const client = clientOf(site.url, subtree, secret);
  const { epoch, head } = await client.claim("owner");
  const first = await push(client, epoch, head);
  await expect.poll(() => requireWhole(join(folder, "central"), subtree)?.seq, polling).toBe(1);
  const direct = clientOf(central.url, subtree, centralSecret);
  const stolen = await direct.claim("another");
  const theirs = await push(direct, stolen.epoch, stolen.head);
  await push(client, epoch, first);
  await expect
    .poll(async () => (await statusOf(site)).central?.subtrees[0]?.why, polling)
    .toMatch(/somebody else|uses the central/);
  expect(requireWhole(join(folder, "central"), subtree)?.manifest).toBe(theirs.manifest);
});

test("engines wait when too much is to be passed on", { timeout }, async () => {
  const [folder, port] = [temporaryFolder(), await freePort()];
  const central = await startCentral(join(folder, "central"), port);
  const site = await startSidecar(join(folder, "site"), {
    ...passingTo(port),
    WEFTKIT_PERSISTENCE_CENTRAL_MAX_WAITING: "100KB",
  });
  const client = clientOf(site.url, subtree, secret);
  let { epoch, head } = await client.claim("owner");
  await central.program.kill();
  head = await push(client, epoch, head);
  await expect(
    push(client, epoch, head, 60_000).then((next) => push(client, epoch, next)),
  ).rejects.toMatchObject({
    code: "store_failed",
  });
  await startCentral(join(folder, "central"), port);
  await expect.poll(async () => (await statusOf(site)).central?.waitingBytes, polling).toBeLessThan(100_000);
  head = await push(client, epoch, (await client.restore())!.head, 60_000);
  await expect.poll(() => requireWhole(join(folder, "central"), subtree)?.seq, polling).toBe(head.seq);
});

test("says what is wrong with its configuration, all at once", async () => {
  const start = (persistence: Record<string, unknown>) =>
    startService(
      { name: "persistence", version: "0.1.0", authenticates: false, create: () => new Sidecar({}) },
      {
        config: {
          server: { data_dir: temporaryFolder(), admin_port: 0 },
          persistence: { port: 0, ...persistence },
        },
      },
    );
  await expect(start({})).rejects.toThrow(/persistence.secret.*is missing/);
  await expect(start({ secret: "short", key_id: "?" })).rejects.toThrow(/shorter than 16[\s\S]*at most 63/);
  await expect(start({ secret, central_url: "http://example.com" })).rejects.toThrow(
    /central_url[\s\S]*central_secret/,
  );
  await expect(start({ secret, central_url: "s3://b" })).rejects.toThrow(/bucket's name[\s\S]*AWS_REGION/);
});
