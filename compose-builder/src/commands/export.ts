import { Command } from "commander";
import { engineUrls, transfer } from "../transfer/between.ts";
import { type WrittenOptions, withTransferOptions } from "../transfer/options.ts";

/** `weftkit export` */
export function exportCommand(): Command {
  const command = new Command("export")
    .description("copy weftkit/relational into a PostgreSQL, or weftkit/inmemory into a Redis or an RDB file")
    .requiredOption("--to <place>", "a server: postgres://, redis:// or rediss://; or an RDB file (dump.rdb)")
    .option("--from <url>", `the engine (default: that of the same protocol of ${engineUrls})`);
  return withTransferOptions(command)
    .addHelpText(
      "after",
      `
PostgreSQL: the database must be empty. What is copied, and how, is in weftkit import --help. When it is interrupted, the same command
goes on where it was.

Redis: the file is one that Redis 7.2 and newer load, and so is a server that is copied to. The engine is read by SCAN and DUMP:
stop its writers first, as what they write meanwhile may be missing.

Examples:
  weftkit export --from postgres://app:secret@127.0.0.1:5432/weftkit --to postgres://shop:secret@new.example.com/shop
  weftkit export --from redis://:secret@127.0.0.1:6379 --to dump.rdb
  weftkit export --from redis://127.0.0.1:6379 --to rediss://user:secret@new.example.com:6380`,
    )
    .action((options: WrittenOptions) =>
      transfer({ what: "exporting", done: "Exported", engine: "from" }, options),
    );
}
