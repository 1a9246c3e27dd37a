import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { patientMs } from "@weftkit/testing/patience";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { Redis } from "ioredis";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { routesFile, startGateway } from "./start-gateway.ts";

const images = join(import.meta.dirname, "..", "..");
const engine = (name: string) =>
  new EngineProgram(join(images, name, "src", "main.ts"), temporaryFolder()).ready();

test("100 changes of the routes under load fail no request", { timeout: patientMs(60_000) }, async () => {
  const [relational, inmemory, markdown] = await Promise.all(
    ["relational", "inmemory", "markdown"].map(engine),
  );
  const text = (round: number) => `
backends = ["relational/r${round}=127.0.0.1:${relational!.port}", "inmemory/r${round}=127.0.0.1:${inmemory!.port}", "markdown/r${round}=127.0.0.1:${markdown!.port}"]
[[routes]]
name = "sql ${round}"
target = "relational/r${round}"
[[routes]]
target = "inmemory/r${round}"
[[routes]]
target = "markdown/r${round}"
`;
  const file = routesFile(text(0));
  const { service, lines } = await startGateway({ routes_file: file });
  const port = service.portOf("shared");
  let isOver = false;
  const done = { sql: 0, resp: 0, http: 0, connections: 0 };
  const redis = new Redis({ port, host: "127.0.0.1", retryStrategy: () => null });
  const sql = new pg.Client({ host: "127.0.0.1", port, user: "postgres" });
  await sql.connect();
  onTestFinished(() => redis.disconnect());
  const loads = [
    async () => {
      expect((await sql.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
      done.sql++;
    },
    async () => {
      expect(await redis.ping()).toBe("PONG");
      done.resp++;
    },
    async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/nothing`);
      expect([answer.status, (await answer.text()).length > 0]).toEqual([404, true]);
      done.http++;
    },
    async () => {
      const fresh = new pg.Client({ host: "127.0.0.1", port, user: "postgres" });
      await fresh.connect();
      await fresh.query("SELECT 1");
      await fresh.end();
      done.connections++;
    },
  ].map(async (load) => {
    while (!isOver) await load();
  });
  const reloads = () => lines.filter(({ msg }) => msg === "routes were read again").length;
  const changes = (async () => {
    for (let round = 1; round <= 100; round++) {
      writeFileSync(file, text(round));
      const before = reloads();
      await expect.poll(reloads, { interval: 5, timeout: patientMs(5000) }).toBeGreaterThan(before);
    }
    isOver = true;
  })();
  await Promise.all([changes, ...loads]);
  await sql.end();
  console.log("requests during 100 changes:", done);
  expect(Math.min(...Object.values(done))).toBeGreaterThan(10);
});

test("SIGTERM under load: what was asked is answered", { timeout: patientMs(60_000) }, async () => {
  const [relational, markdown] = await Promise.all(["relational", "markdown"].map(engine));
  const gateway = await gatewayProgram([
    `relational=127.0.0.1:${relational!.port}`,
    `markdown=127.0.0.1:${markdown!.port}`,
  ]);
  const sql = new pg.Client({ host: "127.0.0.1", port: gateway.port, user: "postgres" });
  await sql.connect();
  const errors: Error[] = [];
  sql.on("error", (error) => errors.push(error));
  // The statement and the requests are under way when the signal comes.
  const slow = sql.query("SELECT pg_sleep(1), 1 AS one");
  const answers = Array.from({ length: 20 }, () => fetch(`http://127.0.0.1:${gateway.port}/v1/nothing`));
  await expect.poll(() => requestsOf(gateway.adminPort)).toBeGreaterThanOrEqual(answers.length);
  gateway.program.child.kill("SIGTERM");
  expect((await slow).rows[0]).toMatchObject({ one: 1 });
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(new Array(20).fill(404));
  expect(await gateway.program.exited).toBe(0);
  await sql.end().catch(() => {});
});

/** How many requests have reached a gateway. */
async function requestsOf(adminPort: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const counts = metrics.matchAll(/^weftkit_gateway_route_requests_total\{.*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** A gateway as its image runs it. */
async function gatewayProgram(backends: readonly string[]) {
  const program = new Program(join(images, "gateway", "src", "main.ts"), {
    env: {
      WEFTKIT_BIND: "127.0.0.1",
      WEFTKIT_ADMIN_PORT: "0",
      WEFTKIT_GATEWAY_PORT: "0",
      WEFTKIT_GATEWAY_MAX_CONNECTIONS: "20000",
      WEFTKIT_GATEWAY_ACCESS_LOG: "false",
      WEFTKIT_GATEWAY_BACKENDS: backends.join(","),
    },
  });
  const { adminPort } = await program.said("ready", (line) => {
    const said = line.startsWith("{") ? (JSON.parse(line) as { msg: string; adminPort: number }) : undefined;
    return said?.msg === "ready" ? said : undefined;
  });
  const status = (await (await fetch(`http://127.0.0.1:${adminPort}/v1/status`)).json()) as {
    service: { ports: Record<string, number> };
  };
  return { program, adminPort, port: status.service.ports.shared! };
}

test(
  "idle connections cost little, and others are served beside them",
  { timeout: patientMs(120_000) },
  async () => {
    const count = Number(process.env.WEFTKIT_TEST_CONNECTIONS ?? 1000);
    const inmemory = await engine("inmemory");
    const { program, port } = await gatewayProgram([`inmemory=127.0.0.1:${inmemory.port}`]);
    const residentBytes = () => {
      const status = readFileSync(`/proc/${program.child.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
    };
    const before = residentBytes();
    const sockets: Socket[] = [];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    const open = async () => {
      const socket = connect(port, "127.0.0.1");
      sockets.push(socket);
      socket.write("PING\r\n");
      const [answer] = (await once(socket, "data")) as [Buffer];
      expect(answer.toString()).toBe("+PONG\r\n");
    };
    while (sockets.length < count)
      await Promise.all(Array.from({ length: Math.min(100, count - sockets.length) }, open));
    const client = new Redis({ port, host: "127.0.0.1" });
    onTestFinished(() => client.disconnect());
    for (let round = 0; round < 100; round++) expect(await client.ping()).toBe("PONG");
    const perConnection = (residentBytes() - before) / count;
    console.log(
      `${count} idle connections: ${Math.round(before / 2 ** 20)} MB before, ${Math.round(residentBytes() / 2 ** 20)} MB with them, ${Math.round(perConnection)} bytes each`,
    );
    expect(perConnection).toBeLessThan(40_000);
  },
);
