import type { Database } from "@weftkit/store";
import { statement } from "@weftkit/store";
import type { BackgroundTask } from "../background.ts";

/** Rows that are removed in one write: a dropped table of millions must not hold the others up. */
const rowsMax = 2000;

/** Removes what deleted tables and indexes have left in the database. */
export const dropAbandoned: BackgroundTask = {
  name: "remove deleted tables",
  intervalMs: 60_000,
  frees: true,
  isDue: (db) => nextOf(db) !== undefined,
  step(db) {
    const storedIn = nextOf(db);
    if (storedIn === undefined) return false;
    const column = storedIn.startsWith("expiry_") ? "at, item_key" : "key";
    const { changes } = db
      .prepare(
        `DELETE FROM ${storedIn} WHERE (${column}) IN (SELECT ${column} FROM ${storedIn} LIMIT ${rowsMax})`,
      )
      .run();
    if (changes === rowsMax) return true;
    db.exec(`DROP TABLE ${storedIn}`);
    statement(db, "DELETE FROM dropped WHERE stored_in = ?").run(storedIn);
    return true;
  },
};

function nextOf(db: Database): string | undefined {
  return statement(db, "SELECT stored_in FROM dropped LIMIT 1", { pluck: true }).get() as string | undefined;
}
