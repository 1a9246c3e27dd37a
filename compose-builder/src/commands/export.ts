import { Command } from "commander";
import { defaultEngineUrl, transfer } from "../transfer/between.ts";
import { type TransferOptions, withTransferOptions } from "../transfer/options.ts";

/** `weftkit export` */
export function exportCommand(): Command {
  const command = new Command("export")
    .description("copy what weftkit/inmemory holds into an RDB file, or into a Redis")
    .requiredOption("--to <place>", "an RDB file (dump.rdb), or a server: redis:// or rediss://")
    .option("--from <url>", "the engine", defaultEngineUrl);
  return withTransferOptions(command)
    .addHelpText(
      "after",
      `
The file is one that Redis 7.2 and newer load, and so is a server that is copied to. The engine is read by SCAN and DUMP:
stop its writers first, as what they write meanwhile may be missing.

Examples:
  weftkit export --from redis://:secret@127.0.0.1:6379 --to dump.rdb
  weftkit export --from redis://127.0.0.1:6379 --to rediss://user:secret@new.example.com:6380`,
    )
    .action((options: TransferOptions) =>
      transfer({ what: "exporting", done: "Exported", engine: "from" }, options),
    );
}
