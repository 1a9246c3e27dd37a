import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Peer, SecuredPeer } from "@weftkit/host";
import { readStartup, violation } from "@weftkit/wire-postgres";
import { PgError } from "../errors.ts";
import { startupLength } from "./startup-length.ts";

/** The first byte of a TLS handshake, which is no length that a start-up packet could begin with. */
const handshakeByte = 0x16;
/** So long a client may take to say how it wants to begin. */
const firstPacketMs = 10_000;

/** A connection after it was settled whether it goes on in TLS. */
export interface Settled {
  readonly socket: Duplex;
  /** What was read of it already. */
  readonly input: Buffer | undefined;
  readonly secured: SecuredPeer | undefined;
}

/**
 * Answers SSLRequest and GSSENCRequest on a server that has a certificate, and takes a client that begins with the handshake
 * itself (sslnegotiation=direct). Such a server talks in plain text to cancel requests alone, which older clients cannot encrypt.
 *
 * @throws PgError, WireError: to be told to the client in plain text; anything else: it is gone
 */
export async function settleTls(socket: Socket, startTls: NonNullable<Peer["startTls"]>): Promise<Settled> {
  const timer = setTimeout(() => socket.destroy(), firstPacketMs);
  try {
    for (;;) {
      const first = await peek(socket);
      if (first[0] === handshakeByte) return await secure(socket, startTls);
      const packet = await readPacket(socket);
      const request = readStartup(packet);
      if (request.kind === "cancel") return { socket, input: packet, secured: undefined };
      if (request.kind === "startup") {
        throw new PgError("28000", "this server accepts encrypted connections only", {
          hint: "Connect with sslmode=require, or verify-full and sslrootcert.",
        });
      }
      // Bytes that came with the request were sent before the client could know the answer: somebody put them there.
      if (socket.readableLength > 0) throw violation("received unencrypted data after SSL request");
      socket.write(request.kind === "ssl" ? "S" : "N");
      if (request.kind === "ssl") return await secure(socket, startTls);
    }
  } finally {
    clearTimeout(timer);
  }
}

async function secure(socket: Socket, startTls: NonNullable<Peer["startTls"]>): Promise<Settled> {
  const secured = await startTls(socket);
  return { socket: secured.socket, input: undefined, secured };
}

/** Waits for the first byte and leaves it where it is. */
async function peek(socket: Socket): Promise<Buffer> {
  const first = await readExactly(socket, 1);
  socket.unshift(first);
  return first;
}

async function readPacket(socket: Socket): Promise<Buffer> {
  const header = await readExactly(socket, 4);
  const length = startupLength(header, 0, 4);
  return Buffer.concat([header, await readExactly(socket, length - 4)]);
}

async function readExactly(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read(length) as Buffer | null;
    if (bytes !== null && bytes.length === length) return bytes;
    if (socket.readableEnded || socket.destroyed) throw new Error("the client is gone");
    await Promise.race([once(socket, "readable"), once(socket, "end"), once(socket, "close")]);
  }
}
