/**
 * What a proxy adds: RESP, PostgreSQL and HTTP directly, through HAProxy (one thread) and through the gateway, in one run.
 *
 * node bench/gateway/main.ts [seconds of each load] [connections, as 1,32,128]
 *
 * Needs redis-server, PostgreSQL and haproxy (Debian's packages). The generator shares the machine with all of them: compare
 * processor time before rates.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrontendWriter } from "@weftkit/wire-postgres";
import { cpuSeconds } from "../inmemory/cpu-time.ts";
import { startPostgres, stop } from "../pool/contenders.ts";
import { type Contender, start, startGateway, startHaproxy, startHttpServer } from "./contenders.ts";

const seconds = Number(process.argv[2] ?? 5);
const counts = (process.argv[3] ?? "1,32,128").split(",").map(Number);

/** A request that is asked again and again, and how its answer ends. */
interface Load {
  readonly name: string;
  readonly login?: Buffer;
  readonly request: Buffer;
  readonly answerEnd: Buffer;
}

function startup(): Buffer {
  const writer = new FrontendWriter();
  writer.startup([
    ["user", "postgres"],
    ["database", "postgres"],
  ]);
  return Buffer.from(writer.take());
}

function query(): Buffer {
  const writer = new FrontendWriter();
  writer.query("SELECT 1");
  return Buffer.from(writer.take());
}

const resp: Load = {
  name: "RESP",
  request: Buffer.from("*1\r\n$4\r\nPING\r\n"),
  answerEnd: Buffer.from("+PONG\r\n"),
};
const postgres: Load = {
  name: "PostgreSQL",
  login: startup(),
  request: query(),
  answerEnd: Buffer.from([0x5a, 0, 0, 0, 5, 0x49]),
};
const http: Load = {
  name: "HTTP",
  request: Buffer.from("GET /v1/bench HTTP/1.1\r\nHost: bench.example.com\r\nAccept: */*\r\n\r\n"),
  answerEnd: Buffer.from("#end"),
};

interface Outcome {
  readonly rate: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Of the proxy, for each request. */
  readonly cpuUs: number | undefined;
}

/** One connection of the load: each request is asked when the one before was answered. */
async function client(port: number, load: Load): Promise<{ socket: Socket; run(told: () => void): void }> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const isEnd = (bytes: Buffer) =>
    bytes.subarray(Math.max(0, bytes.length - load.answerEnd.length)).equals(load.answerEnd);
  const first = Promise.withResolvers<void>();
  let told: () => void = first.resolve;
  socket.on("data", (bytes: Buffer) => {
    if (isEnd(bytes)) told();
  });
  socket.on("close", () => first.reject(new Error(`${load.name}: the connection was closed`)));
  socket.write(load.login ?? load.request);
  await first.promise;
  return {
    socket,
    run: (answered) => {
      told = answered;
      socket.write(load.request);
    },
  };
}

async function measure({ port, pid }: Contender, load: Load, connections: number): Promise<Outcome> {
  const clients = await Promise.all(Array.from({ length: connections }, () => client(port, load)));
  const warmUntilMs = performance.now() + Math.min(2000, (seconds * 1000) / 2);
  const untilMs = warmUntilMs + seconds * 1000;
  const timesMs: number[] = [];
  let cpuBefore: number | undefined;
  const over = Promise.withResolvers<void>();
  let left = connections;
  for (const { socket, run } of clients) {
    let askedMs = performance.now();
    const answered = () => {
      const nowMs = performance.now();
      if (nowMs > warmUntilMs) {
        if (pid !== undefined) cpuBefore ??= cpuSeconds(pid);
        timesMs.push(nowMs - askedMs);
      }
      if (nowMs > untilMs) {
        socket.destroy();
        if (--left === 0) over.resolve();
        return;
      }
      askedMs = nowMs;
      run(answered);
    };
    run(answered);
  }
  await over.promise;
  const cpu = pid === undefined ? undefined : cpuSeconds(pid) - (cpuBefore ?? 0);
  timesMs.sort((one, other) => one - other);
  const at = (part: number) => (timesMs[Math.floor(timesMs.length * part)] ?? 0) * 1000;
  return {
    rate: timesMs.length / seconds,
    p50Us: at(0.5),
    p99Us: at(0.99),
    cpuUs: cpu === undefined ? undefined : (cpu * 1e6) / timesMs.length,
  };
}

const ports = { redis: 28_379, postgres: 28_432, http: 28_080, gateway: 28_100, haproxy: 28_200 };
const server = await startPostgres(ports.postgres);
await start(
  "redis-server",
  ["--port", String(ports.redis), "--save", "", "--bind", "127.0.0.1"],
  ports.redis,
);
const httpServer = await startHttpServer(ports.http);
const gateway = await startGateway(ports.gateway, [
  `inmemory=127.0.0.1:${ports.redis}`,
  `relational=127.0.0.1:${ports.postgres}`,
  `markdown=127.0.0.1:${ports.http}`,
]);
const haproxies = await Promise.all([
  startHaproxy(ports.haproxy, ports.redis, "tcp"),
  startHaproxy(ports.haproxy + 1, ports.postgres, "tcp"),
  startHaproxy(ports.haproxy + 2, ports.http, "tcp"),
  startHaproxy(ports.haproxy + 3, ports.http, "http"),
]);
const direct = (port: number): Contender => ({ name: "directly", port, pid: undefined });
const ours = (name: string, port: number): Contender => ({
  name,
  port: ports.gateway + port,
  pid: gateway.pid!,
});
const theirs = (name: string, index: number): Contender => ({
  name,
  port: ports.haproxy + index,
  pid: haproxies[index]!.pid!,
});
const runs: readonly (readonly [Load, readonly Contender[]])[] = [
  [resp, [direct(ports.redis), theirs("HAProxy", 0), ours("gateway", 4), ours("gateway, shared", 8)]],
  [postgres, [direct(ports.postgres), theirs("HAProxy", 1), ours("gateway", 0), ours("gateway, shared", 8)]],
  [
    http,
    [
      direct(ports.http),
      theirs("HAProxy tcp", 2),
      ours("gateway, unread", 6),
      theirs("HAProxy http", 3),
      ours("gateway, requests", 8),
    ],
  ],
];
for (const [load, contenders] of runs) {
  for (const connections of counts) {
    let base: Outcome | undefined;
    for (const contender of contenders) {
      const outcome = await measure(contender, load, connections);
      base ??= outcome;
      const { rate, p50Us, p99Us, cpuUs } = outcome;
      const cells = [
        load.name.padEnd(11),
        `${connections}`.padStart(4),
        contender.name.padEnd(18),
        `${Math.round(rate)}/s`.padStart(10),
        `p50 ${p50Us.toFixed(0)} us (+${(p50Us - base.p50Us).toFixed(0)})`.padEnd(20),
        `p99 ${p99Us.toFixed(0)} us (+${(p99Us - base.p99Us).toFixed(0)})`.padEnd(22),
        cpuUs === undefined
          ? ""
          : `${cpuUs.toFixed(1)} us of processor, ${Math.round(1e6 / cpuUs)} a second of it`,
      ];
      console.log(cells.join("  "));
    }
  }
}
httpServer.closeAllConnections();
httpServer.close();
for (const child of haproxies) child.kill("SIGKILL");
gateway.kill("SIGKILL");
await stop(server);
process.exit(0);
