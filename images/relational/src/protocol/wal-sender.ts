import type { BackendWriter, FrontendMessage } from "@weftkit/wire-postgres";
import { PgError } from "../errors.ts";
import type { ReplicationStream } from "../session/types.ts";

/** A client that says nothing for so long is gone; it is asked after half of it (wal_sender_timeout). */
const silenceMsMax = 60_000;

/** How a sender's bytes get to the client. */
export interface SenderOutput {
  readonly writer: BackendWriter;
  /** Sends what was written. */
  send(): void;
  /** As `send`, and waits for a client that does not keep up. @throws PgError 08006 when it is gone */
  flush(): Promise<void>;
}

/** Between 1970 and 2000. */
const epochMs = 946_684_800_000;

const nowUs = () => BigInt(Date.now() - epochMs) * 1000n;

/**
 * Streams a slot after START_REPLICATION: CopyBoth, in which the server sends messages of the plugin and keepalives, and the client
 * says how far it has come (PostgreSQL's documentation, 54.4).
 *
 * 1. `run`: until the client, or its connection, ends it. 2. meanwhile `message` for whatever the client sends.
 */
export class WalSender {
  readonly #stream: ReplicationStream;
  readonly #output: SenderOutput;
  readonly #ended = new AbortController();
  #failure: PgError | undefined;
  #heardMs = performance.now();
  /** The place that the client was told of last. */
  #end = 0n;

  constructor(stream: ReplicationStream, output: SenderOutput) {
    this.#stream = stream;
    this.#output = output;
  }

  /** Resolves when the client has ended the copy. @throws PgError */
  async run(): Promise<void> {
    const { writer } = this.#output;
    writer.copyBothResponse(0, []);
    await this.#output.flush();
    const watch = setInterval(() => this.#watch(), silenceMsMax / 6);
    try {
      for await (const part of this.#stream.parts(this.#ended.signal)) {
        if (this.#ended.signal.aborted) break;
        if (part.kind === "data") this.#data(part.lsn, part.end, part.data);
        else if (part.isCaughtUp) this.#keepalive(part.end, this.#isSilent(silenceMsMax / 2));
        this.#end = part.end;
        if (part.kind === "place" || writer.length > flushBytes) await this.#output.flush();
      }
    } finally {
      clearInterval(watch);
      await this.#stream.close();
    }
    if (this.#failure !== undefined) throw this.#failure;
    writer.copyDone();
  }

  /** The connection is gone. */
  stop(): void {
    this.#ended.abort();
  }

  message(message: FrontendMessage): void {
    this.#heardMs = performance.now();
    switch (message.type) {
      case "copyData":
        this.#reply(message.data);
        return;
      case "copyDone":
        this.#ended.abort();
        return;
      case "copyFail":
        this.#fail(new PgError("57014", `COPY from stdin failed: ${message.reason}`));
        return;
      default:
        this.#fail(new PgError("08P01", `unexpected message type ${message.type} during replication`));
    }
  }

  #fail(error: PgError): void {
    this.#failure ??= error;
    this.#ended.abort();
  }

  #reply(data: Buffer): void {
    const type = String.fromCharCode(data[0] ?? 0);
    // Feedback of a standby is about transactions that it reads in; nothing here is kept for them.
    if (type === "h") return;
    if (type !== "r" || data.length !== 34) {
      this.#fail(new PgError("08P01", `unexpected message type "${type}"`));
      return;
    }
    this.#stream.replied(data.readBigUInt64BE(1), data.readBigUInt64BE(9), data.readBigUInt64BE(17));
    if (data[33] !== 1) return;
    this.#keepalive(this.#end, false);
    this.#output.send();
  }

  #watch(): void {
    if (this.#isSilent(silenceMsMax)) {
      this.#fail(new PgError("57P05", "terminating walsender process due to replication timeout"));
      return;
    }
    if (!this.#isSilent(silenceMsMax / 2)) return;
    this.#keepalive(this.#end, true);
    this.#output.send();
  }

  #isSilent(ms: number): boolean {
    return performance.now() - this.#heardMs >= ms;
  }

  #data(lsn: bigint, end: bigint, data: Buffer): void {
    const message = Buffer.allocUnsafe(25 + data.length);
    message.write("w", 0, "latin1");
    message.writeBigUInt64BE(lsn, 1);
    message.writeBigUInt64BE(end, 9);
    message.writeBigInt64BE(nowUs(), 17);
    data.copy(message, 25);
    this.#output.writer.copyData(message);
  }

  #keepalive(end: bigint, wantsReply: boolean): void {
    const message = Buffer.allocUnsafe(18);
    message.write("k", 0, "latin1");
    message.writeBigUInt64BE(end, 1);
    message.writeBigInt64BE(nowUs(), 9);
    message.writeUInt8(wantsReply ? 1 : 0, 17);
    this.#output.writer.copyData(message);
  }
}

/** Messages go out when there are so many bytes of them. */
const flushBytes = 64 << 10;
