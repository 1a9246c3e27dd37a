import type { ChangeBatch } from "@weftkit/changes";
import { beginLsn, changeLsn, commitLsn, endLsn, xidOf } from "./lsn.ts";
import type { StoredDetail } from "./row-detail.ts";
import type { Cell, TableShape } from "./shape.ts";

/** A commit, as output plugins are given it. */
export interface LogicalTransaction {
  readonly xid: number;
  readonly beginLsn: bigint;
  readonly commitLsn: bigint;
  readonly endLsn: bigint;
  /** Microseconds since 2000. */
  readonly committedUs: bigint;
  readonly changes: readonly LogicalChange[];
}

export type LogicalChange = RowChange | TruncateChange;

export interface RowChange {
  readonly op: "I" | "U" | "D";
  readonly lsn: bigint;
  readonly shape: TableShape;
  readonly new: readonly Cell[] | undefined;
  /** The whole old row, or its key with null for the rest. */
  readonly old: readonly Cell[] | undefined;
  readonly isWhole: boolean;
}

/** All tables of one TRUNCATE. */
export interface TruncateChange {
  readonly op: "T";
  readonly lsn: bigint;
  readonly shapes: readonly TableShape[];
  readonly cascade: boolean;
  readonly restart: boolean;
}

/** Between 1970 and 2000. */
const epochUs = 946_684_800_000_000n;

/** Changes without a detail are of what logical decoding does not tell: definitions, tables that are not logged. */
export function transactionOf({ position, atMs, changes }: ChangeBatch): LogicalTransaction {
  const { sequence } = position;
  const shapes = new Map<Uint8Array, TableShape>();
  const shapeOf = (bytes: Uint8Array): TableShape => {
    let shape = shapes.get(bytes);
    if (shape === undefined) {
      shape = JSON.parse(Buffer.from(bytes).toString()) as TableShape;
      shapes.set(bytes, shape);
    }
    return shape;
  };
  const found: LogicalChange[] = [];
  let truncated: TableShape[] = [];
  for (const { detail } of changes) {
    if (detail === undefined) continue;
    const shape = shapeOf(detail.shared);
    const stored = JSON.parse(Buffer.from(detail.own).toString()) as StoredDetail;
    const lsn = changeLsn(sequence, found.length);
    if (stored.op !== "T") {
      const { op, old, isWhole = false } = stored;
      found.push({ op, lsn, shape, new: stored.new, old, isWhole });
    } else if (stored.place === 0) {
      const { cascade = false, restart = false, parents = [] } = stored;
      truncated = [...parents, shape];
      found.push({ op: "T", lsn, shapes: truncated, cascade, restart });
    } else truncated.push(shape);
  }
  return {
    xid: xidOf(sequence),
    beginLsn: beginLsn(sequence),
    commitLsn: commitLsn(sequence),
    endLsn: endLsn(sequence),
    committedUs: BigInt(atMs) * 1000n - epochUs,
    changes: found,
  };
}
