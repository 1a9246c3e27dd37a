import { writeExact } from "@weftkit/cdc/exact-json";
import { Command, InvalidArgumentError } from "commander";
import { askSidecar, type SidecarOptions, withSidecarOptions } from "../../sync/ask-sidecar.ts";

interface Options extends SidecarOptions {
  readonly all?: true;
  readonly max: number;
  readonly before?: number;
}

interface Conflict {
  readonly id: number;
  readonly at: string;
  readonly how: string;
  readonly name: string;
  readonly key: string;
  readonly winner: string;
  readonly loser: string;
  readonly winnerRow: unknown;
  readonly loserRow: unknown;
  readonly reason?: string;
  readonly resolved: string | null;
}

/** `weftkit sync conflicts` */
export function conflictsCommand(): Command {
  const command = new Command("conflicts").description(
    "rows that both sides have written, and rows that a side has refused, the newest first",
  );
  return withSidecarOptions(command)
    .option("--all", "those that were resolved, too")
    .option("--max <number>", "so many at the most", wholeNumber, 100)
    .option("--before <id>", "older ones than this", wholeNumber)
    .action(async (options: Options) => {
      const query = new URLSearchParams({ max: String(options.max), all: String(options.all ?? false) });
      if (options.before !== undefined) query.set("before", String(options.before));
      const { conflicts } = await askSidecar<{ conflicts: Conflict[] }>(
        options,
        `/v1/sync/conflicts?${query}`,
      );
      const line = (text: string) => process.stdout.write(`${text}\n`);
      if (options.json) line(writeExact(conflicts));
      else if (conflicts.length === 0) line("There are no conflicts.");
      else for (const conflict of conflicts) print(conflict, line);
    });
}

function print(conflict: Conflict, line: (text: string) => void): void {
  const { id, at, how, name, key, winner, loser, winnerRow, loserRow, reason, resolved } = conflict;
  line(`${id}  ${at}  ${name} ${key}  ${how}${resolved === null ? "" : `, ${resolved}`}`);
  const isRefused = how === "refused";
  line(`    ${isRefused ? "is there" : "won"}: ${shown(winnerRow)}  ${writer(winner)}`);
  line(`    ${isRefused ? "refused" : "lost"}: ${shown(loserRow)}  ${writer(loser)}`);
  if (reason !== undefined) line(`    because: ${reason}`);
}

function shown(row: unknown): string {
  return row === null ? "deleted" : writeExact(row);
}

/** Who wrote a version: what follows its clock. */
function writer(version: string): string {
  const by = version.slice(version.indexOf(".") + 1);
  return by === "" ? "" : `(${by})`;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("It is a whole number.");
  return Number(text);
}
