import { connect, type Socket } from "node:net";

/** One keep-alive connection with one request under way: as little of a client as there can be. */
export class Connection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #length = 0;
  /** Bytes of the answer with its head; 0 until the head is there. */
  #expected = 0;
  #settle: ((answer: Buffer | Error) => void) | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (data: Buffer) => this.#receive(data));
    this.#socket.on("error", (error) => this.#settle?.(error));
    this.#socket.on("close", () => this.#settle?.(new Error("the server has closed the connection")));
  }

  /** Sends a request; resolves to its answer, head and body. */
  ask(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#settle = (answer) => {
        this.#settle = undefined;
        if (answer instanceof Error) reject(answer);
        else if (answer.subarray(9, 12).toString() === "200") resolve(answer);
        else reject(new Error(answer.toString()));
      };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #receive(data: Buffer): void {
    this.#received.push(data);
    this.#length += data.length;
    if (this.#expected === 0) {
      const all = this.#received.length === 1 ? data : Buffer.concat(this.#received);
      this.#received = [all];
      const end = all.indexOf("\r\n\r\n");
      if (end === -1) return;
      const length = /content-length: *(\d+)/i.exec(all.toString("latin1", 0, end))?.[1];
      if (length === undefined) {
        this.#settle?.(new Error("an answer without a length"));
        return;
      }
      this.#expected = end + 4 + Number(length);
    }
    if (this.#length < this.#expected) return;
    const answer = this.#received.length === 1 ? this.#received[0]! : Buffer.concat(this.#received);
    this.#received = [];
    this.#length = 0;
    this.#expected = 0;
    this.#settle?.(answer);
  }
}
