import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, isIPv6, type Server, type Socket } from "node:net";
import { listen, WeftkitError } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { payloadBytesOf, type Rcode, readQuery, writeError, writeResponse } from "./message.ts";
import type { Zone } from "./zone.ts";

export interface DnsServerOptions {
  readonly bind: string;
  /** Of UDP and TCP; 0 takes a free one. */
  readonly port: number;
  readonly zone: Zone;
  readonly log: Logger;
}

const connectionsMax = 512;
const idleMs = 10_000;
const messageBytesMax = 65_535;
/** An address behind a pointer to its name. */
const recordBytesMin = 16;
/** When so much waits for a client, it is neither read nor answered any more. */
const unsentBytesMax = 256 * 1024;
const triesMax = 20;
const remedy = "set WEFTKIT_DISCOVERY_DNS_PORT to another";

/** Answers questions of DNS over UDP and TCP. */
export class DnsServer {
  /** Answers, by rcode. */
  readonly answers = new Map<Rcode, number>();
  readonly #options: DnsServerOptions;
  readonly #udp: UdpSocket;
  readonly #tcp: Server;
  readonly #connections = new Set<Socket>();
  #isOpen = false;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    this.#udp = createSocket({ type: isIPv6(options.bind) ? "udp6" : "udp4" });
    this.#tcp = createServer((socket) => this.#accept(socket));
  }

  /** Listens; resolves to the port. @throws WeftkitError `cannot_listen` */
  async open(): Promise<number> {
    const { bind, port, log } = this.#options;
    for (let tries = 1; ; tries++) {
      const taken = await listen(this.#tcp, { bind, port, who: "DNS", remedy });
      try {
        this.#udp.bind({ address: bind, port: taken });
        await once(this.#udp, "listening");
        break;
      } catch (error) {
        await new Promise((resolve) => this.#tcp.close(resolve));
        const { code } = error as NodeJS.ErrnoException;
        // A port that was chosen for TCP may be taken for UDP.
        if (port === 0 && code === "EADDRINUSE" && tries < triesMax) continue;
        const message = `DNS cannot listen on ${bind} UDP port ${port}: ${code}; ${remedy}`;
        throw new WeftkitError("cannot_listen", message, { cause: error });
      }
    }
    this.#isOpen = true;
    this.#udp.on("error", (error) => log.error({ err: error }, "the socket of DNS failed"));
    this.#tcp.on("error", (error) => log.error({ err: error }, "DNS cannot accept a connection"));
    this.#udp.on("message", (bytes, source) => {
      const answer = this.#answer(bytes, false);
      // A client that cannot be reached asks again.
      if (answer !== undefined) this.#udp.send(answer, source.port, source.address, () => {});
    });
    return this.#udp.address().port;
  }

  close(): void {
    if (this.#isOpen) this.#udp.close();
    this.#isOpen = false;
    if (this.#tcp.listening) this.#tcp.close();
    for (const socket of this.#connections) socket.destroy();
  }

  #answer(bytes: Buffer, isStream: boolean): Buffer | undefined {
    const query = readQuery(bytes);
    if ("reason" in query) {
      if (query.reason === "not_a_query") return undefined;
      this.#count(query.reason);
      return writeError(query);
    }
    const bytesMax = isStream ? messageBytesMax : payloadBytesOf(query);
    const response = this.#options.zone.answer(query, Math.ceil(bytesMax / recordBytesMin));
    this.#count(response.rcode);
    return writeResponse(query, response, bytesMax);
  }

  #count(rcode: Rcode): void {
    this.answers.set(rcode, (this.answers.get(rcode) ?? 0) + 1);
  }

  /** Queries follow on each other, each behind its length (RFC 7766). */
  #accept(socket: Socket): void {
    if (this.#connections.size >= connectionsMax) {
      socket.destroy();
      return;
    }
    this.#connections.add(socket);
    socket.on("close", () => this.#connections.delete(socket));
    // A client that hangs up is no news.
    socket.on("error", () => {});
    socket.setNoDelay(true).setTimeout(idleMs, () => socket.destroy());
    let rest: Buffer = Buffer.alloc(0);
    const answerAll = () => {
      while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
        // Small questions have large answers: the others of this piece wait as well.
        if (socket.writableLength > unsentBytesMax) {
          socket.pause();
          socket.once("drain", () => {
            socket.resume();
            answerAll();
          });
          return;
        }
        const end = 2 + rest.readUInt16BE(0);
        const answer = this.#answer(rest.subarray(2, end), true);
        rest = rest.subarray(end);
        if (answer === undefined) {
          socket.destroy();
          return;
        }
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        socket.write(Buffer.concat([length, answer]));
      }
    };
    socket.on("data", (piece: Buffer) => {
      rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      answerAll();
    });
  }
}
