import { ChangesClient, type ChangesClientOptions, type ReadCommit } from "../changes-client.ts";
import { type Row, rowId } from "../rows.ts";
import type { Mark, Observed, SeenRow } from "../side.ts";
import { appliedTable, markOf, type StoredMark, versionTable } from "./own-tables.ts";
import { type Follower, keyOf, type SqlSide, storedPart } from "./sql-side.ts";

/** Follows weftkit/relational by its change log. */
export class WeftkitFollower implements Follower {
  readonly #side: SqlSide;
  readonly #client: ChangesClient;

  constructor(side: SqlSide, options: ChangesClientOptions) {
    this.#side = side;
    this.#client = new ChangesClient(options);
  }

  begin(): Promise<string> {
    return this.#client.begin();
  }

  async *follow(token: string, signal: AbortSignal): AsyncGenerator<readonly Observed[]> {
    for await (const commits of this.#client.follow(token, signal)) {
      const observed: Observed[] = [];
      for (const commit of commits) observed.push(await this.#observed(commit));
      yield observed;
    }
  }

  async #observed({ token, stamp, changes }: ReadCommit): Promise<Observed> {
    let rows: SeenRow[] = [];
    const truncated: string[] = [];
    const marks = new Map<string, Mark>();
    const writers: string[] = [];
    if (changes.some(({ op }) => op === "schema")) await this.#side.tables(true);
    for (const { namespace, op, before, after } of changes) {
      if (namespace === versionTable) {
        if (after !== undefined) marks.set(...markOf(after as unknown as StoredMark));
        continue;
      }
      if (namespace === appliedTable) {
        if (after !== undefined) writers.push(String((after as { writer: string }).writer));
        continue;
      }
      if (op === "schema") continue;
      const table = await this.#side.table(namespace);
      if (table === undefined) continue;
      if (op === "truncate") {
        truncated.push(namespace);
        rows = rows.filter(({ name }) => name !== namespace);
        continue;
      }
      const image = (after ?? before) as Row;
      rows.push({
        name: table.name,
        key: keyOf(table, image),
        row: after === undefined ? undefined : storedPart(table, after as Row),
        ...(before !== undefined && { before: storedPart(table, before as Row) }),
      });
    }
    const isHeartbeat = changes.length === 0;
    return { token, stamp: BigInt(stamp), rows: lastOfEach(rows), truncated, marks, writers, isHeartbeat };
  }
}

/** A row that a transaction has written more than once is what it has become in the end. */
export function lastOfEach(rows: readonly SeenRow[]): SeenRow[] {
  const last = new Map<string, SeenRow>();
  for (const row of rows) {
    const id = rowId(row.name, row.key);
    const first = last.get(id);
    last.delete(id);
    last.set(id, first === undefined ? row : { ...row, before: first.before });
  }
  return [...last.values()];
}
