import { connect, type Socket } from "node:net";
import { type DocumentSequence, writeMsg } from "@weftkit/wire-mongo";
import { type Document, deserialize, serialize } from "bson";

/** Bytes before the document of an OP_MSG: its header, flags, and the kind of the section. */
const bodyAt = 21;

/** One connection with one command under way: as little of a client as there can be. */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #length = 0;
  #requestId = 0;
  #settle: ((answer: Buffer | Error) => void) | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (data: Buffer) => this.#receive(data));
    this.#socket.on("error", (error) => this.#settle?.(error));
    this.#socket.on("close", () => this.#settle?.(new Error("the server has closed the connection")));
  }

  /**
   * Runs a command of the database `bench`; resolves to the bytes of its reply.
   *
   * @throws Error with what the server says, when it refuses the command or a write of it
   */
  async run(command: Document, sequences: readonly DocumentSequence[] = []): Promise<Buffer> {
    const message = writeMsg({
      requestId: ++this.#requestId,
      body: Buffer.from(serialize({ ...command, $db: "bench" })),
      sequences,
    });
    const reply = await new Promise<Buffer>((resolve, reject) => {
      this.#settle = (answer) => {
        this.#settle = undefined;
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      };
      this.#socket.write(message);
    });
    if (reply.includes("errmsg")) throw new Error(JSON.stringify(deserialize(reply.subarray(bodyAt))));
    return reply;
  }

  /** What {@link run} resolves to, read. */
  async ask(command: Document): Promise<Document> {
    return deserialize((await this.run(command)).subarray(bodyAt));
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #receive(data: Buffer): void {
    this.#received.push(data);
    this.#length += data.length;
    if (this.#length < 4) return;
    const all = this.#received.length === 1 ? data : this.#received[0]!;
    const first = all.length >= 4 ? all : Buffer.concat(this.#received);
    if (this.#length < first.readInt32LE(0)) return;
    const answer = this.#received.length === 1 ? data : Buffer.concat(this.#received);
    this.#received = [];
    this.#length = 0;
    this.#settle?.(answer);
  }
}
