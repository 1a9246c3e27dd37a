import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Authenticator, SecurityContext } from "@weftkit/auth";
import type { ChangeForm, ChangeLog } from "@weftkit/changes";
import type { Config, EngineName } from "@weftkit/config";
import type { Deadline } from "@weftkit/core";
import type { Logger, Readiness, Registry } from "@weftkit/observe";
import type { Stream } from "@weftkit/persist";
import type { StateFile, StatePlaces } from "@weftkit/persist/snapshot";

/** Why a connection is not served. */
export type Refusal = "max_connections";

/** The client at the other end of a connection. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  /**
   * Goes on in TLS, for an engine that negotiates it (`Engine.negotiatesTls`); undefined when the server has no certificate.
   * The socket must be paused, with nothing read of the handshake; it belongs to the TLS connection from here on. Rejects when
   * the handshake fails or takes too long; the socket is destroyed then.
   */
  readonly startTls?: (socket: Socket) => Promise<SecuredPeer>;
  /** Who the client is, when its certificate already says so (`auth.method = "mtls"`). */
  readonly identity?: SecurityContext;
  /**
   * Gives the connection's place back. The host does so itself on the socket's `close` event; only an engine that
   * takes the raw handle away from the socket, so that the event cannot come, must call it. Calling twice is harmless.
   */
  released(): void;
}

/** A connection after its TLS handshake. */
export interface SecuredPeer {
  /** Paused and unread. */
  readonly socket: TLSSocket;
  readonly identity?: SecurityContext;
  /** The hash of the server's certificate that channel binding is about (RFC 5929, tls-server-end-point). */
  readonly channelBinding: Buffer;
}

/** What an engine is given; everything lives until `close` has resolved. */
export interface EngineContext<Name extends EngineName = EngineName> {
  readonly name: Name;
  readonly version: string;
  /** The engine's own section of weftkit.toml. */
  readonly section: Config[Name];
  readonly config: Config;
  /** An existing, writable folder that this process alone uses. */
  readonly dataDir: string;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly auth: Authenticator;
  readonly readiness: Readiness;
  /**
   * Lets `GET /v1/changes` of the admin port stream this log, and `[cdc]` send it, until `close`. To be called in `open`. `form`
   * says how changes are written as JSON where they are not already.
   */
  serveChanges(log: ChangeLog, form?: ChangeForm): void;
  /**
   * Lets at most so many clients in from now on, whatever the configuration says; those that are connected stay. Returns how many the
   * process can serve by its open files: where these are fewer, nothing has changed.
   */
  limitConnections(max: number): number;
  /** Reports what cannot be gone on from: the image logs it, tries to close and ends with exit code 70. */
  fatal(error: unknown): void;
  /** Aborted when the engine is about to be closed. */
  readonly signal: AbortSignal;
}

/**
 * A database engine, as the host runs it: `open`, then `accept` for each client, then `close`.
 *
 * Sockets are handed over paused and unread, so that an engine may take over `socket._handle`; one that uses the
 * socket itself calls `socket.resume()` once it listens. After `close` was called, `accept` is not called any more.
 */
export interface Engine<Name extends EngineName = EngineName> {
  /**
   * What the engine's state is made of, for persistence outside the container. Called once, before `open`, when
   * persistence is on; the streams are restored by then or empty, and captured from `open` to after `close`. `section` is the
   * engine's own of weftkit.toml.
   */
  streams?(dataDir: string, log: Logger, section: Config[Name]): readonly Stream[];
  /**
   * Where the engine keeps its state, by the names of its streams: what a snapshot that is restored takes the place of. Default: as
   * its description says.
   */
  places?(dataDir: string, section: Config[Name]): StatePlaces;
  /**
   * The files of the engine's state at one moment, while it serves; `scratch` is an empty folder on the volume. They are read one
   * after the other. Without it there are no snapshots of this engine. A snapshot is restored between the `close` of one
   * engine and the `open` of the next that the image creates, in the same process.
   */
  snapshot?(scratch: string): AsyncIterable<StateFile>;
  /** The state is restored and locked; build caches, recover. Rejecting stops the start. */
  open(ctx: EngineContext<Name>): Promise<void>;
  /**
   * True for an engine whose protocol asks for TLS in plain text first (PostgreSQL): `accept` gets every client in plain text,
   * and `peer.startTls`.
   */
  readonly negotiatesTls?: boolean;
  /** What such a protocol is called in a TLS handshake that nothing precedes (ALPN). */
  readonly alpn?: readonly string[];
  /** A client connected (and, with TLS, the handshake is done). Owns the socket from here on, its errors too. */
  accept?(socket: Duplex, peer: Peer): void;
  /** Tells a client in the engine's own protocol why it is not served, and ends the socket. Default: the socket is closed. */
  refuse?(socket: Duplex, reason: Refusal): void;
  /**
   * Ends the sessions and resolves when everything acknowledged is on the disk. `deadline.signal` aborts when the
   * budget is used up. Rejecting, or being late, means that something is not saved: exit code 75.
   */
  close(deadline: Deadline): Promise<void>;
  /**
   * Closes the files that the state is in; nothing is captured any more. Called after `close` and the last push, and
   * after an `open` that failed.
   */
  dispose?(): Promise<void>;
  /** What `/v1/status` shows of the engine; must be cheap and hold no secret. */
  status?(): Record<string, unknown>;
}

/** An image: what `main.ts` hands to `runImage`. */
export interface ImageDefinition<Name extends EngineName = EngineName> {
  /** The image's name, which is its section in weftkit.toml and so decides its default port. */
  readonly name: Name;
  readonly version: string;
  create(): Engine<Name>;
}
