import type { Args } from "../protocol/args.ts";

/** When the append-only file reaches the disk: before the reply, once a second, or when the system likes. */
export type AppendFsync = "always" | "everysec" | "no";

/**
 * Where write commands go once they are done. Both methods only collect: the bytes are written once per tick, before
 * the replies of that tick.
 */
export interface Journal {
  /** Records a command as it arrived. */
  append(database: number, args: Args): void;
  /** Records a command given as separate arguments. */
  appendValues(database: number, values: readonly Buffer[]): void;
}
