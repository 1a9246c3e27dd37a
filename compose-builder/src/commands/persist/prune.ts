import { Command } from "commander";
import { openSubtree } from "../../persist/endpoint.ts";
import { advised } from "../../persist/failure.ts";
import { type SubtreeOptions, withSubtreeOptions } from "../../persist/options.ts";
import { type Pruned, type PrunePlan, planPrune, prune } from "../../persist/prune.ts";
import { askForState } from "../../persist/state.ts";
import { interruptible } from "../../terminal/interrupt.ts";
import { counted, readableBytes, readableTime } from "../../terminal/quantities.ts";

interface Options extends SubtreeOptions {
  readonly dryRun?: true;
}

/** `weftkit persist prune` */
export function pruneCommand(): Command {
  return withSubtreeOptions(
    new Command("prune").description("delete states that retention let go of more than a day ago"),
  )
    .option("--dry-run", "say what would be deleted, and delete nothing")
    .addHelpText(
      "after",
      `
Engines do this by themselves after their pushes; it is for a subtree whose engine is gone or could not. Only states in
the newest manifest's list of dropped ones are deleted, with the parts that nothing else names: never a state that
\`weftkit persist ls\` shows. The endpoint checks that again, and keeps what is less than a day old.
Requests bear the newest epoch but claim no lease, so an engine goes on undisturbed.

Example:
  weftkit persist prune --engine inmemory --dry-run`,
    )
    .action((options: Options) => advised(() => interruptible((signal) => run(options, signal))));
}

async function run(options: Options, signal: AbortSignal): Promise<void> {
  const target = await openSubtree(options);
  try {
    const { head, state } = await askForState(target, undefined, signal);
    const plan = await planPrune(target, state, signal);
    const isDue = plan.due.length > 0 && !options.dryRun;
    const pruned = isDue ? await prune(target, head, state, plan, signal) : undefined;
    if (options.json) printJson(plan, pruned);
    else print(plan, pruned);
  } finally {
    target.client.close();
  }
}

function print({ due, parts, bytes, waiting }: PrunePlan, pruned: Pruned | undefined): void {
  const line = (text: string) => process.stdout.write(`${text}\n`);
  for (const { manifest, time } of due) {
    line(
      `${pruned === undefined ? "would delete" : "deleted     "}  ${manifest.slice(0, 12)}, dropped ${readableTime(time)}`,
    );
  }
  const size = `${counted(due.length, "state")}, ${counted(parts, "part")} that nothing else names, ${readableBytes(bytes)}`;
  if (due.length === 0) line("There is nothing to delete.");
  else if (pruned === undefined) line(`Would delete ${size}.`);
  else
    line(
      `Deleted ${size}.${pruned.kept === 0 ? "" : ` The endpoint kept ${counted(pruned.kept, "object")} that it still needs.`}`,
    );
  if (waiting.length > 0) line(`${counted(waiting.length, "state")} must wait: dropped less than a day ago.`);
}

function printJson({ due, parts, bytes, waiting }: PrunePlan, pruned: Pruned | undefined): void {
  const named = (list: PrunePlan["due"]) =>
    list.map(({ manifest, time }) => ({ manifest, droppedAt: new Date(time).toISOString() }));
  const document = { due: named(due), parts, bytes, waiting: named(waiting), pruned: pruned ?? null };
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
