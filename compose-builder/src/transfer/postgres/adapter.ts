import pg from "pg";
import { Failure } from "../../terminal/failure.ts";
import type { Adapter, Place, Tally } from "../course/adapter.ts";
import { RowTally } from "../course/row-tally.ts";
import { afterRows, beforeRows, leftOut, repeatable, sequences } from "./catalog.ts";
import { copyRows, fieldsOf, readRows } from "./copy.ts";
import { type Definition, define, mustBeNone, type Refused, readDefinitions } from "./definitions.ts";
import { type Mark, Marks } from "./marks.ts";
import { readRights } from "./rights.ts";
import { rangeQuery, readTables, rowsOf, type Table } from "./tables.ts";

/** A range is about so large, and has so many rows at least and at most: it is one transaction of the target. */
const rangeBytes = 4 << 20;
const rangeRows = { first: 1000, min: 10, max: 10_000 };

/** Without them there is nowhere to put the rows. */
const neededForRows = /^(table|partition) /;

/** A server to copy from or to. */
export interface Side {
  readonly client: pg.Client;
  /** Its URL without the password. */
  readonly place: string;
}

/** A database from a server of PostgreSQL's protocol to another. */
export class PostgresAdapter implements Adapter {
  readonly unit = "rows";
  /** What was made at the target, and what the source has that cannot be. */
  definitions = 0;
  readonly leftOut: string[] = [];
  readonly #source: pg.Client;
  readonly #target: pg.Client;
  readonly #from: string;
  readonly #marks: Marks;
  #tables: ReadonlyMap<string, Table> = new Map();
  /** What was refused before the rows, and may only have needed them: a view of a primary key. */
  #waiting: Definition[] = [];

  constructor(source: Side, target: Side) {
    this.#source = source.client;
    this.#target = target.client;
    this.#from = source.place;
    this.#marks = new Marks(target.client, target.place);
  }

  async prepare(): Promise<Place[]> {
    await this.#marks.lock();
    const before = await readDefinitions(this.#source, beforeRows);
    const there = await this.#there(beforeRows);
    await this.#marks.open(this.#from, there);
    this.definitions += before.length;
    const refused = await this.#define(before.filter(({ name }) => !there.has(name)));
    mustBeNone(refused.filter(({ definition }) => neededForRows.test(definition.name)));
    this.#waiting = refused.map(({ definition }) => definition);
    const { rows } = await this.#source.query<{ name: string }>(leftOut);
    this.leftOut.push(...rows.map(({ name }) => name));
    return await this.#places();
  }

  async *copy({ name }: Place): AsyncGenerator<number> {
    const table = this.#tables.get(name)!;
    const to = `${name} (${table.columns})`;
    let mark: Mark = this.#marks.of(name);
    let limit = rangeRows.first;
    while (!mark.isCopied) {
      const select = rangeQuery(table, mark.position, limit, pg.escapeLiteral);
      await this.#target.query("BEGIN");
      const { rows, bytes, last } = await copyRows(this.#source, select, this.#target, to);
      mark = {
        rows: mark.rows + rows,
        isCopied: table.key.length === 0 || rows < limit,
        position: last === undefined ? mark.position : keyOf(table, last),
      };
      // With the rows, in their transaction: no interruption comes between the two.
      await this.#marks.put(name, mark);
      await this.#target.query("COMMIT");
      yield rows;
      const fitting = Math.floor(rangeBytes / Math.max(1, bytes / Math.max(1, rows)));
      limit = Math.min(rangeRows.max, Math.max(rangeRows.min, fitting));
    }
  }

  async complete(): Promise<void> {
    const after = await readDefinitions(this.#source, afterRows);
    this.definitions += after.length;
    const there = await this.#there(afterRows);
    const missing = after.filter(({ name }) => !there.has(name));
    mustBeNone(await this.#define([...this.#waiting, ...missing]));
    await this.#setSequences();
    const again = await readDefinitions(this.#source, repeatable);
    mustBeNone(await this.#define([...again, ...(await readRights(this.#source, this.#target))]));
    await this.#mustHaveAll([...beforeRows, ...afterRows]);
  }

  async tallies({ name }: Place): Promise<{ source: Tally; target: Tally }> {
    const select = `SELECT ${this.#tables.get(name)!.columns} FROM ONLY ${name}`;
    const tallyOf = async (client: pg.Client) => {
      const rows = new RowTally();
      await readRows(client, select, (row) => rows.add(row));
      return rows.tally;
    };
    const [source, target] = await Promise.all([tallyOf(this.#source), tallyOf(this.#target)]);
    return { source, target };
  }

  finish(): Promise<void> {
    return this.#marks.remove();
  }

  /** What is there stays, for the same command to go on with; an open transaction ends with its connection. */
  abandon(): void {}

  async #places(): Promise<Place[]> {
    const tables = await readTables(this.#source);
    this.#tables = new Map(tables.map((table) => [table.name, table]));
    const places: Place[] = [];
    for (const table of tables) {
      const mark = this.#marks.of(table.name);
      const units = mark.isCopied ? mark.rows : await rowsOf(this.#source, table);
      places.push({ name: table.name, units, copiedUnits: mark.rows, isCopied: mark.isCopied });
    }
    return places;
  }

  async #there(queries: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set((await readDefinitions(this.#target, queries)).map(({ name }) => name));
  }

  #define(definitions: readonly Definition[]): Promise<Refused[]> {
    return define(this.#target, definitions);
  }

  async #setSequences(): Promise<void> {
    const { rows } = await this.#source.query<{ name: string }>(sequences);
    for (const { name } of rows) {
      const [value] = (
        await this.#source.query<{ last: string; called: boolean }>(
          `SELECT last_value::text AS last, is_called AS called FROM ${name}`,
        )
      ).rows;
      await this.#target.query(
        `SELECT setval(${pg.escapeLiteral(name)}::regclass, ${value!.last}, ${value!.called})`,
      );
    }
  }

  /** @throws Failure when the source has what the target has not: it was made while this went on */
  async #mustHaveAll(queries: readonly string[]): Promise<void> {
    const there = await this.#there(queries);
    const missing = (await readDefinitions(this.#source, queries)).filter(({ name }) => !there.has(name));
    if (missing.length === 0) return;
    throw new Failure(
      "failed",
      `the target has no ${missing.map(({ name }) => name).join(", ")}`,
      "Definitions were changed while it was copied. Give the same command again.",
    );
  }
}

function keyOf({ key }: Table, row: Uint8Array): string[] {
  const fields = fieldsOf(row);
  return key.map(({ index }) => fields[index]!);
}
