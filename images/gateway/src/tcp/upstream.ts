import type { Socket } from "node:net";
import { type Backends, type BackendTls, connect, type Place, secure } from "@weftkit/backends";
import { WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { type ProxiedEnds, writeProxyHeader } from "@weftkit/peek";
import { FirstBytes } from "@weftkit/relay";
import type { Route } from "../routes/route.ts";

/** So many servers are tried for one connection. */
const triesMax = 3;
/** SSLRequest: length 8, code 1234.5679. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** What connections to servers are made with. */
export interface UpstreamOptions {
  readonly backends: Backends;
  readonly tls: BackendTls;
  readonly timeoutMs: number;
  readonly log: Logger;
}

/** What a connection to a server is for. */
export interface UpstreamWanted {
  readonly route: Route;
  readonly ends: ProxiedEnds;
  /** The client's TLS is passed on unopened; it may have asked for it in PostgreSQL's way, and been told yes. */
  readonly passesTls: boolean;
  readonly hasAskedForTls: boolean;
  /** The name that the client asked for, which the server is asked for, too. */
  readonly serverName: string | undefined;
  readonly alpn?: readonly string[] | undefined;
}

/** A connection to a server: paused, unread, and in TLS where the server wants that. */
export interface Upstream {
  readonly socket: Socket;
  readonly place: Place;
}

/** Connects to the first server of a route that takes a connection; undefined when none does. */
export async function connectUpstream(
  options: UpstreamOptions,
  wanted: UpstreamWanted,
): Promise<Upstream | undefined> {
  const { backends, log } = options;
  const { route } = wanted;
  const except = new Set<string>();
  for (let tries = 0; tries < triesMax; tries++) {
    const place = backends.acquire({ ...route.target, role: route.role, policy: route.policy, except });
    if (place === undefined) break;
    try {
      const socket = await open(options, wanted, place);
      place.succeeded();
      return { socket, place };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.debug({ backend: place.backend.id, reason }, "a server could not be connected to");
      place.failed(reason);
      place.release();
      except.add(place.backend.id);
    }
  }
  return undefined;
}

async function open(options: UpstreamOptions, wanted: UpstreamWanted, { backend }: Place): Promise<Socket> {
  const { timeoutMs } = options;
  const plain = await connect(backend, { timeoutMs });
  try {
    if (wanted.route.proxyHeader !== undefined) {
      plain.write(writeProxyHeader(wanted.route.proxyHeader, wanted.ends));
    }
    const endsTls = backend.tls && !wanted.passesTls;
    if (wanted.route.protocol === "postgres" && (endsTls || wanted.hasAskedForTls)) {
      await askForTls(plain, timeoutMs);
    }
    if (!endsTls) return plain;
    const { serverName, alpn } = wanted;
    return await secure(plain, backend, { timeoutMs, tls: options.tls, serverName, alpn });
  } catch (error) {
    plain.on("error", () => {});
    plain.destroy();
    throw error;
  }
}

/** PostgreSQL's request for TLS, to which the only good answer is yes, and not a byte more (CVE-2021-23222). */
async function askForTls(socket: Socket, timeoutMs: number): Promise<void> {
  socket.write(sslRequest);
  const answer = new FirstBytes(socket, 1);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const failed = () => {};
  socket.on("error", failed);
  try {
    await answer.more();
  } finally {
    clearTimeout(timer);
    socket.off("error", failed);
  }
  if (answer.bytes.length !== 1 || answer.bytes[0] !== 0x53) {
    throw new WeftkitError("tls_failed", "the server takes no TLS, and is to be spoken to in it");
  }
}
