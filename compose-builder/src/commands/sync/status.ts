import { writeExact } from "@weftkit/cdc/exact-json";
import { Command } from "commander";
import { askSidecar, type SidecarOptions, withSidecarOptions } from "../../sync/ask-sidecar.ts";
import { printTable } from "../../terminal/print-table.ts";
import { counted, readableBytes, readableSpan } from "../../terminal/quantities.ts";

interface SideStatus {
  readonly server?: string;
  readonly oneWay?: string;
  /** How changes are followed, where there is more than one way. */
  readonly follows?: string;
  /** Why keys are not synchronised, by the key: the first of them. */
  readonly leftOut?: Readonly<Record<string, string>>;
  readonly clockOffsetMs?: number;
  readonly tables?: readonly string[];
  readonly withoutPrimaryKey?: readonly string[];
  readonly following: {
    readonly phase: string;
    readonly rows: number;
    readonly heardAt?: string;
    readonly waitsBecause?: string;
  };
  readonly applying: { readonly changes: number; readonly waitsBecause?: string };
  readonly waitingBytes: number;
}

interface Status {
  readonly id: string;
  readonly local: SideStatus;
  readonly remote: SideStatus;
  readonly conflicts: { readonly open: number; readonly all: number };
}

/** Clocks that are so far apart decide conflicts wrongly. */
const clockOffsetMsMax = 5000;

/** `weftkit sync status` */
export function syncStatusCommand(): Command {
  const command = new Command("status").description(
    "how far both directions are, what waits and why, how many conflicts there are",
  );
  return withSidecarOptions(command).action(async (options: SidecarOptions) => {
    const status = await askSidecar<Status>(options, "/v1/sync/status");
    if (options.json) {
      process.stdout.write(`${writeExact(status)}\n`);
      return;
    }
    const { id, local, remote, conflicts } = status;
    const rows: [string, string][] = [["sidecar", id]];
    for (const [name, side] of Object.entries({ local, remote })) rows.push(...sideRows(name, side));
    rows.push(["conflicts", `${conflicts.open} open, ${conflicts.all} in all`]);
    printTable(rows);
  });
}

function sideRows(name: string, side: SideStatus): [string, string][] {
  const {
    server,
    oneWay,
    clockOffsetMs = 0,
    tables,
    withoutPrimaryKey,
    following,
    applying,
    follows,
    leftOut = {},
  } = side;
  const heard =
    following.heardAt === undefined
      ? ""
      : `, heard ${readableSpan(Date.now() - Date.parse(following.heardAt))} ago`;
  const rows: [string, string][] = [
    [name, server ?? "not reached yet"],
    ["  read", `${following.phase}, ${counted(following.rows, "row")}${heard}${why(following.waitsBecause)}`],
    [
      "  written",
      `${counted(applying.changes, "change")}; ${readableBytes(side.waitingBytes)} wait${why(applying.waitsBecause)}`,
    ],
  ];
  if (tables !== undefined) rows.push(["  tables", tables.join(", ") || "none"]);
  if (withoutPrimaryKey !== undefined)
    rows.push(["  left out", `${withoutPrimaryKey.join(", ")}: without a primary key`]);
  if (follows !== undefined) rows.push(["  follows", follows]);
  for (const [key, reason] of Object.entries(leftOut))
    rows.push(["  left out", `${JSON.stringify(key)}: ${reason}`]);
  if (oneWay !== undefined) rows.push(["  one way", oneWay]);
  if (Math.abs(clockOffsetMs) > clockOffsetMsMax)
    rows.push([
      "  clock",
      `${readableSpan(Math.abs(clockOffsetMs))} ${clockOffsetMs > 0 ? "ahead" : "behind"}`,
    ]);
  return rows;
}

function why(reason: string | undefined): string {
  return reason === undefined ? "" : `; waits: ${reason}`;
}
