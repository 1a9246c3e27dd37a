import type { Args } from "../protocol/args.ts";
import type { Journal } from "./journal.ts";

interface Change {
  readonly database: number;
  readonly values: readonly Buffer[];
}

const MULTI = Buffer.from("MULTI");
const EXEC = Buffer.from("EXEC");

/**
 * What the journal is told. Everything that one command, transaction or background step changed is one unit: it is
 * recorded between MULTI and EXEC when it is more than one change, so that a replay has all of it or nothing.
 */
export class Propagation {
  /** Set while the append-only file is open. */
  journal: Journal | undefined;
  #unit: Change[] = [];
  #isInTransaction = false;
  /** True while a script has switched the recording of its writes off (redis.set_repl). */
  isOff = false;

  /** Records a command in the words in which it came. */
  command(database: number, args: Args): void {
    if (this.journal === undefined || this.isOff) return;
    if (this.#unit.length === 0 && !this.#isInTransaction) this.journal.append(database, args);
    else this.#unit.push({ database, values: args.copyAll() });
  }

  /** Records a change in other words than a client's: a rewritten command, an expired or evicted key. */
  change(database: number, values: readonly Buffer[]): void {
    if (this.journal !== undefined && !this.isOff) this.#unit.push({ database, values });
  }

  /** Runs commands whose changes are one unit. */
  transaction(run: () => void): void {
    const end = this.begin();
    try {
      run();
    } finally {
      end();
    }
  }

  /** What changes from now on is one unit, until the result is called; within another one it belongs to that. */
  begin(): () => void {
    const isInner = this.#isInTransaction;
    this.#isInTransaction = true;
    return () => {
      this.#isInTransaction = isInner;
    };
  }

  /** Forgets what the unit has so far: the journal gets nothing of it. */
  dropUnit(): void {
    this.#unit = [];
  }

  /** Hands the unit to the journal. */
  endUnit(): void {
    const { journal } = this;
    if (this.#unit.length === 0 || this.#isInTransaction || journal === undefined) return;
    const unit = this.#unit;
    this.#unit = [];
    const isSeveral = unit.length > 1;
    if (isSeveral) journal.appendValues(unit[0]!.database, [MULTI]);
    for (const { database, values } of unit) journal.appendValues(database, values);
    if (isSeveral) journal.appendValues(unit.at(-1)!.database, [EXEC]);
  }
}
