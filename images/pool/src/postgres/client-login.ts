import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { matchesVerifier, ScramExchange, type ScramVerifier, unmatchableVerifier } from "@weftkit/auth";
import { WeftkitError } from "@weftkit/core";
import type { Transport, TransportEvents } from "@weftkit/sockets";
import {
  BackendWriter,
  type ErrorFields,
  MessageReader,
  MessageStream,
  negotiate,
  packetLength,
  readStartup,
  type StartupPacket,
} from "@weftkit/wire-postgres";
import { errors } from "../errors.ts";
import type { PoolSockets } from "../network/pool-sockets.ts";
import type { ScramSecret } from "./scram-client.ts";
import { md5 } from "./server-login.ts";
import type { Secret } from "./users-file.ts";

/** A refusal that the client is told. */
export class Refusal extends WeftkitError {
  readonly fields: ErrorFields;
  constructor(fields: ErrorFields) {
    super("refused", fields.message);
    this.fields = fields;
  }
}

type Startup = Extract<StartupPacket, { kind: "startup" }>;
type Cancel = Extract<StartupPacket, { kind: "cancel" }>;

/** Who has come, and in what. */
export interface Arrival {
  readonly socket: Socket;
  readonly packet: Startup | Cancel;
  /** What was read behind the packet. */
  readonly rest: Buffer;
  readonly isTls: boolean;
}

const packetBytesMax = 10_000;
const handshakeByte = 0x16;

/** Reads what a connection begins with, and goes on in TLS when it asks for that. `startTls` is undefined where there is none. */
export async function arrive(
  socket: Socket,
  startTls: ((socket: Socket) => Promise<Socket>) | undefined,
): Promise<Arrival> {
  let [current, isTls, bytes]: [Socket, boolean, Buffer] = [socket, false, Buffer.alloc(0)];
  for (let requests = 0; ; ) {
    const chunk = current.read() as Buffer | null;
    if (chunk !== null) bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    if (bytes[0] === handshakeByte && !isTls && startTls !== undefined) {
      current.unshift(bytes);
      current = await startTls(current);
      [isTls, bytes] = [true, Buffer.alloc(0)];
      continue;
    }
    const length = packetLength(bytes, 0, bytes.length, packetBytesMax);
    if (length > 0 && bytes.length >= length) {
      const packet = readStartup(bytes.subarray(0, length));
      const rest = bytes.subarray(length);
      if (packet.kind === "startup" || packet.kind === "cancel")
        return { socket: current, packet, rest, isTls };
      if (rest.length > 0 || ++requests > 2)
        throw new Refusal(errors.badLogin("received unencrypted data after SSL request"));
      bytes = Buffer.alloc(0);
      const accepts = packet.kind === "ssl" && startTls !== undefined && !isTls;
      current.write(accepts ? "S" : "N");
      if (accepts) {
        current = await startTls(current);
        isTls = true;
      }
      continue;
    }
    if (current.readableEnded || current.destroyed)
      throw new WeftkitError("client_gone", "the client has gone");
    await Promise.race([once(current, "readable"), once(current, "end"), once(current, "close")]);
  }
}

export type AuthType = "scram-sha-256" | "md5" | "plain" | "trust";

/** A login that went well. */
export interface Proved {
  /** What it gives for logins at servers, beyond what the list of users says. */
  readonly secret: ScramSecret | undefined;
}

/** One client's messages during its login, and the answers. */
export class ClientDialogue {
  readonly transport: Transport;
  readonly #sockets: PoolSockets;
  #stream: MessageStream | undefined;
  #waiting: { resolve(body: Buffer): void; reject(error: unknown): void } | undefined;
  readonly #bodies: Buffer[] = [];
  #error: unknown;
  #next: TransportEvents | undefined;
  #kept: Buffer[] = [];
  onGone: () => void = () => {};

  constructor(sockets: PoolSockets, socket: Socket, rest: Buffer) {
    this.#sockets = sockets;
    this.transport = sockets.take(socket);
    this.#stream = new MessageStream(
      {
        wantsWhole: () => true,
        whole: (type, bytes, at, length) => {
          if (type === 0x70) this.#told(Buffer.from(bytes.subarray(at + 5, at + length)));
          else this.#fail(new Refusal(errors.badLogin("expected a password message")));
          return "drop";
        },
        pass: () => {},
      },
      passwordBytesMax,
    );
    this.transport.start({
      data: (bytes, start, end) => this.#data(bytes, start, end),
      upcoming: () => {},
      unsent: () => {},
      drained: () => this.#next?.drained(),
      ended: () => (this.#next === undefined ? this.#gone() : this.#next.ended()),
      closed: () => (this.#next === undefined ? this.#gone() : this.#next.closed()),
    });
    if (rest.length > 0) this.#data(rest, 0, rest.length);
  }

  /** From now on everything is another's; what came early, too. */
  handOver(events: TransportEvents): void {
    this.#next = events;
    for (const bytes of this.#kept) events.data(bytes, 0, bytes.length);
    this.#kept = [];
    this.#stream = undefined;
    if (this.#error !== undefined) events.closed();
  }

  /** The login is over: what comes now is kept. */
  proved(): void {
    this.#isProved = true;
  }
  #isProved = false;

  send(write: (writer: BackendWriter) => void): void {
    const writer = new BackendWriter();
    write(writer);
    this.#sockets.write(this.transport, writer.take());
  }

  refuse(fields: ErrorFields): void {
    this.send((writer) => writer.error(fields));
    this.#sockets.handOver();
    this.transport.end();
    this.#sockets.flushSoon();
  }

  next(): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const body = this.#bodies.shift();
    if (body !== undefined) resolve(body);
    else if (this.#error !== undefined) reject(this.#error);
    else this.#waiting = { resolve, reject };
    return promise;
  }

  #data(bytes: Buffer, start: number, end: number): void {
    if (this.#next !== undefined) this.#next.data(bytes, start, end);
    else if (this.#isProved) {
      this.#kept.push(Buffer.from(bytes.subarray(start, end)));
      if (this.#kept.length > 64) this.transport.pause();
    } else {
      try {
        this.#stream?.data(bytes, start, end);
      } catch {
        this.#fail(new Refusal(errors.badLogin("invalid message during the login")));
      }
    }
  }

  #gone(): void {
    this.#fail(new WeftkitError("client_gone", "the client has gone"));
    this.transport.destroy();
    this.onGone();
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#waiting?.reject(this.#error);
    this.#waiting = undefined;
  }

  #told(body: Buffer): void {
    if (this.#waiting !== undefined) {
      this.#waiting.resolve(body);
      this.#waiting = undefined;
    } else if (this.#bodies.length < 8) this.#bodies.push(body);
    else this.#fail(new Refusal(errors.badLogin("too many messages during the login")));
  }
}

const passwordBytesMax = 70_000;

/**
 * Lets a client prove who it is. A user who does not exist costs and looks the same as a wrong password.
 *
 * @throws Refusal
 */
export async function prove(
  dialogue: ClientDialogue,
  user: string,
  secret: Secret | undefined,
  type: AuthType,
): Promise<Proved> {
  if (type === "trust") {
    // No password is asked for, so that there is nothing to hide.
    if (secret === undefined) throw new Refusal(errors.noSuchUser(user));
    return { secret: undefined };
  }
  if (type === "plain" || (type === "md5" && secret?.kind !== "scram"))
    return provePassword(dialogue, user, secret, type);
  const verifier = await secret?.verifier();
  if (secret !== undefined && verifier === undefined) throw new Refusal(errors.badPassword(user));
  return proveScram(dialogue, user, secret, verifier);
}

async function provePassword(
  dialogue: ClientDialogue,
  user: string,
  secret: Secret | undefined,
  type: "plain" | "md5",
): Promise<Proved> {
  const salt = randomBytes(4);
  if (type === "plain") dialogue.send((writer) => writer.authenticationCleartextPassword());
  else dialogue.send((writer) => writer.authenticationMd5Password(salt));
  const given = textOf(await dialogue.next());
  if (secret === undefined || given === "" || secret.text === "") throw new Refusal(errors.badPassword(user));
  const hash = secret.kind === "md5" ? secret.text.slice(3) : md5(secret.text + user);
  if (type === "md5") {
    if (!isSame(given, `md5${md5(Buffer.concat([Buffer.from(hash), salt]))}`))
      throw new Refusal(errors.badPassword(user));
    return { secret: undefined };
  }
  const isRight =
    secret.kind === "scram"
      ? await matchesVerifier((await secret.verifier())!, given)
      : secret.kind === "md5"
        ? isSame(md5(given + user), hash)
        : isSame(given, secret.text);
  if (!isRight) throw new Refusal(errors.badPassword(user));
  return { secret: { password: given } };
}

async function proveScram(
  dialogue: ClientDialogue,
  user: string,
  secret: Secret | undefined,
  verifier: ScramVerifier | undefined,
): Promise<Proved> {
  const known = verifier ?? unmatchableVerifier();
  const exchange = new ScramExchange<true>(
    () => ({ verifier: known, context: secret === undefined || secret.text === "" ? undefined : true }),
    { user },
  );
  try {
    dialogue.send((writer) => writer.authenticationSasl(["SCRAM-SHA-256"]));
    const first = new MessageReader(await dialogue.next());
    if (first.text() !== "SCRAM-SHA-256")
      throw new Refusal(errors.badLogin("the client chose a SASL mechanism that was not offered"));
    const answer = exchange.first(first.value()?.toString() ?? "");
    dialogue.send((writer) => writer.authenticationSaslContinue(answer));
    const outcome = exchange.final((await dialogue.next()).toString());
    if (outcome === undefined) throw new Refusal(errors.badPassword(user));
    dialogue.send((writer) => writer.authenticationSaslFinal(outcome.message));
    return { secret: { clientKey: outcome.clientKey, serverKey: known.serverKey } };
  } catch (error) {
    if (error instanceof WeftkitError && (error.code === "malformed_scram" || error.code === "08P01")) {
      throw new Refusal(errors.badLogin(error.message));
    }
    throw error;
  }
}

function textOf(body: Buffer): string {
  const nul = body.indexOf(0);
  return body.toString("utf8", 0, nul < 0 ? body.length : nul);
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Settles the protocol's version with the client. @throws Refusal */
export function settleVersion(packet: Startup, dialogue: ClientDialogue): void {
  try {
    const { reply } = negotiate(packet);
    if (reply !== undefined) dialogue.send((writer) => writer.negotiateProtocolVersion(0, reply.options));
    else if (packet.minor > 0) dialogue.send((writer) => writer.negotiateProtocolVersion(0, []));
  } catch (error) {
    throw new Refusal({
      severity: "FATAL",
      code: "0A000",
      message: error instanceof Error ? error.message : String(error),
    });
  }
}
