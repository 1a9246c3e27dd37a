import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { encode } from "../wire-client.ts";
import type { Word } from "./random.ts";
import { decodeReply, type Reply, ReplyReader } from "./reply.ts";

/** A server that takes longer has lost a reply. */
const REPLY_MS_MAX = 10_000;

/** Fewer replies came than were asked for. */
export class LostReply extends Error {
  readonly received: number;

  constructor(received: number, message: string) {
    super(`${message} (${received} came)`);
    this.received = received;
  }
}

/** A connection that sends batches of commands and takes back as many replies, undecoded. */
export class Link {
  readonly #socket: Socket;
  readonly #replies: Buffer[] = [];
  #waiting:
    | { count: number; resolve: (replies: Buffer[]) => void; reject: (error: Error) => void }
    | undefined;
  #ended: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new ReplyReader();
    socket.on("data", (chunk: Buffer) => {
      this.#replies.push(...reader.push(chunk));
      this.#settle();
    });
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () =>
      this.#end(new LostReply(this.#replies.length, "the server closed the connection")),
    );
  }

  /** Connects; with version 3 the connection speaks RESP3. */
  static async open(port: number, version: 2 | 3 = 2): Promise<Link> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    const link = new Link(socket);
    if (version === 3) await link.exchange([["HELLO", "3"]]);
    return link;
  }

  /** Sends commands in one piece and resolves with a reply for each. One exchange at a time. */
  exchange(commands: readonly (readonly Word[])[]): Promise<Buffer[]> {
    this.#socket.write(Buffer.concat(commands.map((words) => encode(...words))));
    return this.receive(commands.length);
  }

  /** Resolves with the next replies; rejects when they take longer. */
  receive(count: number, waitMsMax = REPLY_MS_MAX): Promise<Buffer[]> {
    return new Promise((resolve, reject) => {
      const giveUp = () =>
        this.#end(new LostReply(this.#replies.length, `only so many of ${count} replies came in time`));
      const deadline = Number.isFinite(waitMsMax) ? setTimeout(giveUp, waitMsMax) : undefined;
      this.#waiting = {
        count,
        resolve: (replies) => {
          clearTimeout(deadline);
          resolve(replies);
        },
        reject: (error) => {
          clearTimeout(deadline);
          reject(error);
        },
      };
      this.#settle();
    });
  }

  /** Sends a command without waiting for its reply. */
  send(words: readonly Word[]): void {
    this.#socket.write(encode(...words));
  }

  /** Sends a command and decodes its reply. */
  async call(...words: readonly Word[]): Promise<Reply> {
    const [reply] = await this.exchange([words]);
    return decodeReply(reply!);
  }

  close(): void {
    this.#socket.destroy();
  }

  #settle(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (this.#replies.length >= waiting.count) {
      this.#waiting = undefined;
      waiting.resolve(this.#replies.splice(0, waiting.count));
    } else if (this.#ended !== undefined) {
      this.#waiting = undefined;
      waiting.reject(this.#ended);
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#settle();
  }
}
