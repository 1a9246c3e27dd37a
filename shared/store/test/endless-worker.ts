import { parentPort } from "node:worker_threads";
import { WatchedConnection } from "@weftkit/store";
import Database from "better-sqlite3";

// Runs a statement that does not end by itself, and says how it ended.
const db = new Database(":memory:");
const watched = WatchedConnection.of(db)!;
parentPort!.postMessage(watched.token);
watched.begin();
try {
  db.exec("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c");
} catch {
  parentPort!.postMessage(watched.end());
} finally {
  db.close();
}
