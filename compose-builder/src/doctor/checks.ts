import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { availableMemory } from "node:process";
import { promisify } from "node:util";
import type { NativeSupport } from "@weftkit/core";
import { memorySupport } from "@weftkit/inmemory/segment-pool";
import { socketsSupport } from "@weftkit/sockets";
import { interruptSupport } from "@weftkit/store";
import { builtEngines } from "../images.ts";
import { portProblem } from "../local/ports.ts";

/** What one look at the machine found. */
export interface Finding {
  readonly check: string;
  /** `warning`: only some commands need it. */
  readonly state: "ok" | "warning" | "failed";
  readonly found: string;
  readonly hint?: string;
}

type Check = (options: { readonly dataDir: string }) => Finding | Finding[] | Promise<Finding | Finding[]>;

const adminPort = 9464;
const gibibyte = 1024 ** 3;
const memoryBytesMin = gibibyte / 2;
const diskBytesMin = gibibyte;

/** Every check, in the order of the output. */
export const checks: readonly Check[] = [
  nodeVersion,
  statementInterrupt,
  nativeSockets,
  nativeMemory,
  dockerEngine,
  composePlugin,
  ports,
  dataDirectory,
  memory,
];

/** zstd in node:zlib came with 22.15. */
function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const found = process.versions.node;
  if (major > 22 || (major === 22 && minor >= 15)) return { check: "node", state: "ok", found };
  return { check: "node", state: "failed", found, hint: "Node 22.15 or later is needed." };
}

/** A module that is compiled from C: what it is for, and what is done without it. Images bring all of them. */
function compiledModule(
  check: string,
  { available, why }: NativeSupport,
  found: string,
  without: string,
): Finding {
  if (available) return { check, state: "ok", found: `${found}: the module is compiled` };
  return {
    check,
    state: "warning",
    found: why ?? "the module is missing",
    hint: `${without} Install a C compiler and build again; images have it.`,
  };
}

function statementInterrupt(): Finding {
  return compiledModule(
    "interrupt",
    interruptSupport(),
    "statements can be ended",
    "Deadlines are looked at before and after a statement only.",
  );
}

function nativeSockets(): Finding {
  return compiledModule(
    "sockets",
    socketsSupport(),
    "many are read with one call",
    "weftkit/inmemory uses Node's own streams, which cost more processor time; the module is for Linux.",
  );
}

function nativeMemory(): Finding {
  return compiledModule(
    "memory return",
    memorySupport(),
    "unused memory is given back",
    "weftkit/inmemory leaves unused memory to Node's garbage collector, which may keep it; the module is for Linux.",
  );
}

async function dockerEngine(): Promise<Finding> {
  const version = await output("docker", ["version", "--format", "{{.Server.Version}}"]);
  if (version !== undefined) return { check: "docker engine", state: "ok", found: version };
  return {
    check: "docker engine",
    state: "warning",
    found: "not reachable",
    hint: "Needed by `weftkit compose` files, not by `weftkit up`: install Docker, or start it.",
  };
}

async function composePlugin(): Promise<Finding> {
  const version = await output("docker", ["compose", "version", "--short"]);
  const check = "docker compose";
  if (version === undefined) {
    return {
      check,
      state: "warning",
      found: "not installed",
      hint: "Needed by `weftkit compose` files: install the compose plugin.",
    };
  }
  if (Number.parseInt(version.replace(/^v/, ""), 10) >= 2) return { check, state: "ok", found: version };
  return { check, state: "warning", found: version, hint: "The files need Compose 2 or later." };
}

function ports(): Promise<Finding[]> {
  const wanted = [
    ...Object.entries(builtEngines).map(([engine, { port }]) => ({
      owner: engine,
      port,
      flag: `--port ${engine}=PORT`,
    })),
    { owner: "admin", port: adminPort, flag: "--admin-port PORT" },
  ];
  return Promise.all(
    wanted.map(async ({ owner, port, flag }): Promise<Finding> => {
      const check = `port ${port}`;
      const problem = await portProblem("127.0.0.1", port);
      if (problem === undefined) return { check, state: "ok", found: `free (${owner})` };
      return {
        check,
        state: "warning",
        found: `${problem} (${owner})`,
        hint: `Choose another with \`weftkit up ${flag}\`.`,
      };
    }),
  );
}

function dataDirectory({ dataDir }: { readonly dataDir: string }): Finding {
  const check = "data folder";
  const folder = nearestExisting(resolve(dataDir));
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    if (!statSync(folder).isDirectory()) throw new TypeError("not a folder");
  } catch {
    return {
      check,
      state: "failed",
      found: `${folder} is not writable`,
      hint: "Choose another with --data-dir.",
    };
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const found = `${folder} is writable, ${inGibibytes(free)} free`;
  if (free >= diskBytesMin) return { check, state: "ok", found };
  return { check, state: "warning", found, hint: "Less than 1 GB is free." };
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(dirname(folder));
}

function memory(): Finding {
  const available = availableMemory();
  const found = `${inGibibytes(available)} available, ${availableParallelism()} CPUs`;
  if (available >= memoryBytesMin) return { check: "memory", state: "ok", found };
  return { check: "memory", state: "warning", found, hint: "An engine wants 512 MB or more." };
}

function inGibibytes(bytes: number): string {
  return `${(bytes / gibibyte).toFixed(1)} GB`;
}

/** The first line that a program prints, or undefined when it fails or is not there. */
async function output(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: 10_000 });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
