import { setTimeout as delay } from "node:timers/promises";
import { parseExact } from "@weftkit/cdc/exact-json";
import type { Row } from "../rows.ts";
import { Behind, type Mark, type Observed, type SeenRow } from "../side.ts";
import { LogicalSlot } from "./logical-slot.ts";
import { appliedTable, markOf, type StoredMark, versionTable } from "./own-tables.ts";
import { type Cell, type RelationMessage, readPgoutput } from "./pgoutput.ts";
import { type Follower, keyOf, type SqlSide } from "./sql-side.ts";
import { readRows, rowsOfTexts } from "./statements.ts";
import type { Table } from "./tables.ts";
import { lastOfEach } from "./weftkit-follower.ts";

/** So often the place is told, and tables that are new are looked for, while nothing happens. */
const quietMs = 10_000;

/** A row of a transaction, still as texts. */
interface TextRow {
  readonly table: Table;
  readonly relation: RelationMessage;
  readonly cells: readonly Cell[];
  readonly op: "write" | "delete";
}

interface TextTransaction {
  readonly token: string;
  readonly stamp: bigint;
  readonly rows: TextRow[];
  readonly truncated: string[];
  readonly marks: Map<string, Mark>;
  readonly writers: string[];
}

/** Follows a real PostgreSQL by logical decoding. */
export class LogicalFollower implements Follower {
  readonly #side: SqlSide;
  readonly #slot: LogicalSlot;
  readonly #pollMs: number;
  readonly #relations = new Map<number, RelationMessage>();

  constructor(side: SqlSide, id: string, pollMs: number) {
    this.#side = side;
    this.#slot = new LogicalSlot(side.connections, id);
    this.#pollMs = pollMs;
  }

  async begin(): Promise<string> {
    await this.#slot.publish(await this.#side.tables(true));
    return this.#slot.create();
  }

  async *follow(from: string, signal: AbortSignal): AsyncGenerator<readonly Observed[]> {
    let token = from;
    await this.#slot.advance(token);
    let saidMs = performance.now();
    while (!signal.aborted) {
      const { messages, end } = await this.#slot.peek();
      const transactions = messages.length === 0 ? [] : await this.#transactions(messages);
      const isQuiet = transactions.length === 0;
      if (isQuiet && performance.now() - saidMs < quietMs) {
        await delay(this.#pollMs, undefined, { signal }).catch(() => {});
        continue;
      }
      if (isQuiet) {
        if (await this.#slot.publish(await this.#side.tables()))
          throw new Behind("there are tables that were not followed until now");
        const nothing = { rows: [], truncated: [], marks: new Map(), writers: [] };
        yield [{ token: end, stamp: 0n, isHeartbeat: true, ...nothing }];
        token = end;
      } else {
        yield await this.#observed(transactions);
        token = transactions.at(-1)!.token;
      }
      saidMs = performance.now();
      await this.#slot.advance(token);
    }
  }

  async #transactions(messages: readonly Buffer[]): Promise<TextTransaction[]> {
    const found: TextTransaction[] = [];
    let open: Omit<TextTransaction, "token"> | undefined;
    for (const bytes of messages) {
      const message = readPgoutput(bytes);
      switch (message.kind) {
        case "relation":
          this.#relations.set(message.oid, message);
          break;
        case "begin": {
          // Microseconds as parts of the counter's 2^16.
          const stamp = (message.committedUs * 65_536n) / 1000n;
          open = { stamp, rows: [], truncated: [], marks: new Map(), writers: [] };
          break;
        }
        case "commit":
          found.push({ ...open!, token: lsnText(message.endLsn) });
          break;
        case "truncate":
          for (const oid of message.oids) {
            const { name } = this.#relations.get(oid)!;
            const kept = open!.rows.filter((row) => row.table.name !== name);
            open!.rows.splice(0, Number.POSITIVE_INFINITY, ...kept);
            open!.truncated.push(name);
          }
          break;
        case "other":
          break;
        default:
          await this.#take(open!, message);
      }
    }
    return found;
  }

  async #take(
    open: Omit<TextTransaction, "token">,
    message: Extract<ReturnType<typeof readPgoutput>, { oid: number; kind: "insert" | "update" | "delete" }>,
  ): Promise<void> {
    const relation = this.#relations.get(message.oid)!;
    const after = message.kind === "delete" ? undefined : message.after;
    const before = message.kind === "insert" ? undefined : message.before;
    if (relation.name === versionTable) {
      if (after !== undefined) open.marks.set(...markOf(plainRow(relation, after) as unknown as StoredMark));
      return;
    }
    if (relation.name === appliedTable) {
      if (after !== undefined) open.writers.push(String(plainRow(relation, after).writer));
      return;
    }
    const table = await this.#side.table(relation.name);
    if (table === undefined) return;
    // An update tells the old row when its key has changed.
    if (before !== undefined) open.rows.push({ table, relation, cells: before, op: "delete" });
    if (after !== undefined) open.rows.push({ table, relation, cells: after, op: "write" });
  }

  /** Makes JSON of the texts, as `to_json` does: the server does it, for all rows of a table at once. */
  async #observed(transactions: readonly TextTransaction[]): Promise<Observed[]> {
    const seen = new Map<TextRow, SeenRow>();
    const all = transactions.flatMap(({ rows }) => rows);
    const shape = ({ table, relation, op }: TextRow) => `${op} ${table.name} ${relation.columns.join(",")}`;
    for (const [, alike] of Map.groupBy(all, shape)) {
      const { table, relation, op } = alike[0]!;
      const columns = table.columns.filter(({ name }) =>
        op === "delete" ? table.key.includes(name) : relation.columns.includes(name),
      );
      const places = columns.map(({ name }) => relation.columns.indexOf(name));
      const arrays = places.map((place) => alike.map(({ cells }) => cells[place] ?? null));
      const rows = await this.#side.connections.query<{ row: string }>(rowsOfTexts(columns), arrays);
      for (const [index, one] of alike.entries()) {
        const row = parseExact(rows[index]!.row) as Row;
        const key = keyOf(table, row);
        const whole = op === "delete" ? undefined : await this.#withStoredApart(one, key, row);
        seen.set(one, { name: table.name, key, row: whole });
      }
    }
    return transactions.map(({ rows, ...rest }) => ({
      ...rest,
      rows: lastOfEach(rows.map((row) => seen.get(row)!)),
    }));
  }

  /** Values that were stored apart and have not changed are not in the log: the row has them. */
  async #withStoredApart({ table, relation, cells }: TextRow, key: string, row: Row): Promise<Row> {
    const missing = relation.columns.filter((_, place) => cells[place] === undefined);
    if (missing.length === 0) return row;
    const [found] = await this.#side.connections.query<{ row: string | null }>(readRows(table), [`[${key}]`]);
    const now = found?.row === null || found === undefined ? {} : (parseExact(found.row) as Row);
    return {
      ...row,
      ...Object.fromEntries(missing.filter((name) => name in row).map((name) => [name, now[name] ?? null])),
    };
  }
}

function plainRow(relation: RelationMessage, cells: readonly Cell[]): Record<string, Cell> {
  return Object.fromEntries(relation.columns.map((name, place) => [name, cells[place]]));
}

function lsnText(lsn: bigint): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffff_ffffn).toString(16).toUpperCase()}`;
}
