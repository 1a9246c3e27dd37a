import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import type { Place } from "@weftkit/backends";
import { WeftkitError } from "@weftkit/core";
import type { Route } from "../routes/route.ts";
import { connectUpstream, type UpstreamOptions } from "../tcp/upstream.ts";

/** Streams of one connection, when the server says nothing less. */
const streamsMax = 1000;

interface Session {
  readonly http2: ClientHttp2Session;
  readonly place: Place;
  streams: number;
}

/** Connections to servers that speak HTTP/2, each shared by many streams. */
export class Http2Upstream {
  readonly #options: UpstreamOptions;
  readonly #sessions = new Map<string, Set<Session>>();
  /** Connections that are being made, by route and server's role: those who come meanwhile wait for the same one. */
  readonly #connecting = new Map<string, Promise<Session | undefined>>();

  #isClosed = false;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    options.backends.onChange(() => this.#endLeaving());
  }

  /** A session with room for a stream, to the server that the next connection of this route would get; undefined without any. */
  async take(
    route: Route,
  ): Promise<{ session: ClientHttp2Session; release: () => void; id: string } | undefined> {
    for (let tries = 0; tries < 3; tries++) {
      const session = this.#free(route) ?? (await this.#connect(route));
      if (session === undefined) return undefined;
      if (!isUsable(session)) continue;
      session.streams++;
      const release = () => {
        session.streams--;
        this.#endIfLeaving(session);
      };
      return { session: session.http2, release, id: session.place.backend.id };
    }
    return undefined;
  }

  close(): void {
    this.#isClosed = true;
    for (const sessions of this.#sessions.values()) {
      for (const { http2 } of sessions) http2.destroy();
    }
  }

  /** An open session to the server that is chosen now. */
  #free(route: Route): Session | undefined {
    const { backends } = this.#options;
    const place = backends.acquire({ ...route.target, role: route.role, policy: route.policy });
    if (place === undefined) return undefined;
    place.release();
    for (const session of this.#sessions.get(place.backend.id) ?? []) {
      if (isUsable(session)) return session;
    }
    return undefined;
  }

  /** Who leaves is rid of connections that nobody uses at once, of the others with their last stream. */
  #endLeaving(): void {
    for (const sessions of this.#sessions.values()) {
      for (const session of sessions) this.#endIfLeaving(session);
    }
  }

  #endIfLeaving({ http2, place, streams }: Session): void {
    const backend = this.#options.backends.table.get(place.backend.id);
    if (streams === 0 && (backend === undefined || backend.draining)) http2.close();
  }

  #connect(route: Route): Promise<Session | undefined> {
    const { engine, group } = route.target;
    const key = `${engine}/${group} ${route.role} ${route.policy}`;
    let connecting = this.#connecting.get(key);
    if (connecting === undefined) {
      connecting = this.#open(route).finally(() => this.#connecting.delete(key));
      this.#connecting.set(key, connecting);
    }
    return connecting;
  }

  async #open(route: Route): Promise<Session | undefined> {
    const nobody = { sourceAddress: "", sourcePort: 0, targetAddress: "", targetPort: 0 };
    const found = await connectUpstream(this.#options, {
      // One connection for many clients cannot say whose it is.
      route: { ...route, proxyHeader: undefined },
      ends: nobody,
      passesTls: false,
      hasAskedForTls: false,
      serverName: undefined,
      alpn: ["h2"],
    });
    if (found === undefined) return undefined;
    const { socket, place } = found;
    const { backend } = place;
    if (this.#isClosed) {
      place.release();
      socket.destroy();
      return undefined;
    }
    const http2 = connectHttp2(`${backend.tls ? "https" : "http"}://${backend.host}:${backend.port}`, {
      createConnection: () => socket,
    });
    // It was paused so far, and what takes its bytes from here on does not start it.
    socket.resume();
    const session: Session = { http2, place, streams: 0 };
    const sessions = this.#sessions.get(backend.id) ?? new Set();
    this.#sessions.set(backend.id, sessions.add(session));
    http2.on("error", (error) => place.failed(error.message));
    http2.on("close", () => {
      sessions.delete(session);
      if (sessions.size === 0 && this.#sessions.get(backend.id) === sessions)
        this.#sessions.delete(backend.id);
      place.release();
    });
    // The first settings say how many streams there may be.
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => http2.destroy(), this.#options.timeoutMs);
    http2.once("remoteSettings", () => resolve());
    http2.once("close", () => reject(new WeftkitError("connect_failed", "the server hung up")));
    try {
      await promise;
      return session;
    } catch {
      // Told to the place by the session's error; the caller has no server then.
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}

function isUsable({ http2, streams }: Session): boolean {
  if (http2.closed || http2.destroyed) return false;
  return streams < Math.min(streamsMax, http2.remoteSettings?.maxConcurrentStreams ?? streamsMax);
}
