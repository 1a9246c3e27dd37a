import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { CountingEngine } from "./counting-engine.ts";
import { FunctionServer } from "./function-server.ts";

const dayMs = 24 * 3_600_000;

test.each([
  ["the engine's", 8 * dayMs, 0],
  ["the engine's", -8 * dayMs, 0],
  ["the function's", 0, 8 * dayMs],
  ["the function's", 0, -8 * dayMs],
])(
  "%s clock off by %d ms during one push (the function's by %d) forgets nothing",
  async (_, engineMs, functionMs) => {
    const root = temporaryFolder();
    const server = await FunctionServer.start(join(root, "store"), { leaseMs: 600 });
    const realNow = Date.now;
    const engine = await CountingEngine.start({ dataDir: join(root, "one"), url: server.url });
    const push = async () => {
      engine.write();
      await engine.persistence.flush();
    };
    try {
      for (let count = 0; count < 5; count++) await push();
      Date.now = () => realNow() + engineMs;
      server.clockOffsetMs = functionMs - engineMs;
      // A function whose clock is far from its store's takes what was just sent for old: the push comes later then.
      await push().catch(() => {});
      Date.now = realNow;
      server.clockOffsetMs = 0;
      for (let count = 0; count < 3; count++) await push();
      expect(engine.persistence.status().restorePoints).toBe(9);
    } finally {
      Date.now = realNow;
      await engine.persistence.abandon();
      await server.stop();
    }
  },
);
