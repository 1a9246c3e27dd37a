import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Program } from "@weftkit/testing/program";
import { Redis } from "ioredis";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { login, type Page, pageFor } from "./page.ts";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const two = ["relational", "inmemory"];

/** Resolves when what stands before the modules is ready: the last of all. */
function ready(program: Program): Promise<true> {
  return program.said("the gateway is ready", (line) => {
    const { msg, image } = JSON.parse(line) as { msg: string; image: string };
    return (msg === "ready" && image === "gateway") || undefined;
  });
}

function clientsOf({ port, certificate }: Page) {
  const ca = readFileSync(certificate.cert);
  const at = { host: "localhost", port };
  return {
    sql: new pg.Client({ ...at, database: "weftkit", ...login, ssl: { ca }, enableChannelBinding: true }),
    redis: () => new Redis({ ...at, tls: { ca }, username: login.user, password: login.password }),
  };
}

describe("several modules", () => {
  test("share a port, keep what they have, and end together", async () => {
    const page = await pageFor(two);
    const program = page.start(main);
    await ready(program);
    const { sql, redis } = clientsOf(page);
    await sql.connect();
    await sql.query("CREATE TABLE item (id int PRIMARY KEY)");
    await sql.query("INSERT INTO item VALUES (1)");
    await sql.end();
    const cache = redis();
    expect(await cache.set("a", "1")).toBe("OK");
    cache.disconnect();
    expect(await program.terminate()).toBe(0);
    expect(readdirSync(join(page.folder, "data")).sort()).toEqual(["inmemory", "relational"]);

    const again = page.start(main);
    await ready(again);
    const { sql: later, redis: laterRedis } = clientsOf(page);
    await later.connect();
    expect((await later.query("SELECT id FROM item")).rows).toEqual([{ id: 1 }]);
    await later.end();
    const laterCache = laterRedis();
    expect(await laterCache.get("a")).toBe("1");
    laterCache.disconnect();
    expect(await again.terminate()).toBe(0);
  });

  test("refuse clients without TLS in their protocol", async () => {
    const page = await pageFor(two);
    await ready(page.start(main));
    const sql = new pg.Client({ host: "localhost", port: page.port, database: "weftkit", ...login });
    await expect(sql.connect()).rejects.toThrow("this needs TLS");
    const redis = new Redis({
      host: "localhost",
      port: page.port,
      lazyConnect: true,
      retryStrategy: () => null,
    });
    redis.on("error", () => {});
    await expect(redis.connect()).rejects.toThrow();
  });

  test("end when one of them does, so that they are started again together", async () => {
    const page = await pageFor(two);
    const program = page.start(main);
    await ready(program);
    const pid = program.child.pid!;
    const [engine] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").map(Number);
    process.kill(engine!, "SIGKILL");
    expect(await program.exited).toBe(70);
  });

  test("end when what started them is gone", async () => {
    const page = await pageFor(two);
    const program = page.start(main);
    await ready(program);
    // It has ended when they have let go of its output, too.
    await program.kill();
    expect(program.lines.filter((line) => JSON.parse(line).msg === "stopped")).toHaveLength(3);
  });

  test("end with what one of them says when the port is taken", async () => {
    const page = await pageFor(two);
    const other = createServer().listen(page.port, "127.0.0.1");
    await once(other, "listening");
    expect(await page.start(main).exited).toBe(69);
    other.close();
  });

  test.each([
    ["one that there is not", { modules: '["relational", "inmemry"]' }, "did you mean inmemory?"],
    ["one twice", { modules: '["relational", "relational"]' }, "names relational twice"],
    ["one module beside them", { module: '"relational"' }, "keep one of them"],
    ["a protocol", { protocol: '"postgresql"' }, "with standalone.modules leave it out"],
    ["no TLS", { tls_cert: undefined, tls_key: undefined }, "must use TLS"],
    ["certificates of clients", { auth_method: '"mtls"' }, "need one module"],
  ])("do not start with %s", async (_, changes, message) => {
    const page = await pageFor(two);
    Object.assign(page.keys, changes);
    const program = page.start(main);
    expect(await program.exited).toBe(78);
    expect(program.errors).toContain(message);
  });
});
