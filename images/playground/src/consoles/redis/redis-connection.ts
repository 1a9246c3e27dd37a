import { Redis } from "ioredis";
import { PlaygroundError } from "../../errors.ts";
import type { Connection } from "../../sessions/session.ts";

const timeoutMs = 10_000;

export interface RedisLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: object | undefined;
}

/** One connection of a session to Redis's protocol (RESP2); commands and their arguments are bytes. */
export class RedisConnection implements Connection {
  readonly #redis: Redis;
  isLost = false;

  private constructor({ host, port, user, password, tls }: RedisLogin) {
    this.#redis = new Redis({
      host,
      port,
      ...(password !== "" && { username: user, password }),
      ...(tls !== undefined && { tls }),
      protocol: 2,
      lazyConnect: true,
      connectTimeout: timeoutMs,
      enableOfflineQueue: false,
      enableReadyCheck: false,
      disableClientInfo: true,
      connectionName: "weftkit-playground",
      maxRetriesPerRequest: 0,
      // A lost connection takes its MULTI and WATCH with it: who asks next gets another.
      retryStrategy: () => null,
      stringNumbers: true,
    });
    this.#redis.on("error", () => {});
    this.#redis.on("close", () => {
      this.isLost = true;
    });
  }

  /** @throws PlaygroundError */
  static async open(login: RedisLogin): Promise<RedisConnection> {
    const connection = new RedisConnection(login);
    // What is wrong with a login comes as an event beside the promise.
    const { promise, reject } = Promise.withResolvers<never>();
    const failed = (error: Error) => reject(error);
    connection.#redis.once("error", failed);
    try {
      await Promise.race([connection.#redis.connect(), promise]);
      await connection.#redis.ping();
    } catch (error) {
      connection.#redis.disconnect();
      throw toPlaygroundError(error);
    } finally {
      connection.#redis.off("error", failed);
    }
    return connection;
  }

  /**
   * Runs one command. Blocking ones are given up, with their connection, after ten seconds.
   *
   * @throws PlaygroundError `engine_refused` with what the engine said
   */
  async call(name: string, ...args: readonly (string | number | Buffer)[]): Promise<unknown> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#redis.disconnect();
      reject(
        new PlaygroundError(
          "engine_unreachable",
          `no answer within ${timeoutMs / 1000} s; the connection is closed`,
        ),
      );
    }, timeoutMs);
    try {
      return await Promise.race([this.#redis.callBuffer(name, ...args), promise]);
    } catch (error) {
      throw toPlaygroundError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }
}

function toPlaygroundError(error: unknown): PlaygroundError {
  if (error instanceof PlaygroundError) return error;
  const { name, message } = error as Error;
  if (name === "ReplyError") {
    const engineCode = /^[A-Z]+(?= )/.exec(message)?.[0];
    return new PlaygroundError("engine_refused", message, {
      ...(engineCode !== undefined && { engineCode }),
    });
  }
  return new PlaygroundError(
    "engine_unreachable",
    `the connection to the engine is lost: ${message}`,
    {},
    { cause: error },
  );
}
