import type { Socket } from "node:net";
import {
  chooseVersion,
  chunked,
  handshakeBytes,
  MessageAssembler,
  pack,
  responseTags,
  Structure,
  type VersionRange,
  versionReply,
} from "@weftkit/wire-bolt";
import { type RefusalReason, refusalTexts } from "./reason.ts";

/** Neo4j's status codes; drivers try again after a `TransientError`. */
const codes: Readonly<Record<RefusalReason, string>> = {
  no_route: "Neo.ClientError.Database.DatabaseNotFound",
  no_backend: "Neo.TransientError.General.DatabaseUnavailable",
  max_connections: "Neo.TransientError.Request.NoThreadsAvailable",
  rate: "Neo.TransientError.Request.NoThreadsAvailable",
  tls_required: "Neo.ClientError.Security.Forbidden",
  shutting_down: "Neo.TransientError.General.DatabaseUnavailable",
};

/** Versions in which FAILURE has a code and a message; 5.7 gave it more. */
const versions: readonly VersionRange[] = [
  { major: 5, minor: 6, range: 6 },
  { major: 4, minor: 4, range: 1 },
];
const helloBytesMax = 64 << 10;
const zeros = Buffer.alloc(4);
/** Drivers want to hear of Neo4j. */
const helloAnswer = message(responseTags.success, [
  ["server", "Neo4j/5.0.0"],
  ["connection_id", "bolt-0"],
]);

/**
 * FAILURE to the message that logs in, after the handshake: without a version nothing can be said. From 5.1 on that is LOGON;
 * drivers send it together with HELLO, and take a HELLO that fails for a breach of the protocol.
 */
export function refuseBolt(socket: Socket, bytes: Buffer, reason: RefusalReason): void {
  const failure = message(responseTags.failure, [
    ["code", codes[reason]],
    ["message", refusalTexts[reason]],
  ]);
  let hellosLeft = 0;
  const messages = new MessageAssembler(helloBytesMax, () => {
    if (hellosLeft-- > 0) socket.write(helloAnswer);
    else if (!socket.writableEnded) socket.end(failure);
  });
  let handshake = Buffer.alloc(0);
  let hasAnswered = false;
  const received = (chunk: Buffer) => {
    try {
      if (hasAnswered) {
        messages.add(chunk);
        return;
      }
      handshake = Buffer.concat([handshake, chunk]);
      if (handshake.length < handshakeBytes) return;
      hasAnswered = true;
      const version = chooseVersion(withoutManifest(handshake), versions);
      if (version?.kind !== "version") socket.end(versionReply(undefined));
      else {
        const { major, minor } = version.version;
        if (major > 5 || (major === 5 && minor > 0)) hellosLeft = 1;
        socket.write(versionReply(version.version));
      }
      messages.add(handshake.subarray(handshakeBytes));
    } catch {
      // What is no Bolt has no answer in it.
      socket.destroy();
    }
  };
  socket.on("data", received);
  received(bytes);
  socket.resume();
}

function message(tag: number, fields: readonly (readonly [string, string])[]): Buffer {
  return chunked(Buffer.from(pack(new Structure(tag, [new Map(fields)]))));
}

/** The proposals without that of a manifest, which would cost a round more. */
function withoutManifest(handshake: Buffer): Buffer {
  const proposals = Buffer.from(handshake.subarray(0, handshakeBytes));
  for (let at = 4; at < handshakeBytes; at += 4) {
    if (proposals.readUInt32BE(at) === 0x1ff) zeros.copy(proposals, at);
  }
  return proposals;
}
