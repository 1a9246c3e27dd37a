import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import { Failure } from "../../terminal/failure.ts";
import { hidden } from "../url.ts";

const connectTimeoutMs = 10_000;

/** How to get into a server beside its URL. */
export interface Credentials {
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
}

/** Whether a place is a server, not a file. */
export function isRedisUrl(place: string): boolean {
  return /^rediss?:\/\//.test(place);
}

/**
 * Connects to a server of Redis's protocol, `redis://` or with TLS `rediss://`.
 *
 * @throws Failure when it does not answer or lets nobody in
 */
export async function openRedis(place: string, { passwordFile, caFile }: Credentials): Promise<Redis> {
  if (!URL.canParse(place))
    throw new Failure("usage", `${hidden(place)} is not a URL`, "For example redis://127.0.0.1:6379.");
  const redis = new Redis(place, {
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    // What is lost in the middle of a copy is told: whether it can begin again is the user's to say.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    ...(passwordFile !== undefined && { password: readFileSync(passwordFile, "utf8").trimEnd() }),
    ...(caFile !== undefined && { tls: { ca: readFileSync(caFile) } }),
  });
  let reason: unknown;
  redis.on("error", (error) => {
    reason = error;
  });
  try {
    await redis.connect();
    await redis.ping();
    return redis;
  } catch (error) {
    redis.disconnect();
    const { message } = (reason ?? error) as Error;
    const isRefused = /NOAUTH|WRONGPASS|NOPERM/.test(message);
    throw new Failure(
      isRefused ? "failed" : "unavailable",
      `${hidden(place)} ${isRefused ? "lets nobody in" : "does not answer"}: ${message}`,
      isRefused ? "Write user and password into the URL, or name the file of the password." : undefined,
    );
  }
}
