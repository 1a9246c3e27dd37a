import { expect } from "vitest";
import type { Random } from "./oracle/random.ts";
import { encode, type WireClient } from "./wire-client.ts";

/** Operations that a writer has in flight at once. */
const IN_FLIGHT_MAX = 16;
const HASH_FIELDS = 40;
const KINDS = 7;

/** What a writer's keys hold after its first `count` operations. */
interface State {
  readonly counter: number;
  readonly list: readonly string[];
  readonly text: string | null;
  readonly set: readonly string[];
  readonly hash: Readonly<Record<string, string>>;
  readonly stream: readonly string[];
  readonly pair: readonly [number, number];
}

/**
 * One client that writes to keys of its own, operation after operation, and remembers which were acknowledged. As the
 * log has the operations in their order, the only states that may be found after a crash are those after some number
 * of operations: at least the acknowledged ones, at most those that were sent.
 */
export class Writer {
  readonly name: string;
  #acknowledged = 0;
  #sent = 0;
  #isStopped = false;

  constructor(name: string) {
    this.name = name;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Writes until the connection ends or `stop` is called; `onAcknowledged` hears of each operation. */
  async write(client: WireClient, random: Random, onAcknowledged: () => void): Promise<void> {
    this.#isStopped = false;
    while (!this.#isStopped) {
      const burst = 1 + random.below(IN_FLIGHT_MAX);
      const from = this.#sent;
      this.#sent += burst;
      const operations = Array.from({ length: burst }, (_, index) => this.#operation(from + index));
      client.socket.write(Buffer.concat(operations.flat()));
      for (const commands of operations) {
        for (const reply of await client.replies(commands.length)) {
          if (reply === undefined) return;
          if (reply instanceof Error) throw reply;
        }
        this.#acknowledged++;
        onAcknowledged();
      }
    }
  }

  /** Lets what is in flight come back, and ends. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Checks what the engine has, and goes on from there. */
  async verify(client: WireClient): Promise<void> {
    const found = await this.#read(client);
    // The counter tells the number of operations but for the last few; the other keys tell the rest.
    let count = found.counter === 0 ? 0 : (found.counter - 1) * KINDS + 1;
    while (count < this.#sent && !isSame(this.#after(count), found)) count++;
    expect(found, `${this.name}, ${this.#acknowledged} acknowledged of ${this.#sent}`).toEqual(
      this.#after(count),
    );
    expect(count, `acknowledged by ${this.name}`).toBeGreaterThanOrEqual(this.#acknowledged);
    this.#acknowledged = count;
    this.#sent = count;
  }

  #key(kind: string): string {
    return `${this.name}:${kind}`;
  }

  /** The commands of operation number `index`. */
  #operation(index: number): Buffer[] {
    switch (index % KINDS) {
      case 0:
        return [encode("INCR", this.#key("counter"))];
      case 1:
        return [encode("RPUSH", this.#key("list"), index)];
      case 2:
        return [encode("SET", this.#key("text"), index)];
      case 3:
        return [encode("SADD", this.#key("set"), index)];
      case 4:
        return [encode("HSET", this.#key("hash"), index % HASH_FIELDS, index)];
      case 5:
        return [encode("XADD", this.#key("stream"), `${index}-1`, "n", index)];
      default: {
        const [left, right] = [this.#key("left"), this.#key("right")];
        return [encode("MULTI"), encode("INCR", left), encode("INCR", right), encode("EXEC")];
      }
    }
  }

  #after(count: number): State {
    const done = (kind: number) => Math.max(0, Math.ceil((count - kind) / KINDS));
    const indexes = (kind: number) =>
      Array.from({ length: done(kind) }, (_, index) => String(index * KINDS + kind));
    const hash: Record<string, string> = {};
    for (const index of indexes(4)) hash[Number(index) % HASH_FIELDS] = index;
    return {
      counter: done(0),
      list: indexes(1),
      text: indexes(2).at(-1) ?? null,
      set: indexes(3),
      hash,
      stream: indexes(5),
      pair: [done(6), done(6)],
    };
  }

  async #read(client: WireClient): Promise<State> {
    const call = (...words: string[]) => client.call(...words);
    const set = (await call("SMEMBERS", this.#key("set"))) as string[];
    const pairs = (await call("HGETALL", this.#key("hash"))) as string[];
    const entries = (await call("XRANGE", this.#key("stream"), "-", "+")) as [string, string[]][];
    const hash: Record<string, string> = {};
    for (let i = 0; i < pairs.length; i += 2) hash[pairs[i]!] = pairs[i + 1]!;
    return {
      counter: Number(await call("GET", this.#key("counter"))),
      list: (await call("LRANGE", this.#key("list"), "0", "-1")) as string[],
      text: (await call("GET", this.#key("text"))) as string | null,
      set: set.sort((a, b) => Number(a) - Number(b)),
      hash,
      stream: entries.map(([, fields]) => fields[1]!),
      pair: [Number(await call("GET", this.#key("left"))), Number(await call("GET", this.#key("right")))],
    };
  }
}

function isSame(a: State, b: State): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
