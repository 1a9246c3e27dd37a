import { performance } from "node:perf_hooks";
import { LatencyHistogram } from "../command-table/latency-histogram.ts";
import type { RegisteredCommand } from "../command-table/registry.ts";

/** So many brief commands are timed together. */
const TOGETHER_MAX = 16;
/** With a longer request or reply a command is timed alone. */
const BRIEF_BYTES_MAX = 1024;
/** With a slowlog for commands that take less than this, every command is timed alone. */
const TOGETHER_MICROSECONDS_MIN = 1000;

/**
 * Measures what commands take. Reading the clock costs 4% of a pipelined GET, so brief commands that follow on each other
 * are timed together and share the time equally; what they were asked for makes none of them slow. All others are timed
 * alone: the time since the last look at the clock is theirs.
 */
export class CommandTimer {
  /** When the last command that was timed ended, in ms: the next one is taken to start there. */
  #mark = 0;
  #started = 0;
  readonly #together: (RegisteredCommand | undefined)[] = new Array(TOGETHER_MAX).fill(undefined);
  #count = 0;
  /** Whether what each command takes is kept, beside their sum (`latency-tracking`). */
  isTracking = true;

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

  /** Whether a command that is about to run may be timed with others, by the bytes of its request. */
  mayBeBrief(command: RegisteredCommand, requestBytes: number, slowlogMicroseconds: number): boolean {
    return (
      command.isBrief &&
      requestBytes <= BRIEF_BYTES_MAX &&
      (slowlogMicroseconds >= TOGETHER_MICROSECONDS_MIN || slowlogMicroseconds < 0)
    );
  }

  /** Whether such a command was as brief as it looked, by the bytes of its reply. */
  wasBrief(replyBytes: number): boolean {
    return replyBytes <= BRIEF_BYTES_MAX;
  }

  /** A brief command has ended. */
  endBrief(command: RegisteredCommand): void {
    this.#together[this.#count++] = command;
    if (this.#count === TOGETHER_MAX) this.settle();
  }

  /** A command that is timed alone has ended; returns its time in microseconds. `settle` comes before it runs. */
  end(command: RegisteredCommand): number {
    const now = performance.now();
    const microseconds = (now - this.#mark) * 1000;
    this.#mark = now;
    this.#count = 0;
    command.microseconds += microseconds;
    if (this.isTracking) count(command, LatencyHistogram.bucketOf(microseconds));
    return microseconds;
  }

  /** A command that is timed alone waits now: what it took so far is nobody's. */
  skip(): void {
    this.#mark = performance.now();
    this.#count = 0;
  }

  /** Shares the time since the last look at the clock among the brief commands that ended since then. */
  settle(): void {
    const ended = this.#count;
    if (ended === 0) return;
    const now = performance.now();
    const microseconds = ((now - this.#mark) * 1000) / ended;
    this.#mark = now;
    this.#count = 0;
    for (let i = 0; i < ended; i++) this.#together[i]!.microseconds += microseconds;
    if (!this.isTracking) return;
    const bucket = LatencyHistogram.bucketOf(microseconds);
    for (let i = 0; i < ended; i++) count(this.#together[i]!, bucket);
  }
}

function count(command: RegisteredCommand, bucket: number): void {
  command.latencies ??= new LatencyHistogram();
  command.latencies.add(bucket);
}
