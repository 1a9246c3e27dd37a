import { Failure } from "../terminal/failure.ts";
import { interruptible } from "../terminal/interrupt.ts";
import type { Direction, TransferOptions } from "./options.ts";
import { isRedisUrl } from "./redis/redis-server.ts";
import { transferRedis } from "./redis/transfer.ts";
import { hidden } from "./url.ts";

export const defaultEngineUrl = "redis://127.0.0.1:6379";

/** Copies between an engine and what has the same protocol. @throws Failure unless the engine's place is a server */
export function transfer(direction: Direction, options: TransferOptions): Promise<void> {
  const { engine } = direction;
  if (!isRedisUrl(options[engine]))
    throw new Failure(
      "usage",
      `--${engine} ${hidden(options[engine])} is no server`,
      `For example ${defaultEngineUrl}.`,
    );
  return interruptible((signal) => transferRedis(direction, options, signal));
}
