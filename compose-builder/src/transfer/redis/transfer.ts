import { existsSync } from "node:fs";
import type { Redis } from "ioredis";
import { Failure } from "../../terminal/failure.ts";
import { runCourse } from "../course/course.ts";
import type { Direction, TransferOptions } from "../options.ts";
import { hidden } from "../url.ts";
import { redisAdapter } from "./adapter.ts";
import { fileDestination, serverDestination } from "./destination.ts";
import { fileSource, serverSource } from "./parts.ts";
import { isRedisUrl, openRedis } from "./redis-server.ts";
import { reportCopied } from "./report.ts";

/** Copies between a server of Redis's protocol and another or an RDB file. */
export async function transferRedis(
  { what, done }: Direction,
  options: TransferOptions,
  signal: AbortSignal,
): Promise<void> {
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
    await runCourse(redisAdapter(source, destination), { what, isSilent: json, signal });
    reportCopied(done, destination.copied, json);
  } finally {
    for (const server of servers) server.disconnect();
  }
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
