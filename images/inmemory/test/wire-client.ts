import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import RedisParser from "redis-parser";
import type { Value } from "./engine-in-memory.ts";

export type Word = string | number | Buffer;

/** A client without a library: bytes out as they are given, RESP2 replies in through an independent reader. */
export class WireClient {
  readonly socket: Socket;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  /** All replies that came and were not asked for yet. */
  readonly #replies: Value[] = [];
  readonly #waiting: ((value: Value | undefined) => void)[] = [];
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    const parser = new RedisParser({
      returnReply: (value: unknown) => this.#take(decoded(value)),
      returnError: (error: Error) => this.#take(new Error(error.message)),
      returnBuffers: true,
    });
    socket.on("data", (chunk) => parser.execute(chunk as Buffer));
    // How it ended is told by `closed`: a reset is one of the ways.
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.isClosed = true;
        for (const answer of this.#waiting.splice(0)) answer(undefined);
        resolve();
      });
    });
  }

  static async connect(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<WireClient> {
    const socket = connect({ port, host: "127.0.0.1", ...options });
    const client = new WireClient(socket);
    await once(socket, "connect");
    return client;
  }

  static async connectTls(port: number, options: ConnectionOptions): Promise<WireClient> {
    const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ...options });
    const client = new WireClient(socket);
    await once(socket, "secureConnect");
    return client;
  }

  /** Sends bytes; resolves when the kernel has them. */
  write(bytes: string | Buffer): Promise<void> {
    const data = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    return new Promise((resolve) => this.socket.write(data, () => resolve()));
  }

  /** The next reply; undefined when the connection ends before it. Errors come as Error values. */
  reply(): Promise<Value | undefined> {
    if (this.#replies.length > 0) return Promise.resolve(this.#replies.shift()!);
    if (this.isClosed) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async replies(count: number): Promise<(Value | undefined)[]> {
    const values: (Value | undefined)[] = [];
    for (let i = 0; i < count; i++) values.push(await this.reply());
    return values;
  }

  /** Sends a command and returns its reply. */
  async call(...words: readonly Word[]): Promise<Value | undefined> {
    void this.write(encode(...words));
    return this.reply();
  }

  /** Sends a command again and again until its reply contains a text; throws when the connection ends before. */
  async callUntil(text: string, ...words: readonly Word[]): Promise<void> {
    while (true) {
      const reply = await this.call(...words);
      if (reply === undefined) throw new Error(`the connection ended before ${words.join(" ")} said ${text}`);
      if (String(reply).includes(text)) return;
    }
  }

  destroy(): void {
    this.socket.destroy();
  }

  #take(value: Value): void {
    const answer = this.#waiting.shift();
    if (answer === undefined) this.#replies.push(value);
    else answer(value);
  }
}

/** A command as an array of bulk strings. */
export function encode(...words: readonly Word[]): Buffer {
  return encodeWords(words);
}

/** As `encode`, for more words than a call may have arguments. */
export function encodeWords(words: readonly Word[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = Buffer.isBuffer(word) ? word : Buffer.from(String(word), "latin1");
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, CRLF);
  }
  return Buffer.concat(parts);
}

const CRLF = Buffer.from("\r\n");

function decoded(value: unknown): Value {
  if (Buffer.isBuffer(value)) return value.toString("latin1");
  if (Array.isArray(value)) return value.map(decoded);
  if (value instanceof Error) return new Error(value.message);
  return value as Value;
}
