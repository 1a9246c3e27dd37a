import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const RETRY_MS = 20;
const START_MS_MAX = 20_000;

/** The least client that can load keys and time a round trip; only status, integer and bulk replies. */
export class RespClient {
  readonly #socket: Socket;
  #awaited = 0;
  #resolve: (() => void) | undefined;
  /** The last bulk reply of the latest `send`. */
  #last = "";
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#data(chunk));
  }

  /** Connects as soon as the server listens; fails when it has exited or takes too long. */
  static async connectWhenReady(port: number, exited: Promise<unknown>): Promise<RespClient> {
    let isGone = false;
    exited.then(() => {
      isGone = true;
    });
    const end = performance.now() + START_MS_MAX;
    while (!isGone && performance.now() < end) {
      const socket = connect(port, "127.0.0.1");
      try {
        await once(socket, "connect");
        return new RespClient(socket);
      } catch {
        await delay(RETRY_MS);
      }
    }
    throw new Error(`no server on port ${port}`);
  }

  /** Sends commands in one write and waits for all their replies. */
  async send(commands: readonly (readonly string[])[]): Promise<void> {
    this.#awaited = commands.length;
    const answered = new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
    this.#socket.write(commands.map(encode).join(""));
    await answered;
  }

  /** A section of INFO. */
  async info(section: string): Promise<string> {
    await this.send([["INFO", section]]);
    return this.#last;
  }

  close(): void {
    this.#socket.destroy();
  }

  #data(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (this.#awaited > 0) {
      const lineEnd = bytes.indexOf("\r\n", at);
      if (lineEnd < 0) break;
      let next = lineEnd + 2;
      if (bytes[at] === 0x24) {
        const length = Number(bytes.toString("latin1", at + 1, lineEnd));
        if (length >= 0) next += length + 2;
        if (this.#awaited === 1) this.#last = bytes.toString("utf8", lineEnd + 2, next);
      } else if (bytes[at] === 0x2d) throw new Error(bytes.toString("utf8", at, lineEnd));
      if (next > bytes.length) break;
      at = next;
      this.#awaited--;
    }
    this.#rest = bytes.subarray(at);
    if (this.#awaited === 0) this.#resolve?.();
  }
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}
