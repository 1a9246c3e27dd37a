import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { startService } from "@weftkit/host";
import { freePort } from "@weftkit/testing/free-ports";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { isPostgresMissing, RealPostgres } from "@weftkit/testing/real-postgres";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { BackendWriter, FrontendWriter } from "@weftkit/wire-postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { Pool } from "../src/pool.ts";
import { login, startPool, value } from "./start-pool.ts";

const seed = Number(process.env.WEFTKIT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** A relay whose connections can be cut; what stands between the pool and its server. */
async function relay(target: number): Promise<{ readonly port: number; cut(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        near.destroy();
        far.destroy();
        sockets.delete(socket);
      });
    }
    near.pipe(far).pipe(near);
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return { port, cut };
}

describe.skipIf(isPostgresMissing)("faults", () => {
  test("a server that is lost fails what it had, and nothing else", async () => {
    const postgres = await RealPostgres.start();
    const between = await relay(postgres.port);
    const pool = await startPool({
      backends: [`relational=127.0.0.1:${between.port}`],
      default_pool_size: 2,
      server_login_retry: "50ms",
    });
    const [busy, idle] = [await login(pool.service.port), await login(pool.service.port)];
    await busy.query("BEGIN");
    expect(await value(idle, "SELECT 1")).toBe(1);
    between.cut();
    await expect(busy.query("SELECT 1")).rejects.toThrow();
    expect(await value(idle, "SELECT 2")).toBe(2);
  });

  test("the tables are read again under load, and a mistake leaves the old ones", async () => {
    const postgres = await RealPostgres.start();
    const file = join(temporaryFolder(), "databases.toml");
    const write = (size: number) =>
      writeFileSync(
        file,
        `[[databases]]\nname = "postgres"\naddress = "127.0.0.1:${postgres.port}"\npool_size = ${size}\n`,
      );
    write(2);
    const pool = await startPool({ databases_file: file });
    const clients = await Promise.all(Array.from({ length: 8 }, () => login(pool.service.port)));
    const console = await login(pool.service.port, { database: "weftkit" });
    let isDone = false;
    const load = clients.map(async (client, index) => {
      for (let at = 0; !isDone; at++)
        expect(await value(client, `SELECT ${index * 1000 + at}`)).toBe(index * 1000 + at);
    });
    for (let size = 3; size < 8; size++) {
      write(size);
      await console.query("RELOAD");
      const { rows } = await console.query("SHOW DATABASES");
      expect(Number(rows[0].pool_size)).toBe(size);
    }
    writeFileSync(file, "[[databases]]\nnome = 1\n");
    await expect(console.query("RELOAD")).rejects.toThrow("databases.toml:2");
    isDone = true;
    await Promise.all(load);
  });

  test("a shutdown lets transactions end, and tells the idle", async () => {
    const postgres = await RealPostgres.start();
    const pool = await startPool({ backends: [`relational=127.0.0.1:${postgres.port}`] });
    const [busy, idle] = [await login(pool.service.port), await login(pool.service.port)];
    const told = new Promise<{ code?: string }>((resolve) => idle.once("error", resolve));
    await busy.query("BEGIN");
    const stopped = pool.stop(10_000);
    expect((await told).code).toBe("57P01");
    expect(await value(busy, "SELECT 7")).toBe(7);
    await busy.query("COMMIT");
    await stopped;
  });

  test("clients that send nonsense cost themselves only", async () => {
    const random = randomIntegers(seed);
    const postgres = await RealPostgres.start();
    const pool = await startPool({
      backends: [`relational=127.0.0.1:${postgres.port}`],
      default_pool_size: 3,
    });
    const honest = await login(pool.service.port);
    const rounds = Number(process.env.WEFTKIT_TEST_STEPS ?? 150);
    for (let round = 0; round < rounds; round++) {
      const writer = new FrontendWriter();
      if (random(5) > 0) {
        writer.startup([
          ["user", "postgres"],
          ["database", "postgres"],
        ]);
      }
      writer.parse("s", "SELECT $1::int");
      writer.bind("", "s", ["1"]);
      writer.execute("");
      if (random(2) === 0) writer.copyData(Buffer.from("x"));
      writer.sync();
      writer.query("SELECT 1");
      const bytes = writer.take();
      for (let hits = random(4); hits > 0; hits--) bytes[random(bytes.length)] = random(256);
      const socket = connect(pool.service.port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(bytes.subarray(0, 1 + random(bytes.length)));
      socket.end();
      socket.resume();
      await once(socket, "close");
    }
    expect(await value(honest, "SELECT 1"), `seed ${seed}`).toBe(1);
  });

  test("a server that sends nonsense fails its clients, not the pool", async () => {
    const random = randomIntegers(seed);
    const server = createServer((socket) => {
      socket.on("error", () => {});
      let isIn = false;
      socket.on("data", (bytes: Buffer) => {
        const writer = new BackendWriter();
        if (bytes.length === 8) {
          socket.write("N");
          return;
        }
        if (!isIn) {
          writer.authenticationOk();
          writer.parameterStatus("server_version", "17.0");
          writer.backendKeyData(1, Buffer.alloc(4));
          writer.readyForQuery("I");
        } else {
          writer.rowDescription(
            [{ name: "a", tableOid: 0, attributeNumber: 0, typeOid: 25, typeLength: -1, typeModifier: -1 }],
            [],
          );
          writer.dataRow(1, () => "x");
          writer.commandComplete("SELECT 1");
          writer.error({ severity: "ERROR", code: "", message: "" });
          writer.readyForQuery("I");
        }
        const answer = writer.take();
        if (isIn || random(3) === 0)
          for (let hits = random(4); hits > 0; hits--) answer[random(answer.length)] = random(256);
        isIn = true;
        socket.write(answer);
        if (random(2) === 0) socket.end();
      });
    });
    const port = await freePort();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const pool = await startPool({
      backends: [`relational=127.0.0.1:${port}`],
      server_login_retry: "1ms",
      query_wait_timeout: "500ms",
      query_timeout: "500ms",
      server_connect_timeout: "300ms",
    });
    await Promise.all(
      Array.from({ length: 60 }, async () => {
        const writer = new FrontendWriter();
        writer.startup([["user", "postgres"]]);
        writer.query("SELECT 1");
        const socket = connect(pool.service.port, "127.0.0.1");
        socket.on("error", () => {});
        socket.write(writer.take());
        socket.resume();
        if (!socket.closed) await once(socket, "close");
        socket.destroy();
      }),
    );
    const console = await login(pool.service.port, { database: "weftkit" });
    expect((await console.query("SHOW VERSION")).rows).toHaveLength(1);
  });
});

test("mistakes of the configuration are told all at once", async () => {
  const definition = {
    name: "pool" as const,
    version: "0.0.0",
    authenticates: false,
    create: () => new Pool(),
  };
  const starting = startService(definition, { config: { server: { admin_port: 0 }, pool: { port: 0 } } });
  await expect(starting).rejects.toThrow(/backends[\s\S]*users_file/);
});
