import { WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import { writeError } from "./store-error.ts";
import type { StoreOptions } from "./types.ts";

/**
 * Applies the migrations that the file has not had yet, each in one transaction with its version number: after a
 * crash the next start goes on with the one that was not finished.
 *
 * @throws WeftkitError `migration_failed`, or what the disk did (`disk_full`, `read_only`, `corrupt`, `io_error`)
 */
export function migrate(db: Database, options: StoreOptions): void {
  const { file, migrations, log } = options;
  const applied = db.pragma("user_version", { simple: true }) as number;
  for (const [index, migration] of migrations.entries()) {
    if (index < applied) continue;
    const version = index + 1;
    const startedMs = performance.now();
    try {
      db.transaction(() => {
        migration.apply(db);
        db.pragma(`user_version = ${version}`);
      }).immediate();
    } catch (error) {
      const below = writeError(error, file);
      if (below instanceof WeftkitError) throw below;
      throw new WeftkitError(
        "migration_failed",
        `${file}: migration ${version} "${migration.name}" failed and was undone (${String(error)}): the file is as it was before; start the version that wrote it`,
        { cause: error },
      );
    }
    log.info(
      { migration: migration.name, schemaVersion: version, ms: Math.round(performance.now() - startedMs) },
      "schema migrated",
    );
  }
}
