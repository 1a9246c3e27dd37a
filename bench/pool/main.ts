/**
 * pgbench through the pool, through pgbouncer and on connections of its own, in one run; then 10,000 clients on 20 connections.
 *
 * node bench/pool/main.ts [seconds of each load] [clients of the last part]
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrontendWriter } from "@weftkit/wire-postgres";
import { postgresProgram } from "../postgres.ts";
import { type Contender, startPgbouncer, startPool, startPostgres, stop, usageOf } from "./contenders.ts";

const seconds = Number(process.argv[2] ?? 5);
const crowd = Number(process.argv[3] ?? 10_000);
const [postgresPort, poolPort, pgbouncerPort] = [25_432, 26_432, 26_433];

function pgbench(port: number, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(
    postgresProgram("pgbench"),
    ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", ...args, "postgres"],
    { encoding: "utf8" },
  );
  return stdout + stderr;
}

function load(contender: Contender, mode: string, clients: number): void {
  const before = usageOf(contender);
  const said = pgbench(contender.port, [
    "-S",
    "-n",
    "-M",
    mode,
    "-c",
    String(clients),
    "-T",
    String(seconds),
  ]);
  const rate = Number(/tps = ([\d.]+)/.exec(said)?.[1] ?? 0);
  const cpuMicroseconds = ((usageOf(contender).cpuSeconds - before.cpuSeconds) * 1e6) / (rate * seconds);
  const cpu =
    contender.name === "PostgreSQL alone" ? "" : `, ${cpuMicroseconds.toFixed(1)} us of processor each`;
  const outcome = rate === 0 ? said.trim().split("\n").at(-1) : `${Math.round(rate)} transactions/s${cpu}`;
  console.log(
    `${mode.padEnd(9)} ${String(clients).padStart(4)} clients  ${contender.name.padEnd(17)} ${outcome}`,
  );
}

/** Logs so many clients in, and lets each ask once; resolves to what an idle client costs, bytes. */
async function gather(contender: Contender, count: number): Promise<void> {
  const before = usageOf(contender).residentBytes;
  const sockets: Socket[] = [];
  const startup = new FrontendWriter();
  startup.startup([
    ["user", "postgres"],
    ["database", "postgres"],
  ]);
  const hello = startup.take();
  const question = new FrontendWriter();
  question.query("SELECT 1");
  const ask = question.take();
  const isReady = (bytes: Buffer) => bytes.subarray(-6, -1).equals(Buffer.from([0x5a, 0, 0, 0, 5]));
  const ready = async (socket: Socket) => {
    for (;;) {
      const [bytes] = (await once(socket, "data")) as [Buffer];
      if (isReady(bytes)) return;
    }
  };
  for (let from = 0; from < count; from += 200) {
    await Promise.all(
      Array.from({ length: Math.min(200, count - from) }, async () => {
        const socket = connect(contender.port, "127.0.0.1");
        sockets.push(socket);
        await once(socket, "connect");
        const isIn = ready(socket);
        socket.write(hello);
        await isIn;
      }),
    );
  }
  const idle = usageOf(contender).residentBytes - before;
  const started = performance.now();
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      sockets.map((socket) => {
        const answered = ready(socket);
        socket.write(ask);
        return answered;
      }),
    );
  }
  const rate = (count * 3) / ((performance.now() - started) / 1000);
  console.log(
    `${count} clients on 20 connections: ${contender.name} ${(idle / count / 1024).toFixed(2)} KiB for an idle one, ${Math.round(rate)} answers/s when all ask at once`,
  );
  for (const socket of sockets) socket.destroy();
}

const postgres = await startPostgres(postgresPort);
const pool = await startPool(poolPort, postgresPort);
const pgbouncer = await startPgbouncer(pgbouncerPort, postgresPort);
const contenders = [postgres, pool, ...(pgbouncer === undefined ? [] : [pgbouncer])];
try {
  pgbench(postgresPort, ["-i", "-q"]);
  for (const mode of ["simple", "extended", "prepared"]) {
    for (const contender of contenders) load(contender, mode, 32);
  }
  for (const contender of contenders.slice(1)) await gather(contender, crowd);
} finally {
  for (const contender of contenders) await stop(contender);
}
