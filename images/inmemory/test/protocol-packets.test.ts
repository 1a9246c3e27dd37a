import { describe, expect, test } from "vitest";
import { Random } from "./oracle/random.ts";
import { RunningEngine } from "./running-engine.ts";
import { encode, encodeWords, type WireClient } from "./wire-client.ts";

describe("where packets end does not matter", () => {
  test("a request cut at every byte gets the same reply", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    const request = Buffer.concat([
      encode("SET", "key", "a\r\nb"),
      Buffer.from("ECHO 'in line'\r\n"),
      encode("GET", "key"),
    ]);
    for (let cut = 1; cut < request.length; cut++) {
      await client.write(request.subarray(0, cut));
      // A reply to someone else shows that the engine has seen the first part and waits for the rest.
      await settled(engine);
      await client.write(request.subarray(cut));
      expect(await client.replies(3)).toEqual(["OK", "in line", "a\r\nb"]);
    }
  });

  test("a request cut off at every byte, the client gone, changes nothing", async () => {
    const engine = await RunningEngine.start();
    const request = encode("SET", "key", "value");
    for (let cut = 1; cut < request.length; cut++) {
      const client = await engine.client();
      await client.write(request.subarray(0, cut));
      client.destroy();
    }
    expect(await (await engine.client()).call("EXISTS", "key")).toBe(0);
  });

  test("a pipeline cut at random places gets the replies of the same pipeline in one piece", async () => {
    const random = new Random(20_260_701);
    const engine = await RunningEngine.start();
    for (let round = 0; round < 40; round++) {
      const pipeline = randomPipeline(random);
      const whole = await replies(engine, [pipeline.bytes], pipeline.count);
      const pieces: Buffer[] = [];
      for (let at = 0; at < pipeline.bytes.length; ) {
        const length = random.pick([1, 2, 7, 100, 1000, 20_000]);
        pieces.push(pipeline.bytes.subarray(at, at + length));
        at += length;
      }
      expect(await replies(engine, pieces, pipeline.count)).toEqual(whole);
    }
  });

  test("thirty clients whose requests come in pieces at the same time each get what is theirs", async () => {
    const engine = await RunningEngine.start();
    const rounds = 12;
    const results = await Promise.all(
      Array.from({ length: 30 }, async (_, id) => {
        const random = new Random(1000 + id);
        const client = await engine.client();
        const wrong: unknown[] = [];
        for (let round = 0; round < rounds; round++) {
          const values = Array.from({ length: 8 }, (_, i) =>
            `${id}/${round}/${i};`.repeat(random.pick([1, 100, 900, 9000])),
          );
          const request = Buffer.concat(
            values.flatMap((value, i) => [
              encode("SET", `key:${id}:${i}`, value),
              encode("BLPOP", `list:${id}`, "0.001"),
              encode("GET", `key:${id}:${i}`),
            ]),
          );
          for (let at = 0; at < request.length; ) {
            const length = random.pick([100, 3000, 9000, 70_000]);
            await client.write(request.subarray(at, at + length));
            at += length;
          }
          const got = await client.replies(values.length * 3);
          values.forEach((value, i) => {
            if (got[i * 3] !== "OK" || got[i * 3 + 1] !== null || got[i * 3 + 2] !== value)
              wrong.push([id, round, i]);
          });
        }
        return wrong;
      }),
    );
    expect(results.flat()).toEqual([]);
  });

  test("500,000 keys in one MSET, in packets of some hundred bytes, take time in proportion", async () => {
    const engine = await RunningEngine.start();
    const timeOf = async (pairs: number) => {
      const client = await engine.client();
      const words = Array.from({ length: pairs * 2 }, (_, index) => `k${index >> 1}`);
      const request = encodeWords(["MSET", ...words]);
      const startedMs = performance.now();
      for (let at = 0; at < request.length; at += 512) client.socket.write(request.subarray(at, at + 512));
      expect(await client.reply()).toBe("OK");
      return performance.now() - startedMs;
    };
    await timeOf(1000);
    const small = await timeOf(50_000);
    const large = await timeOf(500_000);
    // Ten times as much; quadratic would be a hundred times.
    expect(large / small).toBeLessThan(40);
    expect(await (await engine.client()).call("DBSIZE")).toBe(500_000);
  });

  test("a value of 64 MB arrives whole, and goes back whole", async () => {
    const engine = await RunningEngine.start();
    const client = await engine.client();
    const value = Buffer.alloc(64 << 20, "0123456789abcdef");
    await client.write(encode("SET", "big", value));
    expect(await client.reply()).toBe("OK");
    expect(await client.call("STRLEN", "big")).toBe(value.length);
    expect(await client.call("GET", "big")).toHaveLength(value.length);
    expect(await client.call("GETRANGE", "big", -3, -1)).toBe("def");
  });
});

test("random bytes end their own connection at most", async () => {
  const random = new Random(99);
  const engine = await RunningEngine.start();
  const witness = await engine.client();
  await witness.call("SET", "kept", "value");
  for (let round = 0; round < 300; round++) {
    const client = await engine.client();
    const bytes = Buffer.from(random.many(1, 3000, () => random.below(256)));
    if (random.chance(30)) bytes[0] = random.pick([0x2a, 0x24]);
    if (random.chance(30)) bytes.fill(0, 0, random.below(bytes.length));
    await client.write(bytes);
    await client.write("\r\n");
    client.socket.end();
    await client.closed;
  }
  expect(await witness.call("GET", "kept")).toBe("value");
});

/** Resolves when the engine has read what was written to it before. */
async function settled(engine: RunningEngine): Promise<void> {
  const other = await engine.client();
  await other.call("PING");
  other.destroy();
}

async function replies(engine: RunningEngine, pieces: readonly Buffer[], count: number): Promise<unknown[]> {
  const client: WireClient = await engine.client();
  await client.call("FLUSHALL");
  for (const piece of pieces) client.socket.write(piece);
  const values = await client.replies(count);
  client.destroy();
  return values;
}

/** Commands of all kinds, valid and not, some long, some inline. */
function randomPipeline(random: Random): { bytes: Buffer; count: number } {
  const key = () => `key${random.below(4)}`;
  const requests = random.many(1, 60, () => {
    switch (random.below(8)) {
      case 0:
        return encode("SET", key(), "v".repeat(random.pick([0, 1, 50, 5000, 100_000])));
      case 1:
        return encode("GET", key());
      case 2:
        return encode("RPUSH", key(), ...random.many(1, 200, () => `e${random.below(1000)}`));
      case 3:
        return encode("LRANGE", key(), 0, -1);
      case 4:
        return Buffer.from(`INCRBY ${key()} ${random.below(100)}\r\n`);
      case 5:
        return Buffer.from(`\r\n*0\r\nECHO "${"y".repeat(random.below(300))}"\n`);
      case 6:
        return encode("NOSUCHCOMMAND", key());
      default:
        return encode("MGET", ...random.many(1, 100, key));
    }
  });
  return { bytes: Buffer.concat(requests), count: requests.length };
}
