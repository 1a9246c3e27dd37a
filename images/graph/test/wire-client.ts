import { once } from "node:events";
import { connect, type Socket } from "node:net";
import {
  type BoltVersion,
  chunked,
  clientHandshake,
  MessageAssembler,
  type PackValue,
  pack,
  type RequestName,
  requestTags,
  responseTags,
  Structure,
  unpack,
  type VersionRange,
} from "@weftkit/wire-bolt";
import { onTestFinished } from "vitest";

/** What a server answers. */
export interface Answer {
  readonly name: "success" | "record" | "ignored" | "failure";
  readonly fields: readonly PackValue[];
}

const answerNames = new Map<number, Answer["name"]>(
  Object.entries(responseTags).map(([name, tag]) => [tag, name as Answer["name"]]),
);

/** A client that writes Bolt's messages as a test says. */
export class WireClient {
  readonly socket: Socket;
  readonly #answers: Answer[] = [];
  readonly #waiting: ((answer: Answer) => void)[] = [];
  version: BoltVersion = { major: 0, minor: 0 };
  isClosed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Connects and agrees on a version. */
  static async connect(
    port: number,
    versions: readonly VersionRange[] = [{ major: 5, minor: 4, range: 0 }],
  ): Promise<WireClient> {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    const client = new WireClient(socket);
    socket.write(clientHandshake(versions));
    const [reply] = (await once(socket, "data")) as [Buffer];
    client.version = { major: reply[3]!, minor: reply[2]! };
    const assembler = new MessageAssembler(1 << 26, (message) => client.#take(unpack(message) as Structure));
    socket.on("data", (bytes: Buffer) => assembler.add(bytes));
    socket.on("error", () => {});
    socket.on("close", () => {
      client.isClosed = true;
    });
    return client;
  }

  /** Connects and logs in without a password. */
  static async ready(port: number, minor = 4): Promise<WireClient> {
    const client = await WireClient.connect(port, [{ major: 5, minor, range: 0 }]);
    client.send("hello", new Map([["user_agent", "test/1"]]));
    client.send("logon", new Map([["scheme", "none"]]));
    await client.answers(2);
    return client;
  }

  #take({ tag, fields }: Structure): void {
    const answer: Answer = { name: answerNames.get(tag)!, fields };
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#answers.push(answer);
    else waiting(answer);
  }

  send(name: RequestName, ...fields: readonly PackValue[]): void {
    this.raw(chunked(pack(new Structure(requestTags[name], fields))));
  }

  raw(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  answer(): Promise<Answer> {
    const ready = this.#answers.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async answers(count: number): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let i = 0; i < count; i++) answers.push(await this.answer());
    return answers;
  }

  /** What the metadata of an answer says under a name. */
  static meta(answer: Answer, name: string): PackValue | undefined {
    return (answer.fields[0] as ReadonlyMap<string, PackValue> | undefined)?.get(name);
  }
}
