import type { Transport } from "@weftkit/sockets";
import { command, isWireError, readCommand } from "@weftkit/wire-resp";
import type { PoolSockets } from "../network/pool-sockets.ts";
import { handlingOf, handlingOfClient } from "./commands.ts";
import type { RespLink, RespReader } from "./resp-link.ts";

/** What a client needs of the front. */
export interface RespHost {
  readonly sockets: PoolSockets;
  /** Whether clients have to prove who they are. */
  readonly authenticates: boolean;
  /** Whether this is the user's password. */
  matches(user: string, password: string): Promise<boolean>;
  /** A connection that many use, for this state. @throws RespError, WeftkitError */
  shared(state: LinkState): RespLink | Promise<RespLink>;
  /** One for a single client. @throws RespError, WeftkitError */
  dedicated(state: LinkState): Promise<RespLink>;
  /** It is not needed any more, and as clean as it was given. */
  giveBack(link: RespLink, state: LinkState): void;
  /** The server's own answer to HELLO. */
  hello(state: LinkState): Promise<Buffer>;
  gone(client: RespClient): void;
}

/** What a connection was told, and cannot be shared by clients that have told it something else. */
export interface LinkState {
  readonly database: number;
  readonly protocol: 2 | 3;
}

/** An error that is told as the server would. */
export class RespError extends Error {}

const bulkBytesMax = 512 << 20;
const beforeLoginBytesMax = 16 << 10;
const outstandingMax = 1000;
const unsentBytesMax = 1 << 20;
const ok = Buffer.from("+OK\r\n");

/** A client: 1. its commands go to a shared connection, in order 2. or to its own, for as long as `pinnedBy` says why 3. gone */
export class RespClient implements RespReader {
  readonly id: number;
  readonly address: string;
  readonly #host: RespHost;
  readonly #transport: Transport;
  #state: LinkState = { database: 0, protocol: 2 };
  #isProved: boolean;
  #name = "";
  #link: RespLink | undefined;
  pinnedBy: string | undefined;
  #isRaw = false;
  #isBlocking = false;
  #isInMulti = false;
  outstanding = 0;
  #input: Buffer | undefined;
  #isBusy = false;
  #isClosed = false;
  #isReadingStopped = false;
  #isEnding = false;

  constructor(host: RespHost, transport: Transport, id: number, address: string) {
    this.#host = host;
    this.#transport = transport;
    this.id = id;
    this.address = address;
    this.#isProved = !host.authenticates;
    transport.start({
      data: (bytes, start, end) => this.#data(bytes, start, end),
      upcoming: () => {},
      unsent: () => {},
      drained: () => this.#goOn(),
      ended: () => this.close(),
      closed: () => this.#closed(),
    });
  }

  // Replies.

  reply(bytes: Buffer, start: number, end: number): void {
    if (!this.#isClosed) this.#host.sockets.write(this.#transport, bytes, start, end);
  }

  replied(): void {
    this.outstanding--;
    if (this.#isBlocking) {
      this.#isBlocking = false;
      this.pinnedBy = "ends";
    }
    if (this.pinnedBy === "ends" && this.outstanding === 0) this.#unpin();
    if (this.#isEnding && this.outstanding === 0) this.close();
    else if (this.#input !== undefined && !this.#isBusy) queueMicrotask(() => this.#goOn());
  }

  linkLost(): void {
    this.#link = undefined;
    // What was asked and not answered may have been done: only the client can know what to do then.
    if (this.outstanding > 0 || this.pinnedBy !== undefined) this.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#host.sockets.handOver();
    this.#transport.end();
    this.#host.sockets.flushSoon();
    this.#closed();
  }

  // Requests.

  #data(bytes: Buffer, start: number, end: number): void {
    if (this.#isClosed || this.#isEnding) return;
    if (this.#isRaw && this.#input === undefined) {
      this.#link?.send(bytes, start, end, this);
      return;
    }
    const piece = bytes.subarray(start, end);
    // What comes while an answer is worked on waits for it, also when nothing else does.
    if (this.#input !== undefined || this.#isBusy) {
      this.#input = this.#input === undefined ? Buffer.from(piece) : Buffer.concat([this.#input, piece]);
      if (this.#isBusy) {
        if (this.#input.length > unsentBytesMax) this.#stopReading();
        return;
      }
      const input = this.#input;
      this.#input = undefined;
      this.#run(input, 0, input.length);
    } else this.#run(bytes, start, end);
  }

  #goOn(): void {
    const input = this.#input;
    if (input === undefined || this.#isBusy || this.#isClosed) return;
    this.#input = undefined;
    this.#run(input, 0, input.length);
    if (this.#isReadingStopped && (this.#input as Buffer | undefined) === undefined) {
      this.#isReadingStopped = false;
      this.#transport.resume();
    }
  }

  /** Runs whole requests one after the other, until one has to wait for something. */
  #run(bytes: Buffer, from: number, end: number): void {
    let at = from;
    try {
      while (at < end && !this.#isClosed && !this.#isEnding) {
        if (this.#isRaw) {
          this.#link?.send(bytes, at, end, this);
          return;
        }
        if (this.outstanding >= outstandingMax || this.#transport.unsentBytes > unsentBytesMax) break;
        const limit = this.#isProved ? bulkBytesMax : beforeLoginBytesMax;
        const found = readCommand(bytes, at, end, limit);
        if (found === undefined) break;
        const words = (index: number) =>
          bytes.toString("latin1", found.ranges[index * 2], found.ranges[index * 2 + 1]);
        const count = found.ranges.length / 2;
        if (count > 0) {
          const request = found.isInline
            ? command(
                ...Array.from({ length: count }, (_, index) =>
                  bytes.subarray(found.ranges[index * 2], found.ranges[index * 2 + 1]),
                ),
              )
            : bytes.subarray(at, found.end);
          const later = this.#command(request, words, count);
          if (later === "wait") break;
          if (later !== undefined) {
            this.#busy(later);
            at = found.end;
            break;
          }
        }
        at = found.end;
      }
    } catch (error) {
      if (!isWireError(error)) throw error;
      this.#answer(Buffer.from(`-ERR Protocol error: ${error.message}\r\n`));
      this.#isEnding = true;
      if (this.outstanding === 0) this.close();
      return;
    }
    if (at < end && !this.#isClosed) {
      this.#input = Buffer.from(bytes.subarray(at, end));
      if (this.#input.length > unsentBytesMax && this.outstanding > 0) this.#stopReading();
    }
  }

  #busy(work: Promise<void>): void {
    this.#isBusy = true;
    work
      .catch((error: unknown) => {
        const message =
          error instanceof RespError
            ? error.message
            : `-ERR the pool has no server: ${error instanceof Error ? error.message : String(error)}`;
        this.#answer(Buffer.from(`${message.replaceAll(/[\r\n]+/g, " ").trim()}\r\n`));
      })
      .finally(() => {
        this.#isBusy = false;
        this.#goOn();
      });
  }

  /** Does one request: at once, later, or ("wait") not before what is outstanding was answered. */
  #command(
    request: Buffer,
    words: (index: number) => string,
    count: number,
  ): Promise<void> | "wait" | undefined {
    const name = words(0).toLowerCase();
    const handling = handlingOf(name);
    if (handling === undefined) {
      if (!this.#isProved) return this.#answer(noAuth);
      return this.#forward(request, name);
    }
    if (
      !this.#isProved &&
      handling !== "hello" &&
      handling !== "auth" &&
      handling !== "quit" &&
      handling !== "reset"
    )
      return this.#answer(noAuth);
    if (this.#isInMulti && handling !== "quit" && handling !== "reset") {
      if (handling === "select" || handling === "client") return this.#stay(request, `${name} in MULTI`);
      return this.#forward(request, name);
    }
    switch (handling) {
      case "quit":
        this.#answer(ok);
        this.#isEnding = true;
        if (this.outstanding === 0) this.close();
        return undefined;
      case "hello":
      case "auth":
      case "select":
      case "reset":
        if (this.outstanding > 0) return "wait";
        return handling === "hello"
          ? this.#hello(words, count)
          : handling === "auth"
            ? this.#auth(words, count)
            : handling === "select"
              ? this.#select(words(1), count)
              : this.#reset();
      case "client":
        return this.#client(request, words, count);
      case "may-block":
        for (let index = 1; index < count; index++) {
          const word = words(index).toLowerCase();
          if (word === "streams") break;
          if (word === "block") return this.#pin(request, name, true);
        }
        return this.#forward(request, name);
      case "blocks":
        return this.#pin(request, name, true);
      case "opens":
        if (this.pinnedBy === undefined) return this.#pin(request, name, false);
        this.pinnedBy = name;
        if (name === "multi") this.#isInMulti = true;
        return this.#forward(request, name);
      case "stays":
        return this.#stay(request, name);
      case "refused":
        return this.#answer(
          Buffer.from(
            `-ERR ${name.toUpperCase()} is not supported through the pool, as it is about a connection of its own\r\n`,
          ),
        );
    }
  }

  #forward(request: Buffer, name: string): Promise<void> | undefined {
    if (this.pinnedBy !== undefined) {
      this.outstanding++;
      this.#link!.send(request, 0, request.length, this);
      if (name === "exec" || name === "discard" || (name === "unwatch" && !this.#isInMulti)) {
        this.#isInMulti = false;
        this.pinnedBy = "ends";
      }
      return undefined;
    }
    // In order: what is outstanding decides where the next one goes.
    if (this.#link !== undefined && !this.#link.isClosed && this.outstanding > 0)
      return this.#send(this.#link, request);
    const link = this.#host.shared(this.#state);
    if (!(link instanceof Promise)) return this.#send(link, request);
    const kept = Buffer.from(request);
    return link.then((opened) => void this.#send(opened, kept));
  }

  #send(link: RespLink, request: Buffer): undefined {
    if (this.#isClosed) return undefined;
    this.#link = link;
    this.outstanding++;
    link.send(request, 0, request.length, this);
    return undefined;
  }

  #answer(bytes: Buffer): undefined {
    if (this.outstanding === 0 || this.#link === undefined) this.reply(bytes, 0, bytes.length);
    else {
      this.outstanding++;
      this.#link.answerLocally(bytes, this);
    }
    return undefined;
  }

  /** Goes on at a connection of its own. */
  #pin(request: Buffer, name: string, isBlocking: boolean): Promise<void> | "wait" {
    if (this.outstanding > 0) return "wait";
    const kept = Buffer.from(request);
    const wasPinned = this.pinnedBy;
    return this.#own(name).then(() => {
      if (this.#link === undefined) return;
      if (name === "multi") this.#isInMulti = true;
      this.#isBlocking = isBlocking && wasPinned === undefined;
      this.outstanding++;
      this.#link.send(kept, 0, kept.length, this);
    });
  }

  async #own(why: string): Promise<void> {
    if (this.pinnedBy !== undefined && this.#link !== undefined) return;
    const link = await this.#host.dedicated(this.#state);
    if (this.#isClosed) {
      this.#host.giveBack(link, this.#state);
      return;
    }
    link.own(this);
    this.#link = link;
    this.pinnedBy = why;
  }

  #stay(request: Buffer, name: string): Promise<void> | "wait" {
    if (this.outstanding > 0 && !this.#isInMulti) return "wait";
    const kept = Buffer.from(request);
    return this.#own(name).then(() => {
      if (this.#link === undefined) return;
      this.#isRaw = true;
      this.pinnedBy = name;
      this.#link.own(this, true);
      this.#link.send(kept, 0, kept.length, this);
    });
  }

  #unpin(): void {
    const link = this.#link;
    this.#link = undefined;
    this.pinnedBy = undefined;
    if (link === undefined) return;
    link.own(undefined);
    this.#host.giveBack(link, this.#state);
  }

  async #hello(words: (index: number) => string, count: number): Promise<void> {
    let protocol = this.#state.protocol;
    let at = 1;
    if (count > 1) {
      if (words(1) !== "2" && words(1) !== "3")
        throw new RespError(
          /^\d+$/.test(words(1))
            ? "-NOPROTO unsupported protocol version"
            : "-ERR Protocol version is not an integer or out of range",
        );
      protocol = words(1) === "3" ? 3 : 2;
      at = 2;
    }
    let name: string | undefined;
    while (at < count) {
      const option = words(at).toLowerCase();
      if (option === "auth" && at + 2 < count) {
        await this.#prove(words(at + 1), words(at + 2));
        at += 3;
      } else if (option === "setname" && at + 1 < count) {
        name = words(at + 1);
        at += 2;
      } else throw new RespError("-ERR Syntax error in HELLO");
    }
    if (!this.#isProved)
      throw new RespError(
        "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
      );
    const state = { ...this.#state, protocol };
    const answer = await this.#host.hello(state);
    this.#state = state;
    this.#link = undefined;
    if (name !== undefined) this.#name = name;
    this.reply(answer, 0, answer.length);
  }

  async #auth(words: (index: number) => string, count: number): Promise<void> {
    if (count !== 2 && count !== 3) throw new RespError("-ERR wrong number of arguments for 'auth' command");
    if (!this.#host.authenticates)
      throw new RespError(
        "-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
      );
    await this.#prove(count === 3 ? words(1) : "default", words(count - 1));
    this.reply(ok, 0, ok.length);
  }

  async #prove(user: string, password: string): Promise<void> {
    const decode = (text: string) => Buffer.from(text, "latin1").toString();
    if (this.#host.authenticates && !(await this.#host.matches(decode(user), decode(password)))) {
      throw new RespError("-WRONGPASS invalid username-password pair or user is disabled.");
    }
    this.#isProved = true;
  }

  async #select(database: string, count: number): Promise<void> {
    if (count !== 2) throw new RespError("-ERR wrong number of arguments for 'select' command");
    if (!/^\d{1,6}$/.test(database)) throw new RespError("-ERR invalid DB index");
    const state = { ...this.#state, database: Number(database) };
    if (this.pinnedBy !== undefined)
      throw new RespError("-ERR SELECT between WATCH and EXEC is not supported through the pool");
    await this.#host.shared(state);
    this.#state = state;
    this.#link = undefined;
    this.reply(ok, 0, ok.length);
  }

  async #reset(): Promise<void> {
    if (this.pinnedBy !== undefined) {
      this.#link?.own(undefined);
      this.#link?.close();
    }
    this.#link = undefined;
    this.pinnedBy = undefined;
    this.#isInMulti = false;
    this.#state = { database: 0, protocol: 2 };
    this.#name = "";
    this.#isProved = !this.#host.authenticates;
    const answer = Buffer.from("+RESET\r\n");
    this.reply(answer, 0, answer.length);
  }

  #client(
    request: Buffer,
    words: (index: number) => string,
    count: number,
  ): Promise<void> | "wait" | undefined {
    const subcommand = count > 1 ? words(1).toLowerCase() : "";
    const handling = handlingOfClient(subcommand);
    if (handling === "shared" || count < 2) return this.#forward(request, "client");
    if (handling === "stays") return this.#stay(request, `client ${subcommand}`);
    if (handling === "refused")
      return this.#answer(
        Buffer.from(
          `-ERR CLIENT ${subcommand.toUpperCase()} is not supported through the pool, as clients share connections\r\n`,
        ),
      );
    if (subcommand === "id") return this.#answer(Buffer.from(`:${this.id}\r\n`));
    if (subcommand === "getname") {
      const nothing = this.#state.protocol === 3 ? "_\r\n" : "$-1\r\n";
      return this.#answer(
        Buffer.from(this.#name === "" ? nothing : `$${this.#name.length}\r\n${this.#name}\r\n`, "latin1"),
      );
    }
    if (subcommand === "setname" && count === 3) {
      if (/[^!-~]/.test(words(2)))
        return this.#answer(
          Buffer.from("-ERR Client names cannot contain spaces, newlines or special characters.\r\n"),
        );
      this.#name = words(2);
    }
    return this.#answer(ok);
  }

  #stopReading(): void {
    if (this.#isReadingStopped) return;
    this.#isReadingStopped = true;
    this.#transport.pause();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#input = undefined;
    const link = this.#link;
    this.#link = undefined;
    if (this.pinnedBy !== undefined) {
      // What it has begun there (a transaction, a subscription) ends with it.
      link?.own(undefined);
      link?.forget(this);
      link?.close();
    } else link?.forget(this);
    this.#host.gone(this);
  }
}

const noAuth = Buffer.from("-NOAUTH Authentication required.\r\n");
