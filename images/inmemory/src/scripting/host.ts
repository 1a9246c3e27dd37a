import type { RegisteredCommand } from "../command-table/registry.ts";
import type { Propagation } from "../persistence/propagation.ts";
import type { Args } from "../protocol/args.ts";
import type { Reply } from "../protocol/reply.ts";
import type { Session } from "../session/session.ts";

/** What a script may do, beside what its user may. */
export interface ScriptRules {
  /** Commands that write are refused. */
  readonly isReadOnly: boolean;
  /** Memory was above its limit when the script began, and it did not say that it may go on. */
  readonly isOutOfMemory: boolean;
  /** The script has changed something: it is not stopped for want of memory any more. */
  hasWritten: boolean;
}

/** A session that runs scripts. */
export interface ScriptSession extends Session {
  command: RegisteredCommand<never>;
}

/** What scripts ask of the server. */
export interface ScriptHost<Client extends Session = Session> {
  /** ms since the epoch, which stands still for a script. */
  now: number;
  dirty: number;
  /** What other clients are answered while a script that runs long is suspended. */
  busy: string | undefined;
  readonly args: Args;
  readonly propagation: Propagation;
  readonly settings: {
    readonly busyReplyMs: number;
    readonly scriptMemoryBytes: number;
    readonly maxMemory: number;
  };
  /** Why writes are refused at the moment, or undefined. */
  readonly writesRefused: string | undefined;
  createReply(bytes?: number): Reply;
  /** Evicts until memory is below its limit; false when it stays above. */
  makeRoom(): boolean;
  /** Runs the command in the session's arguments for a script; says why not, when it may not. */
  callFromScript(session: Client, rules: ScriptRules): string | undefined;
  /** Whether the session's user may run the command in its arguments; undefined when there is no such command. */
  mayCall(session: Client): boolean | undefined;
  /** A line of redis.log: 0 debug, 1 verbose, 2 notice, 3 warning. */
  onScriptLog(level: number, message: string): void;
  /** A script that was suspended has ended: what it changed goes to the journal, who waits for it is served. */
  afterSuspended(): void;
}
