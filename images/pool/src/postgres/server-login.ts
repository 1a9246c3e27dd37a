import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { type Backend, type BackendTls, connect, secure } from "@weftkit/backends";
import { WeftkitError } from "@weftkit/core";
import type { Transport, TransportEvents } from "@weftkit/sockets";
import {
  type BackendMessage,
  FrontendWriter,
  MessageStream,
  readBackendMessage,
} from "@weftkit/wire-postgres";
import type { PoolSockets } from "../network/pool-sockets.ts";
import { ScramClient, type ScramSecret } from "./scram-client.ts";
import { ServerError } from "./server-session.ts";

/** How the pool proves who it is at a server. */
export type ServerCredentials =
  | { readonly kind: "none" }
  | { readonly kind: "secret"; readonly secret: ScramSecret }
  /** `md5` and 32 hexadecimal digits, as in a list of users. */
  | { readonly kind: "md5"; readonly hash: string };

export interface ServerLoginOptions {
  readonly sockets: PoolSockets;
  readonly backend: Pick<Backend, "host" | "port">;
  readonly tlsMode: "off" | "prefer" | "require";
  readonly tls: BackendTls;
  readonly user: string;
  readonly database: string;
  readonly credentials: ServerCredentials;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A session at a server that was logged in. */
export interface LoggedIn {
  readonly transport: Transport;
  readonly processId: number;
  readonly cancelKey: Buffer;
  readonly reported: Map<string, string>;
  /** Gives what comes from now on to somebody. */
  handOver(events: TransportEvents): void;
}

/** Asks a server for TLS; its answer is one letter. */
async function negotiated(socket: Socket, options: ServerLoginOptions): Promise<Socket> {
  const { tlsMode, backend, tls, timeoutMs, signal } = options;
  if (tlsMode === "off") return socket;
  const writer = new FrontendWriter();
  writer.sslRequest();
  socket.write(writer.take());
  await Promise.race([once(socket, "readable"), once(socket, "close")]);
  const answer = socket.read() as Buffer | null;
  if (answer?.length === 1 && answer[0] === 0x53) {
    return secure(socket, backend, { tls, timeoutMs, signal });
  }
  if (tlsMode === "require" || answer?.length !== 1) {
    socket.destroy();
    throw new WeftkitError("tls_failed", "the server does not speak TLS, which this pool requires");
  }
  return socket;
}

/**
 * Connects and logs in.
 *
 * @throws ServerError with the server's own refusal, WeftkitError
 */
export async function logIn(options: ServerLoginOptions): Promise<LoggedIn> {
  const plain = await connect(options.backend, { timeoutMs: options.timeoutMs, signal: options.signal });
  const socket = await negotiated(plain, options);
  const transport = options.sockets.take(socket);
  const dialogue = new Dialogue(transport);
  const send = (write: (writer: FrontendWriter) => void) => {
    const writer = new FrontendWriter();
    write(writer);
    options.sockets.write(transport, writer.take());
  };
  const timer = setTimeout(
    () => dialogue.fail(new WeftkitError("connect_timeout", "the login took too long")),
    options.timeoutMs,
  );
  try {
    send((writer) =>
      writer.startup([
        ["user", options.user],
        ["database", options.database],
      ]),
    );
    return await converse(options, dialogue, send, transport);
  } catch (error) {
    transport.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function converse(
  options: ServerLoginOptions,
  dialogue: Dialogue,
  send: (write: (writer: FrontendWriter) => void) => void,
  transport: Transport,
): Promise<LoggedIn> {
  const reported = new Map<string, string>();
  let [processId, cancelKey] = [0, Buffer.alloc(0)];
  let scram: ScramClient | undefined;
  for (;;) {
    const message = await dialogue.next();
    if (message.type === "authentication") {
      const { code, body } = message;
      if (code === 0) continue;
      if (code === 12 && scram !== undefined) {
        scram.verify(body.toString());
        continue;
      }
      if (code === 11 && scram !== undefined) {
        const final = await scram.final(body.toString());
        send((writer) => writer.saslResponse(final));
        continue;
      }
      const answer = await firstProof(code, body, options);
      if (answer instanceof ScramClient) {
        scram = answer;
        const first = answer.first();
        send((writer) => writer.saslInitialResponse("SCRAM-SHA-256", first));
      } else send((writer) => writer.password(answer));
    } else if (message.type === "parameterStatus") reported.set(message.name, message.value);
    else if (message.type === "backendKeyData")
      [processId, cancelKey] = [message.processId, Buffer.from(message.key)];
    else if (message.type === "error") throw new ServerError(message.fields);
    else if (message.type === "readyForQuery") {
      return { transport, processId, cancelKey, reported, handOver: (events) => dialogue.handOver(events) };
    }
  }
}

async function firstProof(
  code: number,
  body: Buffer,
  options: ServerLoginOptions,
): Promise<string | ScramClient> {
  const { credentials, user } = options;
  if (credentials.kind === "none") {
    throw new WeftkitError("no_password", `the server wants a password for ${user}, and the pool has none`);
  }
  const password =
    credentials.kind === "secret" && "password" in credentials.secret
      ? credentials.secret.password
      : undefined;
  if (code === 3 && password !== undefined) return password;
  if (code === 5 && (password !== undefined || credentials.kind === "md5")) {
    const inner = credentials.kind === "md5" ? credentials.hash.slice(3) : md5(password + user);
    return `md5${md5(Buffer.concat([Buffer.from(inner), body]))}`;
  }
  if (code === 10 && credentials.kind === "secret") {
    if (!body.toString("latin1").split("\0").includes("SCRAM-SHA-256")) {
      throw new WeftkitError("no_mechanism", "the server offers no SASL mechanism that the pool knows");
    }
    return new ScramClient(credentials.secret);
  }
  throw new WeftkitError(
    "no_password",
    `the server wants a proof (${code}) that what is known of ${user} does not give`,
  );
}

export function md5(text: string | Buffer): string {
  return createHash("md5").update(text).digest("hex");
}

const loginMessageBytesMax = 1 << 20;
const loginMessagesMax = 10_000;

/** A server's messages one after the other, during the login. */
class Dialogue {
  readonly #messages: BackendMessage[] = [];
  readonly #stream: MessageStream;
  #waiting: { resolve(message: BackendMessage): void; reject(error: unknown): void } | undefined;
  #error: unknown;
  #next: TransportEvents | undefined;

  constructor(transport: Transport) {
    this.#stream = new MessageStream(
      {
        wantsWhole: () => true,
        whole: (_type, bytes, at, length) => {
          this.#told(readBackendMessage(bytes, at, length));
          return "drop";
        },
        pass: () => {},
      },
      loginMessageBytesMax,
    );
    transport.start({
      data: (bytes, start, end) => {
        if (this.#next !== undefined) {
          this.#next.data(bytes, start, end);
          return;
        }
        try {
          this.#stream.data(bytes, start, end);
        } catch (error) {
          this.fail(error);
        }
      },
      upcoming: () => {},
      unsent: () => {},
      drained: () => this.#next?.drained(),
      ended: () => this.#ended(),
      closed: () => (this.#next === undefined ? this.#ended() : this.#next.closed()),
    });
  }

  #ended(): void {
    if (this.#next !== undefined) this.#next.ended();
    else this.fail(new WeftkitError("connect_failed", "the server hung up during the login"));
  }

  handOver(events: TransportEvents): void {
    this.#next = events;
    if (this.#error !== undefined) events.closed();
  }

  fail(error: unknown): void {
    this.#error ??= error;
    this.#waiting?.reject(this.#error);
    this.#waiting = undefined;
  }

  next(): Promise<BackendMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<BackendMessage>();
    const message = this.#messages.shift();
    if (message !== undefined) resolve(message);
    else if (this.#error !== undefined) reject(this.#error);
    else this.#waiting = { resolve, reject };
    return promise;
  }

  #told(message: BackendMessage): void {
    // What is a view of the input is gone after this turn.
    const kept =
      message.type === "authentication"
        ? { ...message, body: Buffer.from(message.body) }
        : message.type === "backendKeyData"
          ? { ...message, key: Buffer.from(message.key) }
          : message;
    if (this.#waiting !== undefined) {
      this.#waiting.resolve(kept);
      this.#waiting = undefined;
    } else if (this.#messages.length < loginMessagesMax) this.#messages.push(kept);
    else this.fail(new WeftkitError("connect_failed", "the server talks too much during the login"));
  }
}
