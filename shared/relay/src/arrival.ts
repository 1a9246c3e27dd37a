import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import {
  type ClientHello,
  type Opening,
  type Protocol,
  type ProxiedEnds,
  peek,
  readProxyHeader,
} from "@weftkit/peek";
import { ArrivalError, FirstBytes } from "./first-bytes.ts";

/** What happens to a client that begins with TLS: it is ended here, or a backend does that and everything is passed on. */
export type TlsChoice = "end" | "pass";

/**
 * What a client that asks for TLS in PostgreSQL's way is told: yes, no, or nothing, because the request itself is passed on and
 * the backend answers it.
 */
export type PostgresTlsChoice = "yes" | "no" | "pass";

/** How the first bytes of a connection are taken. */
export interface ArrivalOptions {
  /** What else is not looked for, on a port that is one protocol's. */
  readonly expected: Protocol | undefined;
  /** How long a client may say nothing at all, which costs little: some connect long before they ask. */
  readonly silenceMs: number;
  /** From the first byte until it is known what it is about, milliseconds. */
  readonly timeoutMs: number;
  readonly bytesMax: number;
  /** Whether a PROXY header from this address is believed. Anybody else's is an error. */
  isTrustedProxy(address: string): boolean;
  tlsChoice(hello: ClientHello): TlsChoice;
  postgresTls: PostgresTlsChoice;
  /** Ends TLS; rejects when the handshake fails. */
  secure(socket: Socket): Promise<TLSSocket>;
}

/** A connection of which it is known what it begins with. */
export interface Arrival {
  /** Paused; inside of the TLS that was ended here. */
  readonly socket: Socket;
  readonly opening: Opening;
  /** What was read of it, `opening` first: it goes to whoever serves it. */
  readonly bytes: Buffer;
  /** Whose it is, as the proxy before us has it, or the connection itself. */
  readonly ends: ProxiedEnds;
  /** What the client said when TLS began. */
  readonly hello: ClientHello | undefined;
  readonly tls: "none" | "ended" | "passed";
  /** The client was told yes when it asked for TLS in PostgreSQL's way: a backend to which its TLS is passed must be asked, too. */
  readonly hasAskedForTls: boolean;
}

/** PostgreSQL clients ask for GSS, then for TLS. */
const requestsMax = 2;

/**
 * Finds out what a connection begins with: PROXY header, TLS, PostgreSQL's requests for it, and the protocol. The socket must be
 * paused and unread. What takes too long or makes no sense is destroyed, but for a protocol's own refusal of it by the caller.
 *
 * @throws ArrivalError
 */
export async function arrive(socket: Socket, options: ArrivalOptions): Promise<Arrival> {
  const first = new FirstBytes(socket, options.bytesMax);
  await within(options.silenceMs, socket, first.more());
  return within(options.timeoutMs, socket, identify(socket, first, options));
}

async function within<T>(ms: number, socket: Socket, promise: Promise<T>): Promise<T> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, ms);
  try {
    return await promise;
  } catch (error) {
    if (!isLate) throw error;
    throw new ArrivalError("late", `nothing that is known came within ${ms} ms`);
  } finally {
    clearTimeout(timer);
  }
}

async function identify(socket: Socket, read: FirstBytes, options: ArrivalOptions): Promise<Arrival> {
  const { bytesMax } = options;
  let [current, first] = [socket, read];
  let tls: Arrival["tls"] = "none";
  let hello: ClientHello | undefined;
  let hasAskedForTls = false;
  const peer = endsOf(socket);
  const ends = options.isTrustedProxy(peer.sourceAddress) ? ((await readProxy(first)) ?? peer) : peer;
  for (let requests = 0; ; ) {
    const found = peek(first.bytes, options.expected);
    if (found === "more") {
      await first.more();
      continue;
    }
    if (found === "unknown" || isProxyLine(first.bytes) || (found.protocol === "tls" && tls !== "none")) {
      throw new ArrivalError(
        "unknown_protocol",
        "the connection begins with no protocol that is spoken here",
      );
    }
    if (found.protocol === "tls") {
      hello = found.hello;
      if (options.tlsChoice(hello) === "pass") {
        tls = "passed";
        return { socket: current, opening: found, bytes: first.bytes, ends, hello, tls, hasAskedForTls };
      }
      first.giveBack();
      current = await options.secure(current);
      [tls, first] = ["ended", new FirstBytes(current, bytesMax)];
      continue;
    }
    const request = found.protocol === "postgres" ? found.packet.kind : undefined;
    const isPassed = request === "ssl" && tls === "none" && options.postgresTls === "pass";
    if ((request !== "ssl" && request !== "gss") || isPassed) {
      return { socket: current, opening: found, bytes: first.bytes, ends, hello, tls, hasAskedForTls };
    }
    // What came behind the request was not encrypted, and would be taken for something that was (CVE-2021-23222).
    if (found.protocol !== "postgres" || first.bytes.length > found.length || ++requests > requestsMax) {
      throw new ArrivalError("unknown_protocol", "unencrypted data after a request for TLS");
    }
    first.drop(found.length);
    const isYes = request === "ssl" && tls === "none" && options.postgresTls === "yes";
    hasAskedForTls ||= isYes;
    current.write(isYes ? "S" : "N");
  }
}

/** The ends that a header names; undefined without one, or when the proxy speaks for itself. */
async function readProxy(first: FirstBytes): Promise<ProxiedEnds | undefined> {
  for (;;) {
    const header = first.bytes.length === 0 ? undefined : readProxyHeader(first.bytes);
    if (header === "malformed")
      throw new ArrivalError("bad_proxy_header", "a PROXY header that cannot be read");
    if (header === "none") return undefined;
    if (header !== undefined) {
      first.drop(header.length);
      return header.ends;
    }
    await first.more();
  }
}

/** RESP takes any line of letters, and this one is from somebody who must not say it. */
function isProxyLine(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, 6) === "PROXY ";
}

function endsOf(socket: Socket): ProxiedEnds {
  return {
    sourceAddress: socket.remoteAddress ?? "",
    sourcePort: socket.remotePort ?? 0,
    targetAddress: socket.localAddress ?? "",
    targetPort: socket.localPort ?? 0,
  };
}
