import { recordChange } from "@weftkit/changes";
import { type Database, statement } from "@weftkit/store";
import { isNumberKey, type PointKey, textOfKey } from "../model/point-id.ts";
import type { VectorValue } from "../model/vector-value.ts";

/** A point as it is told: its payload as the text that is stored. */
export interface ToldPoint {
  readonly payload: string | null;
  readonly vectors: Iterable<readonly [name: string, value: VectorValue]>;
}

/** What a point is told as; numbers keep all their digits. */
export function pointImage(key: PointKey, { payload, vectors }: ToldPoint): Buffer {
  const members = Array.from(
    vectors,
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(numbersOf(value))}`,
  );
  return Buffer.from(`{"id":${idText(key)},"payload":${payload ?? "{}"},"vectors":{${members.join(",")}}}`);
}

/** Tells those who follow of a point of a collection, as it was and as it is. */
export function recordPoint(
  db: Database,
  collection: string,
  key: PointKey,
  before: Buffer | undefined,
  after: Buffer | undefined,
): void {
  if (before === undefined && after === undefined) return;
  recordChange(db, () => ({
    namespace: collection,
    key: Buffer.from(`{"id":${idText(key)}}`),
    op: before === undefined ? "insert" : after === undefined ? "delete" : "update",
    before,
    after,
    format: "json",
  }));
}

/** Tells of a collection that was made, changed or dropped, while its row is there. */
export function recordCollection(db: Database, number: number, command: string, about: object = {}): void {
  recordChange(db, () => ({
    namespace: statement(db, "SELECT name FROM collections WHERE number = ?", { pluck: true }).get(
      number,
    ) as string,
    key: Buffer.alloc(0),
    op: "schema",
    after: Buffer.from(JSON.stringify({ command, ...about })),
    format: "json",
  }));
}

function idText(key: PointKey): string {
  return isNumberKey(key) ? textOfKey(key) : JSON.stringify(textOfKey(key));
}

/** A single-precision number is the double that it is: read back, it is the same one. */
function numbersOf(value: VectorValue): unknown {
  switch (value.kind) {
    case "dense":
      return Array.from(value.values);
    case "sparse":
      return { indices: Array.from(value.indices), values: Array.from(value.values) };
    case "multi":
      return value.rows.map((row) => Array.from(row));
  }
}
