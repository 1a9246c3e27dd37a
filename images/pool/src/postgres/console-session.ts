import type { Transport } from "@weftkit/sockets";
import { BackendWriter, type ErrorFields, MessageStream, type Verdict } from "@weftkit/wire-postgres";
import { runCommand } from "./console-commands.ts";
import { type ConsoleAnswer, ConsoleError, type ConsoleHost } from "./console-host.ts";

const [textOid, int8Oid] = [25, 20];
const messageBytesMax = 1 << 16;

/** A client of the console: orders and tables as pgbouncer's, in the simple protocol. */
export class ConsoleSession {
  readonly #front: ConsoleHost;
  readonly #transport: Transport;
  readonly #isAdmin: boolean;
  readonly #stream: MessageStream;
  readonly #onClosed: () => void;
  readonly user: string;
  readonly id: number;
  readonly connectedMs = performance.now();
  #isClosed = false;

  constructor(
    front: ConsoleHost,
    transport: Transport,
    isAdmin: boolean,
    user: string,
    id: number,
    onClosed: () => void,
  ) {
    this.#front = front;
    this.#transport = transport;
    this.#isAdmin = isAdmin;
    this.user = user;
    this.id = id;
    this.#onClosed = onClosed;
    this.#stream = new MessageStream(
      {
        wantsWhole: () => true,
        whole: (type, bytes, at, length) => this.#message(type, bytes, at, length),
        pass: () => {},
      },
      messageBytesMax,
    );
  }

  readonly events = {
    data: (bytes: Buffer, start: number, end: number) => {
      try {
        this.#stream.data(bytes, start, end);
      } catch {
        this.close();
      }
    },
    upcoming: () => {},
    unsent: () => {},
    drained: () => {},
    ended: () => this.close(),
    closed: () => this.close(),
  };

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#front.options.sockets.handOver();
    this.#transport.end();
    this.#front.options.sockets.flushSoon();
    this.#onClosed();
  }

  #message(type: number, bytes: Buffer, at: number, length: number): Verdict {
    const letter = String.fromCharCode(type);
    if (letter === "X") this.close();
    else if (letter === "Q") {
      // Commands that wait (PAUSE) keep those behind them waiting.
      this.#stream.pause();
      void this.#run(bytes.toString("utf8", at + 5, at + length - 1));
    } else if (letter === "P") this.#refuseExtended();
    else if (letter === "S") this.#write((writer) => writer.readyForQuery("I"));
    return "drop";
  }

  #refuseExtended(): void {
    this.#write((writer) =>
      writer.error({
        severity: "ERROR",
        code: "0A000",
        message: "the console does not support the extended query protocol",
      }),
    );
  }

  async #run(text: string): Promise<void> {
    try {
      const commands = text
        .split(";")
        .map((command) => command.trim())
        .filter((command) => command !== "");
      if (commands.length === 0) this.#write((writer) => writer.emptyQueryResponse());
      for (const command of commands) this.#answer(await runCommand(this.#front, command, this.#isAdmin));
    } catch (error) {
      const fields: ErrorFields =
        error instanceof ConsoleError
          ? error.fields
          : {
              severity: "ERROR",
              code: "XX000",
              message: error instanceof Error ? error.message : String(error),
            };
      this.#write((writer) => writer.error(fields));
    }
    this.#write((writer) => writer.readyForQuery("I"));
    if (!this.#isClosed) this.#stream.resume();
  }

  #answer({ tag, columns, rows = [], notice }: ConsoleAnswer): void {
    this.#write((writer) => {
      if (notice !== undefined) writer.notice({ severity: "NOTICE", code: "00000", message: notice });
      if (columns !== undefined) {
        const fields = columns.map((name, index) => {
          const isNumber = rows.length > 0 && rows.every((row) => typeof row[index] === "number");
          return {
            name,
            tableOid: 0,
            attributeNumber: 0,
            typeOid: isNumber ? int8Oid : textOid,
            typeLength: isNumber ? 8 : -1,
            typeModifier: -1,
          };
        });
        writer.rowDescription(fields, []);
        for (const row of rows) {
          writer.dataRow(columns.length, (index) => {
            const cell = row[index];
            return cell === null || cell === undefined ? null : String(cell);
          });
        }
      }
      writer.commandComplete(tag);
    });
  }

  #write(write: (writer: BackendWriter) => void): void {
    if (this.#isClosed) return;
    const writer = new BackendWriter();
    write(writer);
    this.#front.options.sockets.write(this.#transport, writer.take());
  }
}
