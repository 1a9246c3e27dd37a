import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { RunningEngine } from "../running-engine.ts";
import { dumped } from "./definitions.ts";
import { postgresBinaries, startPostgres } from "./postgres.ts";

const binaries = postgresBinaries();
const dumpProgram = binaries === undefined ? undefined : join(binaries, "pg_dump");
const version =
  dumpProgram !== undefined && existsSync(dumpProgram)
    ? Number(/ (\d+)/.exec(execFileSync(dumpProgram, ["--version"]).toString())?.[1])
    : 0;

/** What pg_dump writes of a server, without what is another one each time. */
async function dump(host: string, port: number, database: string): Promise<string> {
  const args = ["-h", host, "-p", String(port), "-U", "postgres", database];
  const { stdout } = await promisify(execFile)(dumpProgram!, args);
  return stdout
    .split("\n")
    .filter((line) => !/^(\\(un)?restrict|-- Dumped)/.test(line))
    .join("\n");
}

describe.skipIf(version < 18)("pg_dump (skipped without that of PostgreSQL 18 or newer)", () => {
  test("writes of ours what it writes of PostgreSQL with the same definitions", async () => {
    const real = await startPostgres(binaries!);
    const admin = await real.connect();
    await admin.query(dumped);
    const ours = await RunningEngine.start();
    const client = await ours.client({ user: "postgres" });
    await client.query(dumped);
    const expected = await dump(real.host, 5432, "postgres");
    const written = await dump("127.0.0.1", ours.port, "weftkit");
    expect(written).toBe(expected);
    await admin.end();
    await real.stop();
  });
});
