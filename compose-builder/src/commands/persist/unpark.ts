import { Command } from "commander";
import { advised } from "../../persist/failure.ts";
import { parkedCopies, putBack } from "../../persist/unpark.ts";
import { readableBytes } from "../../terminal/quantities.ts";

interface Options {
  readonly dataDir?: string;
  readonly json?: true;
}

/** `weftkit persist unpark` */
export function unparkCommand(): Command {
  return new Command("unpark")
    .description("put a state that a restore has moved aside back in its place")
    .argument("[name]", "which one; without it, they are listed")
    .option("--data-dir <folder>", "the engine's data dir (default: WEFTKIT_DATA_DIR)")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
An engine that finds its volume behind the remote state, or off it, moves the volume's state to parked/<time> in its data
dir before it restores. This puts such a copy back, and what is in place aside in its turn. The engine must not be running.
At its next start it pushes the copy as the newest state; the states before stay restorable.

Example:
  weftkit persist unpark --data-dir /var/lib/weftkit
  weftkit persist unpark --data-dir /var/lib/weftkit 2026-02-02T03-04-05.000Z`,
    )
    .action((name: string | undefined, options: Options) => advised(() => run(name, options)));
}

async function run(name: string | undefined, options: Options): Promise<void> {
  const line = (text: string) => process.stdout.write(`${text}\n`);
  if (name === undefined) {
    const copies = parkedCopies(options.dataDir);
    if (options.json) line(JSON.stringify(copies, null, 2));
    else if (copies.length === 0) line("Nothing was moved aside.");
    else
      for (const copy of copies)
        line(`${copy.name}  ${readableBytes(copy.bytes)}  ${copy.entries.join(", ")}`);
    return;
  }
  const { dataDir, aside } = await putBack(name, options.dataDir);
  if (options.json) {
    line(JSON.stringify({ dataDir, name, aside: aside ?? null }, null, 2));
    return;
  }
  line(`${name} is in place in ${dataDir} again.`);
  if (aside !== undefined) line(`What was there is in ${aside}.`);
  line("The next start of the engine pushes it as the newest state.");
}
