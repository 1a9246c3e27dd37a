import type { Stream } from "../storage/stream.ts";
import type { StreamId } from "../storage/stream-id.ts";
import { type EntryCursor, HAS_SAME_FIELDS } from "../storage/stream-node.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { ListpackWriter } from "./listpack.ts";

/** A stream's nodes, its counters, its groups with their consumers and what these have not acknowledged. */
export function writeStream(writer: ByteWriter, stream: Stream): void {
  writer.rdbLength(stream.nodeCount);
  stream.visitNodes((firstId, live, deleted, entry) => {
    writer.rdbString(idBytes(firstId));
    writer.rdbString(nodeListpack(firstId, live, deleted, entry));
  });
  writer.rdbLength(stream.length);
  writeId(writer, stream.lastId);
  writeId(writer, stream.firstId);
  writeId(writer, stream.maxDeletedId);
  writer.rdbLength(stream.entriesAdded);
  const groups = stream.groups();
  writer.rdbLength(groups.length);
  for (const group of groups) {
    writer.rdbString(Buffer.from(group.name, "latin1"));
    writeId(writer, group.lastId);
    writer.rdbLength(BigInt.asUintN(64, BigInt(group.entriesRead)));
    writer.rdbLength(group.pending.size);
    for (const { id, deliveredAt, deliveries } of group.pending) {
      writer.raw(idBytes(id));
      writer.uint64(BigInt(deliveredAt));
      writer.rdbLength(deliveries);
    }
    const consumers = group.consumers();
    writer.rdbLength(consumers.length);
    for (const consumer of consumers) {
      writer.rdbString(Buffer.from(consumer.name, "latin1"));
      writer.uint64(BigInt(consumer.seenAt));
      writer.uint64(BigInt(consumer.activeAt));
      writer.rdbLength(consumer.pending.size);
      for (const { id } of consumer.pending) writer.raw(idBytes(id));
    }
  }
}

/** A node: what its entries have in common, then each entry, whose last element says how many it has (t_stream.c). */
function nodeListpack(firstId: StreamId, live: number, deleted: number, entry: EntryCursor): Buffer {
  const packed = new ListpackWriter();
  const words: Buffer[] = [];
  const sink = {
    bulk: (bytes: Buffer, offset: number, length: number) =>
      words.push(bytes.subarray(offset, offset + length)),
  };
  entry.emitSharedNames(sink);
  packed.addInteger(BigInt(live));
  packed.addInteger(BigInt(deleted));
  packed.addInteger(BigInt(words.length));
  for (const name of words) packed.add(name);
  packed.addInteger(0n);
  do {
    words.length = 0;
    entry.emit(sink);
    const isSame = (entry.flags & HAS_SAME_FIELDS) !== 0;
    const { id } = entry;
    packed.addInteger(BigInt(entry.flags));
    packed.addInteger(BigInt.asIntN(64, timeOf(id) - timeOf(firstId)));
    packed.addInteger(BigInt.asIntN(64, sequenceOf(id) - sequenceOf(firstId)));
    if (!isSame) packed.addInteger(BigInt(words.length / 2));
    for (const [index, word] of words.entries()) if (!isSame || index % 2 === 1) packed.add(word);
    packed.addInteger(BigInt(isSame ? words.length / 2 + 3 : words.length + 4));
  } while (entry.next());
  return packed.finish();
}

function timeOf({ msHigh, msLow }: StreamId): bigint {
  return (BigInt(msHigh) << 32n) | BigInt(msLow);
}

function sequenceOf({ seqHigh, seqLow }: StreamId): bigint {
  return (BigInt(seqHigh) << 32n) | BigInt(seqLow);
}

function idBytes(id: StreamId): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  bytes.writeUInt32BE(id.msHigh, 0);
  bytes.writeUInt32BE(id.msLow, 4);
  bytes.writeUInt32BE(id.seqHigh, 8);
  bytes.writeUInt32BE(id.seqLow, 12);
  return bytes;
}

function writeId(writer: ByteWriter, id: StreamId): void {
  writer.rdbLength(timeOf(id));
  writer.rdbLength(sequenceOf(id));
}
