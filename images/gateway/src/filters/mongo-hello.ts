import { isHello } from "@weftkit/peek";
import {
  documentLength,
  documentOf,
  elementValue,
  fieldName,
  headerBytes,
  listElement,
  msgFlags,
  opCodes,
  requireValidDocument,
  textElement,
  valueLength,
  writeMsg,
  writeReply,
} from "@weftkit/wire-mongo";
import { type Filter, FrameFilter } from "./frame-filter.ts";

/** Enough of a message to see which command it is: header, flags, kind, the first field; of OP_QUERY its collection before. */
const commandBytes = 96;
const helloBytesMax = 1 << 20;
/** Hellos that a client may have asked for without an answer. */
const askedMax = 64;

/** Fields that name the servers behind us. */
const addresses = new Set(["me", "primary"]);
const lists = new Set(["hosts", "passives", "arbiters"]);
/** By these a driver tells an old primary from a new one: they say nothing of the gateway, behind which one follows the other. */
const dropped = new Set(["electionId", "setVersion", "tags"]);

/**
 * A replica set's answers to `hello` name its members, to which a driver with `replicaSet=` would then go, around the gateway. Here
 * they name the gateway, as the set's only member.
 *
 * @param address what the client knows the gateway by: `host:port`
 */
export function mongoHello(address: string): { readonly client: Filter; readonly server: Filter } {
  const asked = new Set<number>();
  const lengthOf = (head: Buffer) => {
    const length = head.readInt32LE(0);
    return length < headerBytes ? undefined : length;
  };
  const client = new FrameFilter({
    lengthBytes: () => headerBytes,
    lengthOf,
    lookBytes: () => commandBytes,
    look: (head) => {
      if (isHello(head) && asked.size < askedMax) asked.add(head.readInt32LE(4));
      return false;
    },
    replace: (frame) => frame,
    heldBytesMax: 0,
  });
  const server = new FrameFilter({
    lengthBytes: () => headerBytes,
    lengthOf,
    lookBytes: () => headerBytes,
    look: (head) => asked.delete(head.readInt32LE(8)),
    replace: (frame) => {
      // An answer that others follow (exhaust) is what the next one answers.
      const isMsg = frame.readInt32LE(12) === opCodes.msg;
      if (isMsg && (frame.readUInt32LE(headerBytes) & msgFlags.moreToCome) !== 0)
        asked.add(frame.readInt32LE(4));
      return replaced(frame, address);
    },
    heldBytesMax: helloBytesMax,
  });
  return { client, server };
}

function replaced(frame: Buffer, address: string): Buffer {
  try {
    const opCode = frame.readInt32LE(12);
    const [requestId, responseTo] = [frame.readInt32LE(4), frame.readInt32LE(8)];
    if (opCode === opCodes.reply) {
      return writeReply(requestId, responseTo, rewritten(frame, 36, address), frame.readInt32LE(16));
    }
    if (opCode !== opCodes.msg || frame[20] !== 0) return frame;
    // Without a checksum: none was asked for by a driver that says hello.
    const flags = frame.readUInt32LE(16) & ~msgFlags.checksumPresent;
    return writeMsg({ requestId, responseTo, flags, body: rewritten(frame, 21, address) });
  } catch {
    // What is no answer that can be read is the client's to complain of.
    return frame;
  }
}

/** The document at `at` with our address wherever it names a server. */
function rewritten(frame: Buffer, at: number, address: string): Buffer {
  requireValidDocument(frame, at, frame.length);
  const end = at + documentLength(frame, at) - 1;
  const parts: Buffer[] = [];
  for (let element = at + 4; element < end; ) {
    const name = fieldName(frame, element);
    const value = elementValue(frame, element);
    const next = value + valueLength(frame, frame[element]!, value);
    if (addresses.has(name)) parts.push(textElement(name, address));
    else if (lists.has(name)) parts.push(listElement(name, name === "hosts" ? [address] : []));
    else if (!dropped.has(name)) parts.push(frame.subarray(element, next));
    element = next;
  }
  return documentOf(parts);
}
