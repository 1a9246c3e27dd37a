import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { BrokerTls } from "./connection.ts";

// https://docs.nats.io/reference/reference-protocols/nats-protocol: as much of it as publishing with answers needs.

export interface NatsOptions {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly tls: BrokerTls | undefined;
  /** What has not been answered by then has failed. */
  readonly answerMs: number;
}

interface ServerInfo {
  readonly max_payload: number;
  readonly headers?: boolean;
  readonly tls_required?: boolean;
}

interface Waiting {
  readonly resolve: (payload: Buffer) => void;
  readonly reject: (error: Error) => void;
}

const lineEnd = "\r\n";
/** Of what a server says in one line. */
const lineBytesMax = 1024 * 1024;

/** A connection to a NATS server that publishes messages and waits for the answer to each. */
export class NatsConnection {
  readonly #socket: Socket;
  readonly #info: ServerInfo;
  readonly #inbox = `_INBOX.${randomBytes(12).toString("hex")}`;
  readonly #waiting = new Map<string, Waiting>();
  #input: Buffer;
  #lastRequest = 0;
  #failure: Error | undefined;

  private constructor(socket: Socket, info: ServerInfo, rest: Buffer) {
    this.#socket = socket;
    this.#info = info;
    this.#input = rest;
  }

  /** @throws Error when the server is not there or does not let it in */
  static async open(options: NatsOptions): Promise<NatsConnection> {
    const { host, port, answerMs } = options;
    const plain = connectTcp({ host, port });
    const late = setTimeout(() => plain.destroy(new Error(`${host}:${port} does not answer`)), answerMs);
    try {
      await once(plain, "connect");
      const { line, rest } = await firstLine(plain);
      if (!line.startsWith("INFO ")) throw new Error(`${host}:${port} is no NATS server`);
      const info = JSON.parse(line.slice(5)) as ServerInfo;
      if (options.tls === undefined && info.tls_required === true)
        throw new Error("the server demands TLS: set cdc.tls = true");
      const socket = options.tls === undefined ? plain : await secured(plain, host, options.tls);
      const connection = new NatsConnection(socket, info, rest);
      await connection.#begin(options);
      return connection;
    } catch (error) {
      plain.destroy();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** Of a message, with its headers. */
  get payloadBytesMax(): number {
    return this.#info.max_payload;
  }

  /**
   * Publishes, and resolves to the answer. Messages go out in the order of the calls.
   *
   * @throws Error when nobody takes the subject, no answer comes in time, or the connection ends
   */
  request(
    subject: string,
    headers: Readonly<Record<string, string>>,
    payload: string,
    answerMs: number,
  ): Promise<Buffer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = String(++this.#lastRequest);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}${lineEnd}`);
    const head = lines.length === 0 ? "" : `NATS/1.0${lineEnd}${lines.join("")}${lineEnd}`;
    const headBytes = Buffer.byteLength(head);
    const bytes = headBytes + Buffer.byteLength(payload);
    const reply = `${this.#inbox}.${id}`;
    const verb = headBytes === 0 ? `PUB ${subject} ${reply} ` : `HPUB ${subject} ${reply} ${headBytes} `;
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => this.#settle(id)?.reject(new Error(`no answer to ${subject} within ${answerMs} ms`)),
        answerMs,
      );
      this.#waiting.set(id, {
        resolve: (answer) => {
          clearTimeout(late);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(late);
          reject(error);
        },
      });
      this.#socket.write(`${verb}${bytes}${lineEnd}${head}${payload}${lineEnd}`);
    });
  }

  close(): void {
    this.#fail(new Error("the connection was closed"));
    this.#socket.destroy();
  }

  async #begin({ name, username, password, token, answerMs }: NatsOptions): Promise<void> {
    const ready = Promise.withResolvers<Buffer>();
    this.#waiting.set("pong", ready);
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the server has closed the connection")));
    const hello = {
      verbose: false,
      pedantic: false,
      echo: false,
      lang: "weftkit",
      version: "1",
      protocol: 1,
      headers: true,
      no_responders: true,
      name,
      user: username,
      pass: password,
      auth_token: token,
    };
    this.#socket.write(
      `CONNECT ${JSON.stringify(hello)}${lineEnd}SUB ${this.#inbox}.* 1${lineEnd}PING${lineEnd}`,
    );
    const late = setTimeout(() => this.#fail(new Error("the server does not answer")), answerMs);
    if (this.#input.length > 0) this.#read(Buffer.alloc(0));
    await ready.promise.finally(() => clearTimeout(late));
  }

  #settle(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const id of [...this.#waiting.keys()]) this.#settle(id)!.reject(this.#failure);
  }

  #read(chunk: Buffer): void {
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    while (true) {
      const end = this.#input.indexOf(lineEnd);
      if (end === -1) {
        if (this.#input.length > lineBytesMax) this.#socket.destroy(new Error("the server speaks no NATS"));
        return;
      }
      const line = this.#input.toString("latin1", 0, end);
      const [verb = "", ...words] = line.split(" ");
      let next = end + lineEnd.length;
      if (verb === "MSG" || verb === "HMSG") {
        const bytes = Number(words.at(-1));
        if (this.#input.length < next + bytes + lineEnd.length) return;
        const headBytes = verb === "HMSG" ? Number(words.at(-2)) : 0;
        this.#answer(
          words[0]!,
          this.#input.subarray(next, next + headBytes),
          this.#input.subarray(next + headBytes, next + bytes),
        );
        next += bytes + lineEnd.length;
      } else if (verb === "PING") this.#socket.write(`PONG${lineEnd}`);
      else if (verb === "PONG") this.#settle("pong")?.resolve(Buffer.alloc(0));
      else if (verb === "-ERR") this.#fail(new Error(`the server says ${words.join(" ")}`));
      this.#input = this.#input.subarray(next);
    }
  }

  #answer(subject: string, head: Buffer, payload: Buffer): void {
    const waiting = this.#settle(subject.slice(this.#inbox.length + 1));
    if (/^NATS\/1\.0 503/.test(head.toString("latin1")))
      waiting?.reject(new Error("nobody takes the subject: is JetStream on?"));
    else waiting?.resolve(Buffer.from(payload));
  }
}

async function firstLine(socket: Socket): Promise<{ readonly line: string; readonly rest: Buffer }> {
  let input = Buffer.alloc(0);
  while (input.indexOf(lineEnd) === -1) {
    if (input.length > lineBytesMax) throw new Error("the server speaks no NATS");
    const [chunk] = (await once(socket, "data")) as [Buffer];
    input = Buffer.concat([input, chunk]);
  }
  const end = input.indexOf(lineEnd);
  return { line: input.toString("utf8", 0, end), rest: input.subarray(end + lineEnd.length) };
}

/** The server has told what it is in plain text; everything after that is encrypted. */
async function secured(socket: Socket, host: string, tls: BrokerTls): Promise<Socket> {
  const encrypted = connectTls({ socket, ...tls, servername: host });
  await once(encrypted, "secureConnect");
  return encrypted;
}
