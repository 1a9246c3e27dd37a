import { Command } from "commander";
import { engineUrls, transfer } from "../transfer/between.ts";
import { type WrittenOptions, withTransferOptions } from "../transfer/options.ts";

/** `weftkit import` */
export function importCommand(): Command {
  const command = new Command("import")
    .description("copy a PostgreSQL into weftkit/relational, or a Redis or an RDB file into weftkit/inmemory")
    .requiredOption(
      "--from <place>",
      "a server: postgres://, redis:// or rediss://; or an RDB file (dump.rdb)",
    )
    .option("--to <url>", `the engine (default: that of the same protocol of ${engineUrls})`);
  return withTransferOptions(command)
    .addHelpText(
      "after",
      `
PostgreSQL: the database must be empty. Schemas, types, sequences, functions and tables are made; rows are copied by their primary
keys, in ranges; indexes, constraints, views, triggers, policies, comments, owners and grants (of roles that are there) come after them.
Then the rows of both sides are compared by count and checksum. When it is interrupted, the same command goes on where it was.
Stop the writers first: what they write meanwhile may be missing, and then the comparison says so.

Redis: RDB files of Redis 2.6 to 8 are read, with functions and expiry; the keys of all databases are copied. A server is read
by SCAN and DUMP: stop its writers first, as what they write meanwhile may be missing.

Examples:
  weftkit import --from postgres://shop:secret@old.example.com/shop --to postgres://app:secret@127.0.0.1:5432/weftkit
  weftkit import --from dump.rdb --to redis://127.0.0.1:6379 --to-password-file secrets/password
  weftkit import --from rediss://user:secret@old.example.com:6380 --to redis://:secret@127.0.0.1:6379`,
    )
    .action((options: WrittenOptions) =>
      transfer({ what: "importing", done: "Imported", engine: "to" }, options),
    );
}
