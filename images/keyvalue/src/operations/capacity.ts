import type { EntryChange } from "../storage/index-entries.ts";
import type { Written } from "../storage/write-item.ts";
import type { Index, Table } from "../tables/table.ts";

/** `ReturnConsumedCapacity`. */
export type CapacityMode = "INDEXES" | "TOTAL" | "NONE" | undefined;

const writeUnitBytes = 1024;
const readUnitBytes = 4096;

interface Units {
  readonly CapacityUnits: number;
  readonly ReadCapacityUnits?: number;
  readonly WriteCapacityUnits?: number;
}

export interface ConsumedCapacity extends Units {
  readonly TableName: string;
  readonly Table?: Units;
  readonly LocalSecondaryIndexes?: Readonly<Record<string, Units>>;
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, Units>>;
}

export function writeUnits(size: number): number {
  return Math.max(1, Math.ceil(size / writeUnitBytes));
}

/** Of one item, or of all items of a page together. */
export function readUnits(size: number, isConsistent: boolean): number {
  return Math.max(1, Math.ceil(size / readUnitBytes)) * (isConsistent ? 1 : 0.5);
}

/** Adds up the units of one table, and of each of its indexes. */
export class CapacityMeter {
  readonly #table: Table;
  readonly #kind: "read" | "write" | undefined;
  #units = 0;
  readonly #indexes = new Map<Index, number>();

  /** `kind` is set in transactions, which tell reading and writing apart. */
  constructor(table: Table, kind?: "read" | "write") {
    this.#table = table;
    this.#kind = kind;
  }

  add(units: number, index?: Index): void {
    if (index === undefined) this.#units += units;
    else this.#indexes.set(index, (this.#indexes.get(index) ?? 0) + units);
  }

  /** A write of an item, which costs `factor` times as much in a transaction. */
  addWrite({ oldSize, newSize, entries }: Written, factor = 1): void {
    this.#units += factor * writeUnits(Math.max(oldSize ?? 0, newSize ?? 0));
    for (const entry of entries) this.add(entryUnits(entry), entry.index);
  }

  result(mode: CapacityMode): ConsumedCapacity | undefined {
    if (mode === undefined || mode === "NONE") return undefined;
    const all = [...this.#indexes.values()].reduce((sum, units) => sum + units, this.#units);
    const total = { TableName: this.#table.name, ...this.#measure(all) };
    if (mode === "TOTAL") return total;
    const local = this.#ofKind("local");
    const global = this.#ofKind("global");
    return {
      ...total,
      Table: this.#measure(this.#units),
      ...(local !== undefined && { LocalSecondaryIndexes: local }),
      ...(global !== undefined && { GlobalSecondaryIndexes: global }),
    };
  }

  #measure(units: number): Units {
    if (this.#kind === undefined) return { CapacityUnits: units };
    return this.#kind === "read"
      ? { CapacityUnits: units, ReadCapacityUnits: units }
      : { CapacityUnits: units, WriteCapacityUnits: units };
  }

  #ofKind(kind: "local" | "global"): Record<string, Units> | undefined {
    const found = [...this.#indexes].filter(([index]) => index.definition.kind === kind);
    if (found.length === 0) return undefined;
    return Object.fromEntries(found.map(([index, units]) => [index.name, this.#measure(units)]));
  }
}

function entryUnits({ removedSize, writtenSize }: EntryChange): number {
  return (
    (removedSize === undefined ? 0 : writeUnits(removedSize)) +
    (writtenSize === undefined ? 0 : writeUnits(writtenSize))
  );
}

export function writeCapacity(written: Written, mode: CapacityMode): ConsumedCapacity | undefined {
  if (mode === undefined || mode === "NONE") return undefined;
  const meter = new CapacityMeter(written.table);
  meter.addWrite(written);
  return meter.result(mode);
}
