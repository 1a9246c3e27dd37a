import { Command } from "commander";
import { defaultEngineUrl, transfer } from "../transfer/between.ts";
import { type TransferOptions, withTransferOptions } from "../transfer/options.ts";

/** `weftkit import` */
export function importCommand(): Command {
  const command = new Command("import")
    .description("copy an RDB file, or what a Redis holds, into weftkit/inmemory")
    .requiredOption("--from <place>", "an RDB file (dump.rdb), or a server: redis:// or rediss://")
    .option("--to <url>", "the engine", defaultEngineUrl);
  return withTransferOptions(command)
    .addHelpText(
      "after",
      `
RDB files of Redis 2.6 to 8 are read, with functions and expiry; the keys of all databases are copied. A server is read
by SCAN and DUMP: stop its writers first, as what they write meanwhile may be missing.

Examples:
  weftkit import --from dump.rdb --to redis://127.0.0.1:6379 --to-password-file secrets/password
  weftkit import --from rediss://user:secret@old.example.com:6380 --to redis://:secret@127.0.0.1:6379`,
    )
    .action((options: TransferOptions) =>
      transfer({ what: "importing", done: "Imported", engine: "to" }, options),
    );
}
