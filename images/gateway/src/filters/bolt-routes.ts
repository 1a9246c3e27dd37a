import {
  handshakeBytes,
  type PackValue,
  pack,
  requestTags,
  responseTags,
  Structure,
  unpack,
} from "@weftkit/wire-bolt";
import { type Filter, FrameFilter } from "./frame-filter.ts";

/** In the server's version: it offers a list of them (Handshake Manifest, version 1). */
const manifestMarker = 0x000001ff;
const chunkHeaderBytes = 2;
/** A message's first chunk: its length, the structure with one field, its tag, a map of one entry, the key. */
const lookBytes = 7;
const tableStart = Buffer.from([0xb1, responseTags.success, 0xa1, 0x82, 0x72, 0x74]);

/** What a side says before its first message. */
type Stage = "handshake" | "undecided" | "version" | "versions" | "capabilities" | "messages";

/**
 * ROUTE's answer names a cluster's servers, to which a driver with `neo4j://` would then go, around the gateway. Here it names the
 * address by which the client knows the gateway, for writing, reading and routing.
 *
 * @param fallback that address, for clients whose HELLO does not say
 */
export function boltRoutes(fallback: string): { readonly client: Filter; readonly server: Filter } {
  let address = fallback;
  let hasManifest = false;
  const client: FrameFilter = sideFilter({
    first: "handshake",
    after: () => undefined,
    decide: () => (hasManifest ? "version" : "messages"),
    lookBytes: 4,
    isHeld: (head) => {
      // The first message is HELLO; what follows is nothing to us.
      const isHello = head[3] === requestTags.hello;
      if (!isHello) client.stop();
      return isHello;
    },
    replace: (chunk) => {
      client.stop();
      address = routingAddress(chunk) ?? fallback;
      return chunk;
    },
  });
  const server: FrameFilter = sideFilter({
    first: "version",
    after: (stage, head) => {
      if (stage !== "version") return undefined;
      hasManifest = head.readUInt32BE(0) === manifestMarker;
      return hasManifest ? "versions" : undefined;
    },
    decide: () => "messages",
    lookBytes,
    isHeld: (head) =>
      head.length >= lookBytes && head.subarray(chunkHeaderBytes, 7).equals(tableStart.subarray(0, 5)),
    replace: (chunk) => withAddress(chunk, address),
  });
  return { client, server };
}

interface Side {
  readonly first: Stage;
  /** What comes after what is no message; undefined for the usual. */
  readonly after: (stage: Stage, head: Buffer) => Stage | undefined;
  /** What comes after the handshake, once the other side has answered it. */
  readonly decide: () => Stage;
  readonly lookBytes: number;
  /** Of a message's first chunk. */
  readonly isHeld: (head: Buffer) => boolean;
  readonly replace: (chunk: Buffer) => Buffer;
}

/** Chunks of messages, after the few bytes that come before them. */
function sideFilter(side: Side): FrameFilter {
  let stage = side.first;
  let isStart = true;
  const lengthOf = (head: Buffer): number => {
    if (stage === "messages") return chunkHeaderBytes + head.readUInt16BE(0);
    if (stage === "versions") return 1 + 4 * head[0]!;
    return stage === "handshake" ? handshakeBytes : stage === "version" ? 4 : 1;
  };
  return new FrameFilter({
    lengthBytes: () => {
      if (stage === "undecided") stage = side.decide();
      return stage === "messages" ? chunkHeaderBytes : 1;
    },
    lengthOf,
    lookBytes: () => (stage === "messages" ? side.lookBytes : 4),
    look: (head) => {
      if (stage !== "messages") {
        stage = next(side, stage, head);
        return false;
      }
      const isFirst = isStart && head.length > chunkHeaderBytes;
      isStart = head.readUInt16BE(0) === 0;
      return isFirst && side.isHeld(head);
    },
    replace: side.replace,
    heldBytesMax: chunkHeaderBytes + 0xffff,
  });
}

function next(side: Side, stage: Stage, head: Buffer): Stage {
  const told = side.after(stage, head);
  if (told !== undefined) return told;
  if (stage === "handshake") return "undecided";
  // The server's list of versions, and the client's choice of one, have capabilities behind them, as a varint.
  if (stage === "versions") return "capabilities";
  if (stage === "version" && side.first === "handshake") return "capabilities";
  return stage === "capabilities" && (head[0]! & 0x80) !== 0 ? "capabilities" : "messages";
}

/** `routing.address` of a HELLO: the address that the client was told to connect to. */
function routingAddress(chunk: Buffer): string | undefined {
  try {
    const message = unpack(chunk.subarray(chunkHeaderBytes));
    const extra = message instanceof Structure ? message.fields[0] : undefined;
    const routing = extra instanceof Map ? extra.get("routing") : undefined;
    const address = routing instanceof Map ? routing.get("address") : undefined;
    return typeof address === "string" ? address : undefined;
  } catch {
    // A HELLO of more than one chunk, or none at all: the server answers it.
    return undefined;
  }
}

function withAddress(chunk: Buffer, address: string): Buffer {
  try {
    const message = unpack(chunk.subarray(chunkHeaderBytes));
    const fields = message instanceof Structure ? message.fields[0] : undefined;
    const table = fields instanceof Map ? fields.get("rt") : undefined;
    if (!(fields instanceof Map) || !(table instanceof Map)) return chunk;
    const servers = ["WRITE", "READ", "ROUTE"].map(
      (role) =>
        new Map<string, PackValue>([
          ["addresses", [address]],
          ["role", role],
        ]),
    );
    const changed = new Map(fields).set("rt", new Map(table).set("servers", servers));
    const body = pack(new Structure(responseTags.success, [changed]));
    const header = Buffer.alloc(chunkHeaderBytes);
    header.writeUInt16BE(body.length);
    return Buffer.concat([header, body]);
  } catch {
    // A table of more than one chunk cannot be read from its first: the client goes where it says.
    return chunk;
  }
}
