import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { TlsMaterial, UsesCertificates } from "@weftkit/host";
import { ArrivalError } from "./first-bytes.ts";

/** Which of the protocols that a client offers is spoken with it (ALPN); undefined when none is, and none is then said. */
export type ChooseAlpn = (serverName: string | undefined, offered: readonly string[]) => string | undefined;

/** Ends TLS on connections that begin with it. */
export class TlsFront implements UsesCertificates {
  readonly #server: Server;
  /** Handshakes that are under way, by the client's address and port. */
  readonly #waiting = new Map<string, (socket: TLSSocket) => void>();

  constructor(material: TlsMaterial, chooseAlpn: ChooseAlpn) {
    this.#server = createServer({
      ...material,
      requestCert: material.ca !== undefined,
      rejectUnauthorized: material.ca !== undefined,
      ALPNCallback: ({ servername, protocols }) =>
        chooseAlpn(servername === "" ? undefined : servername.toLowerCase(), protocols),
    });
    this.#server.on("secureConnection", (socket) => this.#waiting.get(nameOf(socket))?.(socket));
  }

  setSecureContext(material: TlsMaterial): void {
    this.#server.setSecureContext(material);
  }

  /** Goes on in TLS with what the socket holds and what comes; who waits destroys it when it takes too long. */
  secure(plain: Socket): Promise<TLSSocket> {
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
    const name = nameOf(plain);
    const failed = () => reject(new ArrivalError("tls_failed", "the TLS handshake failed"));
    plain.once("close", failed);
    this.#waiting.set(name, (socket) => {
      plain.off("close", failed);
      socket.on("error", () => socket.destroy());
      resolve(socket.pause());
    });
    this.#server.emit("connection", plain);
    return promise.finally(() => this.#waiting.delete(name));
  }
}

function nameOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
