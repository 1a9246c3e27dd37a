import { performance } from "node:perf_hooks";
import type { RegisteredCommand } from "./commands/registry.ts";

/** So many brief commands are timed together. */
const TOGETHER_MAX = 16;
/** A request or a reply of more bytes takes a time of its own. */
const BRIEF_BYTES_MAX = 1024;
/** With a slowlog for commands that take less than this, every command is timed alone. */
const TOGETHER_MICROSECONDS_MIN = 1000;

/**
 * Measures what commands take. Reading the clock costs 4% of a pipelined GET, so brief commands that follow on each other are
 * timed together and share the time equally; none of them can be slow by itself. All others are timed alone.
 */
export class CommandTimer {
  /** When the last command that was timed ended, in ms: the next one is taken to start there. */
  #mark = 0;
  #started = 0;
  readonly #together: (RegisteredCommand | undefined)[] = new Array(TOGETHER_MAX).fill(undefined);
  #count = 0;

  /** Commands come after a pause. */
  start(): void {
    this.#started = performance.now();
    this.#mark = this.#started;
    this.#count = 0;
  }

  /** How long commands have been running since `start`, in ms, as of the last look at the clock. */
  get elapsedMs(): number {
    return this.#mark - this.#started;
  }

  /** Whether a command may be timed with others; asked before it runs, with the bytes of its request. */
  isBrief(command: RegisteredCommand, requestBytes: number, slowlogMicroseconds: number): boolean {
    return (
      command.isBrief &&
      requestBytes <= BRIEF_BYTES_MAX &&
      (slowlogMicroseconds >= TOGETHER_MICROSECONDS_MIN || slowlogMicroseconds < 0)
    );
  }

  /** A command that is timed alone begins. */
  begin(): void {
    if (this.#count > 0) this.settle();
  }

  /** It has ended; returns its time in microseconds. What was run inside of it counts for it. */
  end(command: RegisteredCommand): number {
    const now = performance.now();
    const microseconds = (now - this.#mark) * 1000;
    this.#mark = now;
    this.#count = 0;
    command.microseconds += microseconds;
    return microseconds;
  }

  /** A brief command has ended, with so many bytes of reply. */
  endBrief(command: RegisteredCommand, replyBytes: number): void {
    this.#together[this.#count++] = command;
    if (this.#count === TOGETHER_MAX || replyBytes > BRIEF_BYTES_MAX) this.settle();
  }

  /** Shares the time since the last look at the clock among the brief commands that ended since then. */
  settle(): void {
    const count = this.#count;
    if (count === 0) return;
    const now = performance.now();
    const microseconds = ((now - this.#mark) * 1000) / count;
    this.#mark = now;
    this.#count = 0;
    for (let i = 0; i < count; i++) this.#together[i]!.microseconds += microseconds;
  }
}
