import { closeSync, openSync, writeSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";
import type { Tick } from "../network/tick.ts";
import { writeRequest } from "../protocol/write-request.ts";
import type { PrimaryAddress } from "../server/replica-state.ts";
import type { Server } from "../server/server.ts";
import { CommandFailed, CommandStream } from "./command-stream.ts";

/** Without a word for so long the link is taken for broken (repl-timeout); a primary sends PING every 10 s. */
const SILENCE_MS = 60_000;
/** The primary is told so often how far the replica is. */
const ACKNOWLEDGE_MS = 1000;
/** So long is waited for a script that is suspended. */
const BUSY_MS = 10;
/** No line of the handshake is longer. */
const LINE_BYTES_MAX = 64 * 1024;

/** Which byte of which history is the last that was run. */
export interface Position {
  readonly history: string;
  offset: number;
}

export interface PrimaryLinkOptions {
  readonly primary: PrimaryAddress;
  readonly server: Server;
  readonly tick: Tick;
  /** Where the primary's data are received. */
  readonly folder: string;
}

/** What a primary has answered to PSYNC. */
export interface Answer {
  readonly history: string;
  readonly offset: number;
  /** All of its data come first; undefined when it goes on where the replica was. */
  readonly file: { readonly path: string; received(): Promise<void> } | undefined;
}

/**
 * One connection to a primary (Redis, replication.c): 1. `open` 2. the file, if there is one 3. `follow`, which ends with the
 * connection 4. `close`. Each rejects when the connection breaks.
 */
export class PrimaryLink {
  readonly #options: PrimaryLinkOptions;
  readonly #socket: Socket;
  readonly #broken = Promise.withResolvers<never>();
  /** Received and not used yet; nothing more is read meanwhile. */
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  #stream: CommandStream | undefined;
  #acknowledging: NodeJS.Timeout | undefined;
  heardAt: number | undefined;
  transfer: { received: number; total: number } | undefined;

  constructor(options: PrimaryLinkOptions) {
    this.#options = options;
    this.#broken.promise.catch(() => {});
    const { host, port } = options.primary;
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true });
    this.#socket.setTimeout(SILENCE_MS, () => this.#break(`said nothing for ${SILENCE_MS / 1000} s`));
    this.#socket.on("error", (error) => this.#break(error.message));
    this.#socket.on("close", () => this.#break("hung up"));
    this.#socket.on("data", this.#keep);
  }

  /** How many bytes of the history were run. */
  get offset(): number {
    return this.#stream?.offset ?? 0;
  }

  /** Logs in and asks for what comes behind a position, or for everything. */
  async open(position: Position | undefined): Promise<Answer> {
    const { settings, localAddress } = this.#options.server;
    // Whoever wants to know the password first says so, and may be asked again.
    await this.#ask(["PING"], /^(?:\+PONG|-NOAUTH|-NOPERM)/);
    const { primaryUser, primaryPassword } = settings;
    if (primaryPassword !== "") {
      const words = primaryUser === "" ? [primaryPassword] : [primaryUser, primaryPassword];
      await this.#ask(["AUTH", ...words], /^\+OK/);
    }
    await this.#ask(["REPLCONF", "listening-port", localAddress.split(":").at(-1)!], /^/);
    await this.#ask(["REPLCONF", "capa", "psync2"], /^/);
    const from = position === undefined ? ["?", "-1"] : [position.history, String(position.offset + 1)];
    const [how, history, offset] = (
      await this.#ask(["PSYNC", ...from], /^\+(?:FULLRESYNC \S+ \d+|CONTINUE)/)
    ).split(" ");
    if (how === "+CONTINUE" && position !== undefined)
      return { history: history ?? position.history, offset: position.offset, file: undefined };
    const path = join(this.#options.folder, "dump.rdb");
    return {
      history: history!,
      offset: Number(offset),
      file: { path, received: () => this.#receive(path) },
    };
  }

  /** Writes what the primary sends into a file: `$<bytes>`, then the bytes. */
  async #receive(path: string): Promise<void> {
    const total = Number(/^\$(\d+)$/.exec(await this.#line())?.[1]);
    if (Number.isNaN(total)) throw this.#fault("did not say how long its data are");
    const transfer = { received: 0, total };
    this.transfer = transfer;
    const file = openSync(path, "w");
    try {
      while (transfer.received < total) {
        if (this.#received.length === 0) await this.#more();
        const part = this.#received.subarray(0, total - transfer.received);
        for (let at = 0; at < part.length; ) at += writeSync(file, part, at);
        this.#received = this.#received.subarray(part.length);
        transfer.received += part.length;
      }
    } finally {
      closeSync(file);
      this.transfer = undefined;
    }
  }

  /** Runs what the primary runs, from an offset of its history on. */
  async follow(offset: number): Promise<never> {
    const { server, tick } = this.#options;
    const stream = new CommandStream(server, offset);
    this.#stream = stream;
    this.#acknowledging = setInterval(() => this.acknowledge(), ACKNOWLEDGE_MS);
    try {
      for (;;) {
        const received = this.#received;
        this.#received = Buffer.alloc(0);
        // A script that is suspended is in its one moment: nothing may be run in it.
        while (server.busy !== undefined) await setTimeout(BUSY_MS);
        stream.run(received);
        tick.ranBeside();
        if (this.#received.length === 0) await this.#more();
      }
    } catch (error) {
      throw error instanceof CommandFailed ? this.#fault(error.message) : error;
    } finally {
      stream.close();
    }
  }

  /** Tells the primary how far this is, when what has come is run. */
  acknowledge(): void {
    setImmediate(() => this.#send(["REPLCONF", "ACK", String(this.offset)]));
  }

  /** What was run is not what the primary has run: going on from here would hide that. */
  get isSpoiled(): boolean {
    return this.#stream?.isSpoiled ?? false;
  }

  close(): void {
    clearInterval(this.#acknowledging);
    this.#break("was closed");
  }

  async #ask(words: readonly string[], expected: RegExp): Promise<string> {
    this.#send(words);
    const line = await this.#line();
    if (!expected.test(line)) throw this.#fault(`answered ${words[0]} with: ${line}`);
    return line;
  }

  #send(words: readonly string[]): void {
    this.#socket.cork();
    writeRequest(this.#socket, words);
    this.#socket.uncork();
  }

  /** The next line that is not empty: a primary that is busy sends empty ones. */
  async #line(): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf(10);
      if (end < 0) {
        if (this.#received.length > LINE_BYTES_MAX) throw this.#fault("sent a line that does not end");
        await this.#more();
        continue;
      }
      const line = this.#received.toString("latin1", 0, end).trimEnd();
      this.#received = this.#received.subarray(end + 1);
      if (line !== "") return line;
    }
  }

  async #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#socket.resume();
    await Promise.race([promise, this.#broken.promise]);
  }

  /** What nobody has used yet stops the sender. */
  readonly #keep = (bytes: Buffer): void => {
    this.heardAt = this.#options.server.now;
    this.#received = Buffer.concat([this.#received, bytes]);
    this.#socket.pause();
    this.#wake();
  };

  #fault(why: string): WeftkitError {
    const { host, port } = this.#options.primary;
    return new WeftkitError("replication", `the primary ${host}:${port} ${why}`);
  }

  #break(why: string): void {
    this.#broken.reject(this.#fault(why));
    this.#socket.destroy();
  }
}
