import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, isIPv6, type Server, type Socket } from "node:net";
import { listen, WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Address } from "../swim/member.ts";
import { FrameError, type Frames } from "./frames.ts";

export interface TransportOptions {
  readonly bind: string;
  /** Of datagrams and of streams; 0 takes a free one. */
  readonly port: number;
  readonly frames: Frames;
  readonly log: Logger;
  datagram(bytes: Buffer, source: Address): void;
  /** An exchange came. @returns the answer, when it was a question */
  exchanged(bytes: Buffer): Buffer | undefined;
  /** Somebody without the key opened a stream. */
  notAuthentic(): void;
}

/** So many streams are open at once, each way. */
const streamsMax = 32;
const streamTimeoutMs = 10_000;
/** A burst of so many bytes waits in the kernel while the event loop is busy. */
const receiveBufferBytes = 1024 ** 2;
const triesMax = 20;

/** What carries the gossip: datagrams over UDP, and what does not fit into them over TCP, on the same port. */
export class Transport {
  readonly counts = { sent: 0, sentBytes: 0, received: 0, receivedBytes: 0, failed: 0, exchanges: 0 };
  readonly #options: TransportOptions;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #isIPv6: boolean;
  readonly #incoming = new Set<Socket>();
  readonly #outgoing = new Set<Socket>();
  #isOpen = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#isIPv6 = isIPv6(options.bind);
    this.#udp = createSocket({ type: this.#isIPv6 ? "udp6" : "udp4" });
    this.#tcp = createServer((socket) => this.#accept(socket));
  }

  /** Listens; resolves to the port. @throws WeftkitError `cannot_listen` */
  async open(): Promise<number> {
    const { bind, port, log } = this.#options;
    for (let tries = 1; ; tries++) {
      const taken = await listen(this.#tcp, { bind, port, who: "the gossip", remedy: portRemedy });
      try {
        await this.#bind(taken);
        break;
      } catch (error) {
        await new Promise((resolve) => this.#tcp.close(resolve));
        const { code } = error as NodeJS.ErrnoException;
        // A port that was chosen for TCP may be taken for UDP.
        if (port === 0 && code === "EADDRINUSE" && tries < triesMax) continue;
        const message = `the gossip cannot listen on ${bind} UDP port ${port}: ${code}; ${portRemedy}`;
        throw new WeftkitError("cannot_listen", message, { cause: error });
      }
    }
    this.#isOpen = true;
    this.#udp.on("error", (error) => log.error({ err: error }, "the gossip's socket failed"));
    this.#udp.on("message", (bytes, source) => this.#receive(bytes, source));
    this.#tcp.on("error", (error) => log.error({ err: error }, "the gossip cannot accept a connection"));
    return this.#udp.address().port;
  }

  close(): void {
    if (this.#isOpen) this.#udp.close();
    this.#isOpen = false;
    if (this.#tcp.listening) this.#tcp.close();
    for (const socket of [...this.#incoming, ...this.#outgoing]) socket.destroy();
  }

  send(to: Address, bytes: Buffer): void {
    if (!this.#isOpen) return;
    this.counts.sent++;
    this.counts.sentBytes += bytes.length;
    // What cannot be sent is lost, as on the way; the membership lives with that.
    this.#udp.send(bytes, to.port, this.#hostOf(to), (error) => {
      if (error !== null) this.counts.failed++;
    });
  }

  /** Asks for all that another node knows; its answer goes to `exchanged`. When that fails, nothing is said. */
  exchange(to: Address, bytes: Buffer): void {
    if (!this.#isOpen || this.#outgoing.size >= streamsMax) return;
    const socket = connect({ host: to.host, port: to.port, noDelay: true });
    this.#run(socket, this.#outgoing, async () => {
      await once(socket, "connect");
      socket.write(this.#options.frames.encode(bytes));
      this.#options.exchanged(await this.#options.frames.read(socket));
      this.counts.exchanges++;
    });
  }

  async #bind(port: number): Promise<void> {
    this.#udp.bind({ address: this.#options.bind, port });
    await once(this.#udp, "listening");
    this.#udp.setRecvBufferSize(receiveBufferBytes);
  }

  #receive(bytes: Buffer, { address, port }: RemoteInfo): void {
    this.counts.received++;
    this.counts.receivedBytes += bytes.length;
    this.#options.datagram(bytes, { host: plain(address), port });
  }

  #accept(socket: Socket): void {
    if (this.#incoming.size >= streamsMax) {
      socket.destroy();
      return;
    }
    this.#run(socket, this.#incoming, async () => {
      const answer = this.#options.exchanged(await this.#options.frames.read(socket));
      if (answer !== undefined) socket.end(this.#options.frames.encode(answer));
      this.counts.exchanges++;
      await once(socket, "close");
    });
  }

  /** Work on a stream that ends with it, in time. */
  #run(socket: Socket, all: Set<Socket>, work: () => Promise<void>): void {
    all.add(socket);
    socket.on("error", () => {});
    const timer = setTimeout(() => socket.destroy(), streamTimeoutMs);
    work()
      .catch((error: unknown) => {
        this.counts.failed++;
        if (error instanceof FrameError && !error.isAuthentic) this.#options.notAuthentic();
        this.#options.log.debug({ err: error }, "an exchange with another node failed");
      })
      .finally(() => {
        clearTimeout(timer);
        all.delete(socket);
        socket.destroy();
      });
  }

  #hostOf({ host }: Address): string {
    return this.#isIPv6 && !host.includes(":") ? `::ffff:${host}` : host;
  }
}

const portRemedy = "set WEFTKIT_DISCOVERY_GOSSIP_PORT to another";

/** An IPv4 address as such, where a socket for both says it in IPv6's form. */
function plain(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice("::ffff:".length) : address;
}
