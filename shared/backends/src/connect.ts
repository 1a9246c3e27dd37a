import { readFileSync } from "node:fs";
import { isIP, connect as netConnect, type Socket } from "node:net";
import { type ConnectionOptions, connect as tlsConnect } from "node:tls";
import { ConfigError } from "@weftkit/config";
import { WeftkitError } from "@weftkit/core";
import { addressOf, type Backend } from "./backend.ts";

/** How backends that are spoken to in TLS are trusted, and what they are shown. */
export interface BackendTls {
  /** Whom to trust; the system's own when undefined. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  /** False takes any certificate. */
  readonly verify: boolean;
}

/**
 * Reads the certificates for connections to backends.
 *
 * @param section whose keys they are, for mistakes: "gateway"
 * @throws ConfigError
 */
export function readBackendTls(
  section: string,
  files: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  },
  verify: boolean,
): BackendTls {
  const read = (key: "ca" | "cert" | "key") => {
    const path = files[key];
    if (path === undefined) return {};
    try {
      return { [key]: readFileSync(path) };
    } catch (error) {
      const message = `cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
      throw new ConfigError([{ where: `${section}.backend_tls_${key}_file`, message }]);
    }
  };
  return { ...read("ca"), ...read("cert"), ...read("key"), verify };
}

/** How to connect. */
export interface ConnectOptions {
  readonly timeoutMs: number;
  /** Ends the try. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Connects, in plain TCP; the socket is paused, unread and the caller's. TLS is `secure`'s, as some protocols ask for it first.
 *
 * @throws WeftkitError `connect_failed` with the system's reason, `connect_timeout`
 */
export function connect(backend: Pick<Backend, "host" | "port">, options: ConnectOptions): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const address = addressOf(backend);
  const socket = netConnect({
    host: backend.host,
    port: backend.port,
    noDelay: true,
    autoSelectFamilyAttemptTimeout: Math.max(10, Math.floor(options.timeoutMs / 4)),
  });
  const fail = (error: WeftkitError) => {
    settle();
    socket.on("error", () => {});
    socket.destroy();
    reject(error);
  };
  const timer = setTimeout(() => {
    fail(new WeftkitError("connect_timeout", `${address} did not answer within ${options.timeoutMs} ms`));
  }, options.timeoutMs);
  const abort = () => fail(new WeftkitError("connect_failed", `connecting to ${address} was given up`));
  const failed = (error: NodeJS.ErrnoException) => {
    fail(new WeftkitError("connect_failed", `cannot connect to ${address}: ${error.code ?? error.message}`));
  };
  const settle = () => {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", abort);
    socket.off("error", failed);
  };
  socket.pause();
  socket.once("error", failed);
  socket.once("connect", () => {
    settle();
    resolve(socket);
  });
  options.signal?.addEventListener("abort", abort, { once: true });
  if (options.signal?.aborted === true) abort();
  return promise;
}

/** How a connection goes on in TLS. */
export interface SecureOptions extends ConnectOptions {
  readonly tls: BackendTls;
  /** The name to ask for (SNI); the backend's host, unless that is an address. */
  readonly serverName?: string | undefined;
  readonly alpn?: readonly string[] | undefined;
}

/**
 * Goes on in TLS on a connection of `connect`; the socket is paused and unread.
 *
 * @throws WeftkitError `tls_failed` with the reason, `connect_timeout`
 */
export function secure(
  socket: Socket,
  backend: Pick<Backend, "host" | "port">,
  options: SecureOptions,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const { tls } = options;
  const name = options.serverName ?? (isIP(backend.host) === 0 ? backend.host : undefined);
  const tlsOptions: ConnectionOptions = {
    socket,
    rejectUnauthorized: tls.verify,
    minVersion: "TLSv1.2",
    // Whose name the certificate must have: the backend's own, whatever the client asked for.
    host: backend.host,
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(tls.cert !== undefined && { cert: tls.cert }),
    ...(tls.key !== undefined && { key: tls.key }),
    ...(name !== undefined && { servername: name }),
    ...(options.alpn !== undefined && { ALPNProtocols: [...options.alpn] }),
  };
  const secured = tlsConnect(tlsOptions);
  const fail = (error: WeftkitError) => {
    settle();
    secured.on("error", () => {});
    secured.destroy();
    reject(error);
  };
  const address = addressOf(backend);
  const timer = setTimeout(() => {
    fail(
      new WeftkitError(
        "connect_timeout",
        `${address} did not end the TLS handshake within ${options.timeoutMs} ms`,
      ),
    );
  }, options.timeoutMs);
  const failed = (error?: NodeJS.ErrnoException) => {
    const reason = error?.code ?? error?.message ?? "it hung up";
    fail(new WeftkitError("tls_failed", `the TLS handshake with ${address} failed: ${reason}`));
  };
  const closed = () => failed();
  const abort = () => failed(Object.assign(new Error("it was given up")));
  const settle = () => {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", abort);
    secured.off("error", failed);
    secured.off("close", closed);
  };
  secured.pause();
  secured.once("error", failed);
  secured.once("close", closed);
  secured.once("secureConnect", () => {
    settle();
    resolve(secured);
  });
  options.signal?.addEventListener("abort", abort, { once: true });
  if (options.signal?.aborted === true) abort();
  return promise;
}
