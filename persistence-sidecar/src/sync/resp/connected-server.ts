import type { Redis } from "ioredis";
import { Held } from "../side.ts";

/** PEXPIRETIME is from there on. */
const majorMin = 7;

/** What server it is. @throws Held when it is none that can be kept equal */
export async function connectedServer(redis: Redis): Promise<{ what: string; clockOffsetMs: number }> {
  const info = await redis.info("server");
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, "m").exec(info)?.[1]?.trim();
  const version = field("redis_version") ?? "0";
  const weftkit = field("weftkit_version");
  if (field("redis_mode") === "cluster")
    throw new Held("it is a node of a cluster, which is not supported: a single server, or its primary, is");
  if (Number.parseInt(version, 10) < majorMin)
    throw new Held(`its version is ${version}: synchronisation needs ${majorMin}.0 or later`);
  const [seconds, microseconds] = await redis.time();
  const nowMs = Number(seconds) * 1000 + Number(microseconds) / 1000;
  return {
    what: weftkit === undefined ? `Redis ${version}` : `weftkit/inmemory ${weftkit}, Redis ${version}`,
    clockOffsetMs: Math.round(nowMs - Date.now()),
  };
}
