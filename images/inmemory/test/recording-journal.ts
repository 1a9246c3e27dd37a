import type { Journal } from "../src/persistence/journal.ts";
import type { Args } from "../src/protocol/args.ts";

/** A journal that keeps the commands as lines of text. */
export class RecordingJournal implements Journal {
  #lines: string[] = [];

  append(_database: number, args: Args): void {
    this.appendValues(_database, args.copyAll());
  }

  appendValues(_database: number, values: readonly Buffer[]): void {
    this.#lines.push(values.map((value) => value.toString("latin1")).join(" "));
  }

  /** The commands recorded since the last call. */
  take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }
}
