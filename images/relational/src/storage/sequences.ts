import { type Database, statement, type TransactionWork } from "@weftkit/store";
import type { Sequence } from "../catalog/model.ts";
import { PgError } from "../errors.ts";

interface Value {
  last: bigint;
  isCalled: boolean;
  /** It counts down. */
  descends?: boolean;
}

/**
 * The sequences' values. They are in memory and outside of transactions, as sequences are; each statement that took from
 * one writes the value in its own transaction, so that a value in a row is never given out again after a crash.
 */
export class Sequences {
  readonly #values = new Map<number, Value>();

  static load(db: Database): Sequences {
    const sequences = new Sequences();
    const rows = statement(db, "SELECT oid, last_value, is_called FROM sequence_value", {
      raw: true,
      safeIntegers: true,
    }).all() as [bigint, bigint, bigint][];
    for (const [oid, last, isCalled] of rows)
      sequences.#values.set(Number(oid), { last, isCalled: isCalled === 1n });
    return sequences;
  }

  #value(sequence: Sequence): Value {
    let value = this.#values.get(sequence.oid);
    if (value === undefined) {
      value = { last: sequence.start, isCalled: false };
      this.#values.set(sequence.oid, value);
    }
    return value;
  }

  /** @throws PgError 2200H */
  next(sequence: Sequence, name: string): bigint {
    const value = this.#value(sequence);
    value.descends = sequence.increment < 0n;
    if (!value.isCalled) {
      value.isCalled = true;
      return value.last;
    }
    const { increment, max, min, cycle } = sequence;
    let next = value.last + increment;
    if (increment > 0n && next > max) {
      if (!cycle) throw new PgError("2200H", `nextval: reached maximum value of sequence "${name}" (${max})`);
      next = min;
    } else if (increment < 0n && next < min) {
      if (!cycle) throw new PgError("2200H", `nextval: reached minimum value of sequence "${name}" (${min})`);
      next = max;
    }
    value.last = next;
    return next;
  }

  set(sequence: Sequence, last: bigint, isCalled: boolean): void {
    const value = this.#value(sequence);
    value.last = last;
    value.isCalled = isCalled;
  }

  peek(sequence: Sequence): { readonly last: bigint; readonly isCalled: boolean } {
    return this.#value(sequence);
  }

  forget(oid: number): void {
    this.#values.delete(oid);
  }

  /** Writes the value that a sequence has now with the changes of a transaction. */
  save(work: TransactionWork, oid: number, isReset: boolean): void {
    const value = this.#values.get(oid);
    if (value === undefined) return;
    // Transactions commit in another order than they took values: the furthest stays.
    const furthest = value.descends === true ? "min" : "max";
    const keep = isReset ? "excluded.last_value" : `${furthest}(last_value, excluded.last_value)`;
    work.change(
      `INSERT INTO sequence_value (oid, last_value, is_called) VALUES (?, ?, ?)
       ON CONFLICT (oid) DO UPDATE SET last_value = ${keep}, is_called = excluded.is_called`,
      [oid, value.last, value.isCalled ? 1 : 0],
    );
  }
}
