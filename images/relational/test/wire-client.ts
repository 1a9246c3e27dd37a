import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type BackendMessage, FrontendWriter, frameLength, readBackendMessage } from "@weftkit/wire-postgres";
import { onTestFinished } from "vitest";

/** A connection on which a test writes messages and reads the answers in short form: `Z(I)`, `E(42601 syntax error ...)`. */
export class WireClient {
  readonly socket: Socket;
  readonly writer = new FrontendWriter();
  #input = Buffer.alloc(0);
  readonly #messages: string[] = [];
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#input = Buffer.concat([this.#input, bytes]);
      for (;;) {
        const length = frameLength(this.#input, 0, this.#input.length, 1 << 30);
        if (length === 0 || length > this.#input.length) break;
        this.#messages.push(short(readBackendMessage(this.#input, 0, length)));
        this.#input = this.#input.subarray(length);
      }
      this.#wake();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
    onTestFinished(() => void socket.destroy());
  }

  static async open(port: number): Promise<WireClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new WireClient(socket);
  }

  /** Connects and reads up to the first ReadyForQuery, an error or the end. */
  static async start(
    port: number,
    parameters: Readonly<Record<string, string>>,
    minor = 0,
  ): Promise<WireClient> {
    const client = await WireClient.open(port);
    client.writer.startup(Object.entries(parameters), minor);
    client.greeting = await client.answer();
    return client;
  }

  /** What the server said at the start. */
  greeting: readonly string[] = [];

  /** Sends what `write` writes. */
  send(write: (writer: FrontendWriter) => void): void {
    write(this.writer);
    this.socket.write(this.writer.take());
  }

  /** Sends, and gives the answers up to as many ReadyForQuery; `<closed>` when the connection ends. */
  async say(write: (writer: FrontendWriter) => void, readies = 1): Promise<string[]> {
    this.send(write);
    const answers: string[] = [];
    for (let i = 0; i < readies; i++) answers.push(...(await this.answer()));
    return answers;
  }

  query(text: string): Promise<string[]> {
    return this.say((writer) => writer.query(text));
  }

  /** What has come up to the next ReadyForQuery, or up to the end. */
  async answer(): Promise<string[]> {
    const pending = this.writer.take();
    if (pending.length > 0) this.socket.write(pending);
    return await this.until((message) => message.startsWith("Z("));
  }

  async until(isLast: (message: string) => boolean): Promise<string[]> {
    for (;;) {
      const at = this.#messages.findIndex(isLast);
      if (at >= 0) return this.#messages.splice(0, at + 1);
      if (this.#isClosed) return [...this.#messages.splice(0), "<closed>"];
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function short(message: BackendMessage): string {
  switch (message.type) {
    case "error":
    case "notice": {
      const { code, message: text, position } = message.fields;
      return `${message.type === "error" ? "E" : "N"}(${code} ${text}${position === undefined ? "" : ` @${position}`})`;
    }
    case "rowDescription":
      return `T[${message.fields.map(({ name, typeOid, typeLength, typeModifier }) => `${name}:${typeOid}/${typeLength}/${typeModifier}`)}]`;
    case "dataRow":
      return `D(${message.values.map((value) => (value === null ? "NULL" : printable(value))).join("|")})`;
    case "commandComplete":
      return `C(${message.tag})`;
    case "readyForQuery":
      return `Z(${message.status})`;
    case "parameterStatus":
      return `S(${message.name}=${message.value})`;
    case "backendKeyData":
      return `K(${message.key.length})`;
    case "parameterDescription":
      return `t[${message.oids}]`;
    case "negotiateProtocolVersion":
      return `v(${message.minor} ${message.options})`;
    case "authentication":
      return `R(${message.code})`;
    case "notification":
      return `A(${message.channel} ${message.payload})`;
    case "copyData":
      return `d(${printable(message.data)})`;
    case "other":
      return message.letter;
  }
}

function printable(bytes: Buffer): string {
  const text = bytes.toString();
  return /^[\x20-\x7e\n\t\\]*$/.test(text) ? text : `0x${bytes.toString("hex")}`;
}
