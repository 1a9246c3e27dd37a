import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@weftkit/testing/free-ports";
import { Redis } from "ioredis";
import { expect, onTestFinished } from "vitest";
import { program, projectPrefix, registry, run, tag } from "./docker.ts";

/** A project with one inmemory engine. */
export interface ComposeProject {
  readonly name: string;
  readonly folder: string;
  /** Runs `docker compose ...`; rejects when it fails. */
  compose(...args: string[]): Promise<void>;
  /** Connects to the engine, or to what is before it at another port, with its password. */
  connect(db?: number, port?: number): Redis;
}

/** Writes a project with `weftkit compose`, on a port of its own; it is removed with its volumes when the test ends. */
export async function writeProject(name: string, ...flags: string[]): Promise<ComposeProject> {
  const folder = mkdtempSync(join(tmpdir(), projectPrefix));
  const port = await freePort();
  const project = `${projectPrefix}${name}`;
  const compose = async (...args: string[]) => {
    const { code, stderr } = await run("docker", ["compose", ...args], folder);
    if (code !== 0) throw new Error(`docker compose ${args.join(" ")}: ${stderr}`);
  };
  onTestFinished(async () => {
    await compose("down", "--volumes", "--timeout", "5");
    rmSync(folder, { recursive: true, force: true });
  });
  const which = ["--engines", "inmemory", "--registry", registry, "--tag", tag];
  const where = ["--project", project, "--port", `inmemory=${port}`];
  const written = await run(process.execPath, [program, "compose", ...which, ...where, ...flags], folder);
  expect(written).toMatchObject({ code: 0, stderr: "" });
  const secret = flags.includes("--with") ? "weftkit_password" : "inmemory_password";
  const password = readFileSync(join(folder, "secrets", secret), "utf8").trim();
  return {
    name: project,
    folder,
    compose,
    connect: (db = 0, at = port) => connect(at, password, db),
  };
}

function connect(port: number, password: string, db: number): Redis {
  const redis = new Redis({ port, password, db, maxRetriesPerRequest: 1 });
  // Tests take its server away; what that means for a command, the command says.
  redis.on("error", () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}
