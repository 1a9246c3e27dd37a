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

/** What INFO shows of the log. */
export interface LogStatus {
  readonly sizeBytes: number;
  readonly baseBytes: number;
  readonly pendingBytes: number;
  readonly isRewriting: boolean;
  readonly lastRewriteSeconds: number;
  readonly lastRewriteFailed: boolean;
}

/** What commands may ask of the log. */
export interface LogControl {
  readonly status: LogStatus;
  /** Whether all that was recorded is on the disk. */
  readonly isDurable: boolean;
  /** Brings what was recorded so far to the disk and then calls back. */
  whenDurable(done: () => void): void;
  /** Starts a compaction; returns why not, or undefined. */
  startRewrite(): string | undefined;
  /** A new value of appendfsync. */
  setPolicy(policy: AppendFsync): void;
}

/** The log of a server that has none (tests, and the worker that compacts). */
export const noLog: LogControl = {
  status: {
    sizeBytes: 0,
    baseBytes: 0,
    pendingBytes: 0,
    isRewriting: false,
    lastRewriteSeconds: -1,
    lastRewriteFailed: false,
  },
  isDurable: true,
  whenDurable: (done) => done(),
  startRewrite: () => "There is no append-only file",
  setPolicy: () => {},
};
