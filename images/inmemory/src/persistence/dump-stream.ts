import type { Stream } from "../storage/stream.ts";
import { FIRST_ID, LAST_ID } from "../storage/stream-id.ts";

/** Receives a command. */
export type Emit = (...values: (string | Buffer)[]) => void;

/**
 * Writes a stream as the commands that make it again: its entries, its counters, its groups with their consumers and
 * what these have not acknowledged (Redis, rewriteStreamObject).
 */
export function dumpStream(stream: Stream, key: Buffer, emit: Emit): void {
  stream.range(FIRST_ID, LAST_ID, false, (entry) => {
    const words: Buffer[] = [];
    entry.emit({ bulk: (bytes, offset, length) => words.push(bytes.subarray(offset, offset + length)) });
    emit("XADD", key, entry.id.toString(), ...words);
    return true;
  });
  // Only adding makes a stream: what is added here goes at once.
  if (stream.length === 0) emit("XADD", key, "MAXLEN", "0", "0-1", "x", "y");
  const { lastId, entriesAdded, maxDeletedId } = stream;
  emit(
    "XSETID",
    key,
    lastId.toString(),
    "ENTRIESADDED",
    String(entriesAdded),
    "MAXDELETEDID",
    maxDeletedId.toString(),
  );
  for (const group of stream.groups()) {
    const name = Buffer.from(group.name, "latin1");
    emit("XGROUP", "CREATE", key, name, group.lastId.toString(), "ENTRIESREAD", String(group.entriesRead));
    for (const consumer of group.consumers()) {
      const consumerName = Buffer.from(consumer.name, "latin1");
      emit("XGROUP", "CREATECONSUMER", key, name, consumerName);
      for (const { id, deliveredAt, deliveries } of consumer.pending) {
        const idText = id.toString();
        emit(
          "XCLAIM",
          key,
          name,
          consumerName,
          "0",
          idText,
          "TIME",
          String(deliveredAt),
          "RETRYCOUNT",
          String(deliveries),
          "JUSTID",
          "FORCE",
        );
      }
    }
  }
}
