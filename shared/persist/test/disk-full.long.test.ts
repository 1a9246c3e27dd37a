import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FunctionServer } from "./function-server.ts";
import { StoreEngine } from "./store-engine.ts";

const root = mkdtempSync(join(tmpdir(), "persist-full-"));
const volume = join(root, "volume");
let server: FunctionServer;

/** A namespace of its own for the question, so that nothing is left mounted by it. */
const mayMount =
  spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", tmpdir()], { stdio: "ignore" }).status ===
  0;
if (!mayMount)
  console.log("not allowed to mount volumes: a volume that is full during a capture is left out here");

beforeAll(async () => {
  server = await FunctionServer.start(join(root, "store"), { leaseMs: 600 });
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

test.skipIf(!mayMount)(
  "a volume that is full during a capture delays the push, and nothing more",
  async () => {
    mkdirSync(volume);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", volume]);
    try {
      const engine = await StoreEngine.start({ dataDir: volume, url: server.url });
      let last = 0;
      for (let i = 0; i < 200; i++) last = await engine.write();
      await engine.persistence.flush();
      for (let i = 0; i < 1000; i++) last = await engine.write();

      const { bavail, bsize } = statfsSync(volume);
      writeFileSync(join(volume, "filler"), Buffer.alloc(bavail * bsize - 64 * 1024));
      await expect(engine.persistence.flush()).rejects.toMatchObject({ code: "capture_failed" });
      expect((await engine.numbers()).length).toBe(last);

      rmSync(join(volume, "filler"));
      await engine.persistence.flush();
      last = await engine.write();
      await engine.stop();

      const restored = await StoreEngine.start({ dataDir: join(root, "restored"), url: server.url });
      expect(await restored.check()).toBe("ok");
      expect((await restored.numbers()).at(-1)).toBe(last);
      await restored.stop();
    } finally {
      execFileSync("umount", ["--lazy", volume]);
    }
  },
);
