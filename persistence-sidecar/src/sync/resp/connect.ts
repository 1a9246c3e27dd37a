import { Redis } from "ioredis";
import { Held, Refused } from "../side.ts";

const connectMs = 10_000;
/** The longest that a command of ours takes at a server that is well. */
const answerMsMax = 60_000;

/** A connection to a server, made again when it was lost. One user at a time where the order of commands matters. */
export class RespConnection {
  readonly #endpoint: string;
  #redis: Redis | undefined;
  #isClosed = false;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  /** Runs `work` with the connection, which is given up when it fails. */
  async with<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#open());
    } catch (error) {
      this.drop();
      throw meaningOf(error);
    }
  }

  drop(): void {
    this.#redis?.disconnect();
    this.#redis = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.drop();
  }

  async #open(): Promise<Redis> {
    if (this.#isClosed) throw new Error("the sidecar is ending");
    if (this.#redis?.status === "ready") return this.#redis;
    this.drop();
    const redis = openRedis(this.#endpoint);
    this.#redis = redis;
    let reason: unknown;
    redis.on("error", (error) => {
      reason = error;
    });
    await redis.connect().catch((error: unknown) => {
      throw reason ?? error;
    });
    return redis;
  }
}

/** A client that does not try again by itself: whoever uses it does. */
export function openRedis(endpoint: string): Redis {
  const redis = new Redis(endpoint, {
    lazyConnect: true,
    retryStrategy: null,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: false,
    connectTimeout: connectMs,
    commandTimeout: answerMsMax,
    keepAlive: 10_000,
    connectionName: "weftkit-sync",
  });
  // Errors come to the calls that they concern.
  redis.on("error", () => {});
  return redis;
}

/** The database of an endpoint: `redis://host:6379/1` */
export function databaseOf(endpoint: string): number {
  return Number(new URL(endpoint).pathname.slice(1) || 0);
}

/** Rights, memory, a replica, a disk that is full: somebody has to do something. */
const held =
  /^(NOAUTH|WRONGPASS|NOPERM|READONLY|OOM|MISCONF|CROSSSLOT|MOVED|ASK|DENIED|NOREPLICAS)\b|DB index/;
/** What is too large for the server. */
const refused = /too large|exceeds maximum/i;

/** What an error of the server means: whether it waits for somebody, refuses what was sent, or is to be tried again. */
export function meaningOf(error: unknown): unknown {
  const { name, previousErrors } = error as { name?: string; previousErrors?: readonly Error[] };
  if (name !== "ReplyError") return error;
  const { message } = previousErrors?.[0] ?? (error as Error);
  if (held.test(message)) return new Held(message, { cause: error });
  return refused.test(message) ? new Refused(message, { cause: error }) : error;
}
