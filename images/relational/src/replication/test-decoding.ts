import { PgError } from "../errors.ts";
import { oid } from "../types/oids.ts";
import { quoteName } from "../types/type-text.ts";
import { booleanOption, type OutputPlugin, type PluginOptions, type PluginOutput } from "./output-plugin.ts";
import type { Cell, TableShape } from "./shape.ts";
import type { LogicalChange, LogicalTransaction } from "./transaction.ts";

/** The plugin test_decoding: a line of text for each change. */
export function testDecoding(options: PluginOptions): OutputPlugin {
  const set = {
    "include-xids": true,
    "include-timestamp": false,
    "force-binary": false,
    "skip-empty-xacts": false,
    "only-local": false,
    "include-rewrites": false,
    "stream-changes": false,
  };
  for (const [name, value] of options) {
    if (!Object.hasOwn(set, name))
      throw new PgError("22023", `option "${name}" = "${value ?? "(null)"}" is unknown`);
    set[name as keyof typeof set] = booleanOption(name, value);
  }
  return {
    isBinary: set["force-binary"],
    *write(transaction) {
      if (set["skip-empty-xacts"] && transaction.changes.length === 0) return;
      const id = set["include-xids"] ? ` ${transaction.xid}` : "";
      yield line(transaction.beginLsn, `BEGIN${id}`);
      for (const change of transaction.changes) yield line(change.lsn, changeText(change));
      const at = set["include-timestamp"] ? ` (at ${timeText(transaction)})` : "";
      yield line(transaction.endLsn, `COMMIT${id}${at}`);
    },
  };
}

function line(lsn: bigint, text: string): PluginOutput {
  return { lsn, data: Buffer.from(text) };
}

function timeText({ committedUs }: LogicalTransaction): string {
  const [day, time] = new Date(Number(committedUs / 1000n) + Date.UTC(2000, 0)).toISOString().split("T");
  return `${day} ${time!.replace(/\.?0*Z$/, "")}+00`;
}

const words = { I: "INSERT", U: "UPDATE", D: "DELETE" } as const;

function changeText(change: LogicalChange): string {
  if (change.op === "T") {
    const flags = `${change.restart ? " restart_seqs" : ""}${change.cascade ? " cascade" : ""}`;
    return `table ${change.shapes.map(nameOf).join(", ")}: TRUNCATE:${flags || " (no-flags)"}`;
  }
  const { op, shape } = change;
  const old = change.old && cellsText(shape, change.old, true);
  const start = `table ${nameOf(shape)}: ${words[op]}:`;
  if (op === "D") return `${start}${old ?? " (no-tuple-data)"}`;
  const next = cellsText(shape, change.new!, false);
  return old === undefined ? `${start}${next}` : `${start} old-key:${old} new-tuple:${next}`;
}

function nameOf({ schema, name }: TableShape): string {
  return `${quoteName(schema)}.${quoteName(name)}`;
}

/** Of an old row, what is NULL may be only not known. */
function cellsText({ columns }: TableShape, cells: readonly Cell[], skipsNulls: boolean): string {
  let text = "";
  for (const [place, { name, type, typeName }] of columns.entries()) {
    const cell = cells[place] ?? null;
    if (cell === null && skipsNulls) continue;
    text += ` ${quoteName(name)}[${typeName}]:${cell === null ? "null" : literal(type, cell)}`;
  }
  return text;
}

const numbers: ReadonlySet<number> = new Set([
  oid.int2,
  oid.int4,
  oid.int8,
  oid.oid,
  oid.float4,
  oid.float8,
  oid.numeric,
]);

function literal(type: number, cell: string): string {
  if (numbers.has(type)) return cell;
  if (type === oid.bool) return cell === "t" ? "true" : "false";
  if (type === oid.bit || type === oid.varbit) return `B'${cell}'`;
  return `'${cell.replaceAll("'", "''")}'`;
}
