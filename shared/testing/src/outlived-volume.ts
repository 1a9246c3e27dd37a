import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect } from "vitest";
import { EngineProgram } from "./engine-program.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const inmemory = join(import.meta.dirname, "../../../images/inmemory/src/main.ts");
const adminToken = "an admin token";
/** More than the 4 MiB of a part, and nothing that shrinks. */
const valueBytes = 6 * 1024 * 1024;

/**
 * What all of persistence is for: an engine writes and pushes, is killed, its volume is gone, and the next one on an empty volume
 * has everything; the same where the engine ends by SIGTERM, and pushes what it has not pushed yet.
 *
 * @param url the function's base URL, with a lease of a few seconds, as the next engine waits for the end of it
 */
export async function expectStateToOutliveVolume(url: string, secret: string): Promise<void> {
  const secretFile = join(temporaryFolder(), "secret");
  writeFileSync(secretFile, secret);
  const env = {
    WEFTKIT_ADMIN_TOKEN: adminToken,
    WEFTKIT_PERSIST_MODE: "serverless",
    WEFTKIT_PERSIST_URL: url,
    WEFTKIT_PERSIST_SECRET_FILE: secretFile,
    WEFTKIT_PERSIST_REPLICA: "0",
    // A lease this short runs out on a machine that is busy; there is nobody else who could have claimed it.
    WEFTKIT_PERSIST_PREFER: "availability",
    WEFTKIT_PERSIST_SHUTDOWN_BUDGET: "120s",
  };
  const values: Buffer[] = [];
  for (const end of ["kill", "terminate", "kill"] as const) {
    await using engine = await new EngineProgram(inmemory, temporaryFolder(), env).ready();
    const redis = new Redis(engine.port, "127.0.0.1");
    try {
      expect(await redis.dbsize()).toBe(values.length);
      for (const [index, value] of values.entries()) {
        const found = await redis.getBuffer(`value-${index}`);
        expect(found?.equals(value), `value-${index}`).toBe(true);
      }
      const value = randomBytes(valueBytes);
      await redis.set(`value-${values.length}`, value);
      values.push(value);
    } finally {
      redis.disconnect();
    }
    if (end === "kill") {
      await push(engine);
      await engine.kill();
    } else {
      expect(await engine.terminate()).toBe(0);
    }
  }
}

async function push({ adminPort }: EngineProgram): Promise<void> {
  const reply = await fetch(`http://127.0.0.1:${adminPort}/v1/persist/flush`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}` },
  });
  expect(reply.status, await reply.text()).toBe(200);
}
