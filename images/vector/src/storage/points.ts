import { type Database, statement } from "@weftkit/store";
import type { PointKey } from "../model/point-id.ts";
import { pointsTable, vectorsTable } from "./collection-tables.ts";

/** A point as its table has it. */
export interface PointRow {
  readonly slot: number;
  readonly id: PointKey;
  /** JSON; null for none. */
  readonly payload: string | null;
}

/** Reads and writes the points of one collection, on one connection and for one call. */
export class PointRows {
  readonly #db: Database;
  readonly #collection: number;
  readonly #points: string;

  constructor(db: Database, collection: number) {
    this.#db = db;
    this.#collection = collection;
    this.#points = pointsTable(collection);
  }

  bySlot(slot: number): PointRow | undefined {
    return statement(this.#db, `SELECT slot, id, payload FROM ${this.#points} WHERE slot = ?`).get(slot) as
      | PointRow
      | undefined;
  }

  byId(id: PointKey): PointRow | undefined {
    return statement(this.#db, `SELECT slot, id, payload FROM ${this.#points} WHERE id = ?`).get(id) as
      | PointRow
      | undefined;
  }

  slotOf(id: PointKey): number | undefined {
    return statement(this.#db, `SELECT slot FROM ${this.#points} WHERE id = ?`, { pluck: true }).get(id) as
      | number
      | undefined;
  }

  /** In the order of ids, from an id on. */
  from(id: PointKey | undefined, limit: number): PointRow[] {
    return statement(
      this.#db,
      `SELECT slot, id, payload FROM ${this.#points} WHERE id >= ? ORDER BY id LIMIT ?`,
    ).all(id ?? Buffer.alloc(0), limit) as PointRow[];
  }

  /** Slots and ids, in the order of ids, from an id on. */
  idsFrom(id: PointKey | undefined, limit: number): { readonly slot: number; readonly id: PointKey }[] {
    return statement(this.#db, `SELECT slot, id FROM ${this.#points} WHERE id >= ? ORDER BY id LIMIT ?`).all(
      id ?? Buffer.alloc(0),
      limit,
    ) as { slot: number; id: PointKey }[];
  }

  all(): IterableIterator<PointRow> {
    return statement(
      this.#db,
      `SELECT slot, id, payload FROM ${this.#points}`,
    ).iterate() as IterableIterator<PointRow>;
  }

  slots(): number[] {
    return statement(this.#db, `SELECT slot FROM ${this.#points}`, { pluck: true }).all() as number[];
  }

  insert({ slot, id, payload }: PointRow): void {
    statement(this.#db, `INSERT INTO ${this.#points} VALUES (?, ?, ?)`).run(slot, id, payload);
  }

  setPayload(slot: number, payload: string | null): void {
    statement(this.#db, `UPDATE ${this.#points} SET payload = ? WHERE slot = ?`).run(payload, slot);
  }

  delete(slot: number, positions: Iterable<number>): void {
    statement(this.#db, `DELETE FROM ${this.#points} WHERE slot = ?`).run(slot);
    for (const position of positions) this.deleteVector(slot, position);
  }

  insertVector(slot: number, position: number, data: Uint8Array): void {
    statement(this.#db, `INSERT INTO ${vectorsTable(this.#collection, position)} VALUES (?, ?)`).run(
      slot,
      data,
    );
  }

  deleteVector(slot: number, position: number): void {
    statement(this.#db, `DELETE FROM ${vectorsTable(this.#collection, position)} WHERE slot = ?`).run(slot);
  }

  vector(slot: number, position: number): Buffer | undefined {
    return statement(
      this.#db,
      `SELECT data FROM ${vectorsTable(this.#collection, position)} WHERE slot = ?`,
      {
        pluck: true,
      },
    ).get(slot) as Buffer | undefined;
  }

  /** A vector that moves to another slot with its point. */
  moveVector(from: number, to: number, position: number): void {
    statement(this.#db, `UPDATE ${vectorsTable(this.#collection, position)} SET slot = ? WHERE slot = ?`).run(
      to,
      from,
    );
  }

  allVectors(position: number): IterableIterator<[slot: number, data: Buffer]> {
    return statement(this.#db, `SELECT slot, data FROM ${vectorsTable(this.#collection, position)}`, {
      raw: true,
    }).iterate() as IterableIterator<[number, Buffer]>;
  }

  /** Gives back the first of so many new slots. */
  takeSlots(count: number): number {
    return statement(
      this.#db,
      "UPDATE collections SET next_slot = next_slot + ? WHERE number = ? RETURNING next_slot - ?",
      { pluck: true },
    ).get(count, this.#collection, count) as number;
  }
}
