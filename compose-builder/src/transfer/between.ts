import { Failure } from "../terminal/failure.ts";
import { interruptible } from "../terminal/interrupt.ts";
import type { Direction, TransferOptions, WrittenOptions } from "./options.ts";
import { isPostgresUrl } from "./postgres/connection.ts";
import { transferPostgres } from "./postgres/transfer.ts";
import { isRedisUrl } from "./redis/redis-server.ts";
import { transferRedis } from "./redis/transfer.ts";
import { hidden } from "./url.ts";

/** A protocol whose databases are copied. */
interface Protocol {
  readonly isServer: (place: string) => boolean;
  /** Where the engine is as a rule. */
  readonly engineUrl: string;
  readonly transfer: (direction: Direction, options: TransferOptions, signal: AbortSignal) => Promise<void>;
}

const redis: Protocol = {
  isServer: isRedisUrl,
  engineUrl: "redis://127.0.0.1:6379",
  transfer: transferRedis,
};

const protocols: readonly Protocol[] = [
  redis,
  {
    isServer: isPostgresUrl,
    engineUrl: "postgres://127.0.0.1:5432/weftkit",
    transfer: transferPostgres,
  },
];

/** Where the engines are when nothing else is said, for `--help`. */
export const engineUrls = protocols.map(({ engineUrl }) => engineUrl).join(", ");

/**
 * Copies between an engine and what has the same protocol.
 *
 * @throws Failure unless the engine's place is a server of a protocol that is copied
 */
export function transfer(direction: Direction, written: WrittenOptions): Promise<void> {
  const { engine } = direction;
  const other = written[engine === "from" ? "to" : "from"]!;
  // A place that is no server is an RDB file.
  const protocol = protocols.find(({ isServer }) => isServer(written[engine] ?? other));
  if (protocol === undefined && written[engine] !== undefined)
    throw new Failure(
      "usage",
      `--${engine} ${hidden(written[engine])} is no server`,
      `For example ${engineUrls}.`,
    );
  const { engineUrl, transfer } = protocol ?? redis;
  const options = { ...written, [engine]: written[engine] ?? engineUrl } as TransferOptions;
  return interruptible((signal) => transfer(direction, options, signal));
}
