import { existsSync } from "node:fs";
import type { Command } from "commander";
import type { Redis } from "ioredis";
import { Failure } from "../terminal/failure.ts";
import { interruptible } from "../terminal/interrupt.ts";
import { copyAll } from "./copy.ts";
import { fileDestination, serverDestination } from "./destination.ts";
import { fileSource, serverSource } from "./parts.ts";
import { hidden, isRedisUrl, openRedis } from "./redis-server.ts";
import { reportCopied } from "./report.ts";

/** From where to where, and how to get in. */
export interface TransferOptions {
  readonly from: string;
  readonly to: string;
  readonly fromPasswordFile?: string;
  readonly toPasswordFile?: string;
  readonly caFile?: string;
  readonly replace?: true;
  readonly json?: true;
}

export const defaultEngineUrl = "redis://127.0.0.1:6379";

/** Adds what both directions have. */
export function withTransferOptions(command: Command): Command {
  return command
    .option("--from-password-file <file>", "the file of the password of --from")
    .option("--to-password-file <file>", "the file of the password of --to")
    .option("--ca-file <file>", "the certificates that a server with TLS is checked with")
    .option("--replace", "go on where something is: keys of the same name are replaced, and so is a file")
    .option("--json", "print JSON");
}

/** Copies between a server and a server or an RDB file. */
export function transfer(what: string, done: string, options: TransferOptions): Promise<void> {
  return interruptible(async (signal) => {
    const { from, to, caFile, replace = false, json = false } = options;
    const servers: Redis[] = [];
    const open = async (place: string, passwordFile: string | undefined) => {
      const server = await openRedis(place, { passwordFile, caFile });
      servers.push(server);
      return server;
    };
    try {
      const origin = isRedisUrl(from) ? await open(from, options.fromPasswordFile) : undefined;
      const target = isRedisUrl(to) ? await open(to, options.toPasswordFile) : undefined;
      if (!replace) await mustBeEmpty(to, target);
      const source = origin === undefined ? fileSource(from) : await serverSource(origin);
      const destination = target === undefined ? fileDestination(to) : serverDestination(target);
      reportCopied(done, await copyAll(what, source, destination, { isSilent: json, signal }), json);
    } finally {
      for (const server of servers) server.disconnect();
    }
  });
}

async function mustBeEmpty(to: string, target: Redis | undefined): Promise<void> {
  if (target === undefined) {
    if (existsSync(to))
      throw new Failure("edited", `${to} is there already`, "Add --replace to write it anew.");
  } else if (/^db\d+:/m.test(await target.info("keyspace"))) {
    throw new Failure(
      "failed",
      `${hidden(to)} has keys already`,
      "Add --replace to go on; keys of the same name are replaced.",
    );
  }
}

/** @throws Failure unless the place is a server */
export function mustBeServer(option: string, place: string): void {
  if (!isRedisUrl(place))
    throw new Failure("usage", `${option} ${hidden(place)} is no server`, `For example ${defaultEngineUrl}.`);
}
