import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { versionsOf } from "../src/sync/decide.ts";
import { digestOf, type Row, rowId } from "../src/sync/rows.ts";
import {
  type ApplyContext,
  type Batch,
  type Conflict,
  type Mark,
  type Observed,
  type SeenRow,
  type Side,
  type SideName,
  Unseen,
} from "../src/sync/side.ts";
import { stampOfMs } from "../src/sync/versions.ts";

const table = "public.item";
const heartbeatMs = 20;

/** A side in the memory of this process, whose faults are those that a test gives it. */
export class MemorySide implements Side {
  readonly side: SideName;
  readonly blind = undefined;
  readonly #id: () => string;
  readonly #rows = new Map<string, Row>();
  readonly #marks = new Map<string, Mark>();
  readonly #log: Omit<Observed, "token">[] = [];
  #position = 0;
  #stamp = 1;
  /** Changes are told while it is true. */
  isTelling = true;
  copies = 0;

  /** `id` names the journal. */
  constructor(side: SideName, id: () => string) {
    this.side = side;
    this.#id = id;
  }

  get content(): Record<string, Row> {
    return Object.fromEntries([...this.#rows].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** What a client writes; `isTold` is false for a change that nobody who follows is ever told. */
  write(id: number, row: Record<string, unknown>, { isTold = true } = {}): void {
    const key = JSON.stringify({ id });
    const whole = { id, ...row };
    this.#rows.set(key, whole);
    if (isTold) this.#commit([{ name: table, key, row: whole }], new Map(), []);
  }

  async begin(): Promise<string> {
    return String(this.#log.length);
  }

  async *snapshot(): AsyncGenerator<Observed> {
    this.copies++;
    const rows = [...this.#rows].map(([key, row]) => ({ name: table, key, row }));
    yield {
      token: "",
      stamp: this.#nextStamp(),
      rows,
      truncated: [],
      marks: new Map(this.#marks),
      writers: [],
    };
  }

  async *follow(token: string, signal: AbortSignal): AsyncGenerator<readonly Observed[]> {
    const ended = signal.aborted ? Promise.resolve() : once(signal, "abort");
    for (let at = Number(token); !signal.aborted; ) {
      const next = this.isTelling ? this.#log[at] : undefined;
      if (next !== undefined) yield [{ ...next, token: String(++at) }];
      else {
        await Promise.race([delay(heartbeatMs), ended]);
        if (!this.isTelling || signal.aborted) continue;
        const nothing = { rows: [], truncated: [], marks: new Map(), writers: [] };
        yield [{ ...nothing, token: String(at), stamp: 0n, isHeartbeat: true }];
      }
    }
  }

  async apply({ position, changes }: Batch, context: ApplyContext): Promise<void> {
    if (position <= this.#position) return;
    const marks = new Map<string, Mark>();
    const rows: SeenRow[] = [];
    const unseen: SeenRow[] = [];
    const conflicts: Conflict[] = [];
    for (const change of changes) {
      const { name, key } = change;
      const id = rowId(name, key);
      const row = this.#rows.get(key);
      const versions = versionsOf({ row, mark: this.#marks.get(id), seen: context.seen.get(id) });
      if (versions === undefined) unseen.push({ name, key, row });
      else {
        const { action, ...decision } = await context.resolution.decide(change, { row, ...versions });
        if (decision.conflict !== undefined) conflicts.push(decision.conflict);
        if (action === "none") continue;
        if (action === "write") rows.push({ name, key, row: decision.row });
        const { version, replaced, columns } = decision;
        const digest = digestOf(action === "write" ? decision.row : row);
        marks.set(id, { version, replaced, digest, columns });
      }
    }
    if (unseen.length > 0) throw new Unseen(unseen);
    await context.deciding(conflicts);
    for (const { key, row } of rows) {
      if (row === undefined) this.#rows.delete(key);
      else this.#rows.set(key, row);
    }
    for (const [id, mark] of marks) this.#marks.set(id, mark);
    this.#position = position;
    this.#commit(rows, marks, [this.#id()]);
  }

  async applied(): Promise<number> {
    return this.#position;
  }

  status(): Record<string, unknown> {
    return {};
  }

  async close(): Promise<void> {}

  #commit(rows: SeenRow[], marks: Map<string, Mark>, writers: string[]): void {
    this.#log.push({ stamp: this.#nextStamp(), rows, truncated: [], marks, writers });
  }

  #nextStamp(): bigint {
    return stampOfMs(Date.now()) + BigInt(this.#stamp++);
  }
}
