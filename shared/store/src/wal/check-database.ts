import { openDatabase } from "../connection.ts";

/** "ok", or the first thing that SQLite finds wrong with a database which nobody has open. Reads all of it. */
export function checkDatabase(file: string, how: "quick_check" | "integrity_check"): string {
  const db = openDatabase(file, { readonly: false });
  try {
    return db.pragma(`${how}(1)`, { simple: true }) as string;
  } finally {
    db.close();
  }
}
