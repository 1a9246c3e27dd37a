import { SocketGroup, type Transport } from "@weftkit/sockets";

const arenaBytes = 256 << 10;
/** What is longer is sent from where it is; shorter than a quarter of the arena, so that a transport never keeps a view of it. */
const copiedBytesMax = 16 << 10;
const pieceBytesMax = 64 << 10;

/**
 * The connections of the pool, clients' and servers'. What a turn writes to one connection goes out with one call, though it
 * comes from many messages and from other connections' input.
 */
export class PoolSockets extends SocketGroup {
  readonly #arena = Buffer.allocUnsafeSlow(arenaBytes);
  #used = 0;
  /** The last connection that was written to, and where its bytes begin in the arena. */
  #target: Transport | undefined;
  #from = 0;
  #isInTurn = false;
  #isScheduled = false;

  override beginTurn(): void {
    this.#isInTurn = true;
    super.beginTurn();
  }

  override endTurn(): void {
    this.#isInTurn = false;
    this.#handOver();
    super.endTurn();
    this.#used = 0;
    this.#from = 0;
  }

  /** Sends `bytes[start..end)`, which need to hold only until the turn ends. */
  write(transport: Transport, bytes: Buffer, start = 0, end: number = bytes.length): void {
    const length = end - start;
    if (length === 0) return;
    if (length > copiedBytesMax) {
      this.#handOver();
      for (let at = start; at < end; at += pieceBytesMax) {
        transport.send(bytes, at, Math.min(end, at + pieceBytesMax));
      }
      // Input buffers are used again after the turn, and what is written outside of one is gone by then.
      if (!this.#isInTurn) this.#flush();
      return;
    }
    if (this.#used + length > arenaBytes || this.#used - this.#from + length > pieceBytesMax) {
      this.#handOver();
      if (this.#used + length > arenaBytes) this.#flush();
    }
    if (transport !== this.#target) {
      this.#handOver();
      this.#target = transport;
    }
    this.#used += bytes.copy(this.#arena, this.#used, start, end);
    if (this.#isInTurn || this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** Sends what was written to a connection before something else is done with it. */
  handOver(): void {
    this.#handOver();
  }

  #handOver(): void {
    const [target, from] = [this.#target, this.#from];
    this.#target = undefined;
    this.#from = this.#used;
    if (target !== undefined && from < this.#used) target.send(this.#arena, from, this.#used);
  }

  #flush(): void {
    this.#handOver();
    if (this.#isInTurn) {
      super.endTurn();
      super.beginTurn();
    } else {
      super.beginTurn();
      super.endTurn();
    }
    this.#used = 0;
    this.#from = 0;
  }
}
