import { statement } from "@weftkit/store";
import { Doc } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import type { Call } from "../server/command.ts";
import type { WriteWork } from "../storage/work.ts";

/** Writes down what a write will be answered, within the write. */
export type Keep = (work: WriteWork, reply: () => Doc) => void;

/**
 * Runs a write that a driver may send twice: what was answered to its number is written down in the transaction of the write, and
 * answered again when the number comes again, after a restart too.
 */
export async function answerOnce(call: Call, write: (keep: Keep) => Promise<Doc>): Promise<Doc> {
  const { retry, server, transaction } = call;
  if (retry === undefined || transaction !== undefined) return write(() => {});
  const known = await server.store.read((db) =>
    statement(db, "SELECT reply FROM retryable_writes WHERE session = ? AND number = ?", { pluck: true }).get(
      retry.session,
      retry.number,
    ),
  );
  if (known !== undefined) {
    const reply = Doc.read(known as Buffer).copy();
    return reply.set("retriedStmtIds", [0]);
  }
  return write((work, reply) => {
    work.change(
      "INSERT OR REPLACE INTO retryable_writes (session, number, reply, at_ms) VALUES (?, ?, ?, ?)",
      [retry.session, retry.number, writeDoc(reply()), Date.now()],
    );
  });
}
