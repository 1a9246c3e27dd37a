import { createHash, X509Certificate } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket, type Server as TlsServer } from "node:tls";
import type { Authenticator, SecurityContext } from "@weftkit/auth";
import { listen, WeftkitError } from "@weftkit/core";
import { Counter, Gauge, type Logger, type Registry } from "@weftkit/observe";
import type { Engine, Peer, SecuredPeer } from "./engine.ts";
import type { TlsMaterial } from "./tls.ts";

/** What a listener is made of. */
export interface ListenerOptions {
  readonly bind: string;
  readonly port: number;
  readonly connectionsMax: number;
  readonly tls: TlsMaterial | undefined;
  /** Who gets the connections: an engine, or a service. */
  readonly engine: Pick<Engine, "accept" | "refuse" | "negotiatesTls" | "alpn">;
  readonly auth: Authenticator;
  readonly log: Logger;
  readonly metrics: Registry;
}

/** Connections that wait in the kernel until the event loop gets to them; more are turned away by the kernel. */
const backlog = 1024;
/** How many clients beyond the limit are answered (or in a handshake) at once; more are closed without a word. */
const refusalsMax = 128;
/** How long a refused client may take to read why. */
const refusalLingerMs = 2000;
const handshakeTimeoutMs = 10_000;
/** Finds peers that vanished without a word; Redis's and PostgreSQL's systems default to minutes to hours. */
const keepAliveDelayMs = 300_000;

/**
 * The data port: accepts connections, up to the limit, and hands each to the engine, paused and unread.
 *
 * The host counts connections itself, because an engine may take the raw handle away from a socket, after which neither
 * the socket nor `net.Server` learns of its end: a place is given back on the socket's `close` event or by
 * `peer.released()`, whichever comes first.
 */
export class Listener {
  readonly server: Server;
  readonly #options: ListenerOptions;
  /** What clients that go on in TLS are given to; it listens itself where TLS comes first. */
  readonly #tls: TlsServer | undefined;
  #channelBinding: Buffer = Buffer.alloc(0);
  /** Handshakes after a negotiation, by the client's address and port: what to do when one is done. */
  readonly #negotiations = new Map<string, (socket: TLSSocket) => void>();
  readonly #accepted: Counter;
  readonly #refused: Counter<"reason">;
  /** How many clients may be connected at once; those that are stay, even when they are more. */
  connectionsMax: number;
  #connections = 0;
  #refusals = 0;
  #handshakes = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.connectionsMax = options.connectionsMax;
    const registers = [options.metrics];
    this.#accepted = new Counter({
      name: "weftkit_connections_accepted_total",
      help: "Connections handed to the engine.",
      registers,
    });
    this.#refused = new Counter({
      name: "weftkit_connections_refused_total",
      help: "Connections not served, by reason.",
      labelNames: ["reason"],
      registers,
    });
    const connections = () => this.#connections;
    new Gauge({
      name: "weftkit_connections",
      help: "Open connections.",
      registers,
      collect() {
        this.set(connections());
      },
    });
    const { tls, engine } = options;
    this.#tls = tls === undefined ? undefined : this.#tlsServer(tls);
    this.server = this.#tls === undefined || engine.negotiatesTls === true ? this.#plainServer() : this.#tls;
    if (tls !== undefined) this.#channelBinding = certificateHash(tls.cert);
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#connections;
  }

  /** Begins to listen; resolves to the port. @throws WeftkitError `cannot_listen` */
  async open(): Promise<number> {
    const { bind, port, log } = this.#options;
    const listeningPort = await listen(this.server, { bind, port, backlog });
    this.server.on("error", (error) => log.error({ err: error }, "cannot accept a connection"));
    return listeningPort;
  }

  /** Stops accepting, at once; open connections are the engine's. */
  close(): void {
    if (this.server.listening) this.server.close();
  }

  #plainServer(): Server {
    return createServer(
      { pauseOnConnect: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveDelayMs },
      (socket) => this.#admit(socket),
    );
  }

  #tlsServer(material: TlsMaterial): TlsServer {
    const mutual = material.ca !== undefined;
    const server = createTlsServer({
      ...material,
      requestCert: mutual,
      rejectUnauthorized: mutual,
      handshakeTimeout: handshakeTimeoutMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelayMs,
      ...(this.#options.engine.alpn !== undefined && { ALPNProtocols: [...this.#options.engine.alpn] }),
    });
    if (this.#options.engine.negotiatesTls === true) {
      server.on("secureConnection", (socket) => this.#negotiations.get(nameOf(socket))?.(socket));
      return server;
    }
    server.on("connection", (socket: Socket) => {
      this.#handshakes++;
      const spare = this.connectionsMax + refusalsMax;
      if (this.#connections + this.#refusals + this.#handshakes > spare) socket.destroy();
    });
    server.on("tlsClientError", (error) => {
      this.#handshakes--;
      this.#refused.inc({ reason: "tls" });
      this.#options.log.debug({ err: error }, "a TLS handshake failed");
    });
    server.on("secureConnection", (socket) => {
      this.#handshakes--;
      this.#admit(socket.pause());
    });
    return server;
  }

  #admit(socket: Socket): void {
    const { engine, log } = this.#options;
    if (this.#connections >= this.connectionsMax) {
      this.#refuse(socket);
      return;
    }
    this.#connections++;
    let counted = true;
    const released = () => {
      if (counted) this.#connections--;
      counted = false;
    };
    socket.once("close", released);
    try {
      engine.accept?.(socket, this.#peerOf(socket, released));
      this.#accepted.inc();
    } catch (error) {
      log.error({ err: error }, "the engine failed to accept a connection");
      socket.destroy();
      released();
    }
  }

  #peerOf(socket: Socket, released: () => void): Peer {
    // A client that is gone already has no address any more.
    const base = { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0, released };
    if (socket instanceof TLSSocket) return { ...base, tls: true, ...this.#identityOf(socket) };
    const tls = this.#tls;
    if (tls === undefined) return { ...base, tls: false };
    return { ...base, tls: false, startTls: (plain) => this.#startTls(tls, plain) };
  }

  #identityOf(socket: TLSSocket): { identity?: SecurityContext } {
    const { auth } = this.#options;
    const identity = auth.method === "mtls" ? auth.fromCertificate(socket.getPeerCertificate()) : undefined;
    return identity === undefined ? {} : { identity };
  }

  #startTls(server: TlsServer, plain: Socket): Promise<SecuredPeer> {
    const name = nameOf(plain);
    const { promise, resolve, reject } = Promise.withResolvers<SecuredPeer>();
    const failed = () => {
      this.#refused.inc({ reason: "tls" });
      reject(new WeftkitError("tls_failed", "the TLS handshake failed"));
    };
    this.#negotiations.set(name, (socket) => {
      plain.off("close", failed);
      resolve({ socket: socket.pause(), ...this.#identityOf(socket), channelBinding: this.#channelBinding });
    });
    plain.once("close", failed);
    server.emit("connection", plain);
    return promise.finally(() => this.#negotiations.delete(name));
  }

  /** Takes other certificates for connections from now on. */
  setSecureContext(material: TlsMaterial): void {
    this.#tls?.setSecureContext(material);
    this.#channelBinding = certificateHash(material.cert);
  }

  #refuse(socket: Socket): void {
    const { engine, log } = this.#options;
    const { connectionsMax } = this;
    this.#refused.inc({ reason: "max_connections" });
    log.warn({ connectionsMax }, "a connection was refused: max_connections is reached");
    // Nobody else listens, and a client that hangs up first is no news.
    socket.on("error", () => {});
    if (engine.refuse === undefined || this.#refusals >= refusalsMax) {
      socket.destroy();
      return;
    }
    this.#refusals++;
    const timer = setTimeout(() => socket.destroy(), refusalLingerMs);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#refusals--;
    });
    engine.refuse(socket, "max_connections");
    // What the client sends meanwhile is read and dropped: closing with unread bytes would reset the connection, and
    // the reset can overtake the reason.
    socket.resume();
  }
}

/** What tells a TCP connection from all others of this listener. */
function nameOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

/** RFC 5929, section 4.1: the hash that the certificate's own signature uses, and SHA-256 in the place of MD5 and SHA-1. */
function certificateHash(pem: Buffer): Buffer {
  const certificate = new X509Certificate(pem);
  const [, bits = "256"] = /sha(256|384|512)/i.exec(certificate.signatureAlgorithm ?? "") ?? [];
  return createHash(`sha${bits}`).update(certificate.raw).digest();
}
