import type { Args } from "../protocol/args.ts";
import type { AppendFsync } from "../settings.ts";

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

/** What the journal says at the end of a tick. */
export type FlushResult =
  /** The replies may go. */
  | "done"
  /** The replies wait until `whenDurable` is called back. */
  | "syncing"
  /** The writes of this tick are not on the disk: nobody may be told that they are. */
  | "failed";

/** What the tick needs of the journal. */
export interface TickJournal {
  /** Copies what it was given of the input that is being run: that input is gone afterwards. */
  gather(): void;
  /** Writes what the tick collected. */
  flush(): FlushResult;
  /** Calls back when everything flushed so far is durable. */
  whenDurable(done: () => void): void;
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
