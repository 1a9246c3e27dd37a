import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { Failure } from "../../terminal/failure.ts";
import { ownSchema } from "./catalog.ts";

/** How far a table is. */
export interface Mark {
  /** How many of its rows are at the target. */
  readonly rows: number;
  readonly isCopied: boolean;
  /** The key of the last of them, as COPY writes its values. */
  readonly position: readonly string[] | undefined;
}

const none: Mark = { rows: 0, isCopied: false, position: undefined };

/** Of the advisory lock that the transfer to a database holds; any number that others do not take. */
const lockKey = "7310585129481";
const lockRetryMs = 100;
const lockWaitMs = 30_000;

/** What every database has. */
const alwaysThere = /^(schema public|extension .*)$/;

/**
 * How far a transfer is, kept at its target in a schema of its own: a range and the note that it is there are one transaction, so that a
 * process that ends at any moment has neither or both.
 */
export class Marks {
  readonly #target: pg.Client;
  readonly #place: string;
  readonly #marks = new Map<string, Mark>();

  constructor(target: pg.Client, place: string) {
    this.#target = target;
    this.#place = place;
  }

  /**
   * Keeps every other transfer away from the target for as long as the connection lasts: one that has just been killed may have a commit
   * under way. @throws Failure when there is another one
   */
  async lock(): Promise<void> {
    for (let waitedMs = 0; ; waitedMs += lockRetryMs) {
      const { rows } = await this.#target.query(`SELECT pg_try_advisory_lock(${lockKey}) AS locked`);
      if (rows[0]!.locked) return;
      if (waitedMs >= lockWaitMs)
        throw new Failure("failed", `another transfer to ${this.#place} is under way`, "Wait for its end.");
      await delay(lockRetryMs);
    }
  }

  /**
   * Finds what an earlier run has left, or begins at an empty target.
   *
   * @param from names the source
   * @param there what the target has
   * @throws Failure when the target is another transfer's, or has something and is nobody's
   */
  async open(from: string, there: ReadonlySet<string>): Promise<void> {
    const { rows } = await this.#target.query(`SELECT 1 FROM pg_namespace WHERE nspname = '${ownSchema}'`);
    if (rows.length === 0) await this.#begin(from, there);
    else await this.#goOn(from);
  }

  of(table: string): Mark {
    return this.#marks.get(table) ?? none;
  }

  async put(table: string, mark: Mark): Promise<void> {
    await this.#target.query(
      `INSERT INTO ${ownSchema}.mark ("table", rows, is_copied, position) VALUES ($1, $2, $3, $4)
        ON CONFLICT ("table") DO UPDATE SET rows = EXCLUDED.rows, is_copied = EXCLUDED.is_copied, position = EXCLUDED.position`,
      [table, mark.rows, mark.isCopied, mark.position === undefined ? null : JSON.stringify(mark.position)],
    );
    this.#marks.set(table, mark);
  }

  async remove(): Promise<void> {
    await this.#target.query(`DROP SCHEMA ${ownSchema} CASCADE`);
  }

  async #begin(from: string, there: ReadonlySet<string>): Promise<void> {
    const found = [...there].find((name) => !alwaysThere.test(name));
    if (found !== undefined)
      throw new Failure(
        "failed",
        `${this.#place} has something already: ${found}`,
        "Copy into an empty database.",
      );
    await this.#target.query(
      `CREATE SCHEMA ${ownSchema};
        CREATE TABLE ${ownSchema}.source (place text NOT NULL);
        CREATE TABLE ${ownSchema}.mark ("table" text PRIMARY KEY, rows bigint NOT NULL, is_copied boolean NOT NULL, position text)`,
    );
    await this.#target.query(`INSERT INTO ${ownSchema}.source VALUES ($1)`, [from]);
  }

  async #goOn(from: string): Promise<void> {
    const source = await this.#target.query<{ place: string }>(`SELECT place FROM ${ownSchema}.source`);
    const other = source.rows[0]?.place ?? from;
    if (other !== from)
      throw new Failure(
        "failed",
        `${this.#place} is the target of an unfinished transfer from ${other}`,
        `Give that command again, or take an empty database; DROP SCHEMA ${ownSchema} CASCADE forgets the transfer.`,
      );
    const { rows } = await this.#target.query<{
      table: string;
      rows: string;
      is_copied: boolean;
      position: string | null;
    }>(`SELECT "table", rows::text, is_copied, position FROM ${ownSchema}.mark`);
    for (const row of rows)
      this.#marks.set(row.table, {
        rows: Number(row.rows),
        isCopied: row.is_copied,
        position: row.position === null ? undefined : (JSON.parse(row.position) as string[]),
      });
  }
}
