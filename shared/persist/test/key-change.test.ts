import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CountingEngine } from "./counting-engine.ts";
import { FunctionServer } from "./function-server.ts";

const [one, other] = ["1".repeat(64), "2".repeat(64)];

let root: string;
let server: FunctionServer;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "persist-"));
  server = await FunctionServer.start(join(root, "store"));
});

afterEach(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

function start(volume: string, key: string | undefined): Promise<CountingEngine> {
  const config = key === undefined ? {} : { encryption_key: key };
  return CountingEngine.start({ dataDir: join(root, volume), url: server.url, config });
}

test.each([
  ["added", undefined, one],
  ["changed", one, other],
  ["taken away", one, undefined],
])("a key that is %s makes the next push a base, which its key alone restores", async (_, before, after) => {
  const first = await start("volume", before);
  first.write();
  await first.persistence.flush();
  first.write();
  await first.stop();

  const second = await start("volume", after);
  second.write();
  await second.persistence.flush();
  second.write();
  // A delta again: it builds on the new base.
  const [delta] = await second.persistence.flush();
  const { pieces } = delta!.manifest.manifest.streams.log!;
  expect(pieces.map(({ kind }) => kind)).toEqual(["base", "delta"]);
  await second.stop();

  const restored = await start("another volume", after);
  expect(restored.log.numbers()).toEqual([1, 2, 3, 4]);
  await restored.stop();
});

test("the key before restores nothing that was pushed after", async () => {
  const first = await start("volume", one);
  first.write();
  await first.stop();
  const second = await start("volume", other);
  second.write();
  await second.stop();
  await expect(start("another volume", one)).rejects.toMatchObject({ code: "encryption_key_invalid" });
});

test("what waits since before the change is in the base", async () => {
  const first = await start("volume", one);
  first.write();
  await first.persistence.flush();
  first.write();
  server.fate = () => "unavailable";
  await expect(first.stop()).rejects.toMatchObject({ code: "unsaved" });
  server.fate = () => "served";

  const second = await start("volume", other);
  second.write();
  await second.stop();
  const restored = await start("another volume", other);
  expect(restored.log.numbers()).toEqual([1, 2, 3]);
  await restored.stop();
});
