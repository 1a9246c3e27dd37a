import type { Socket } from "node:net";
import { WeftkitError } from "@weftkit/core";

/** Why a connection got no further than its first bytes. */
export type ArrivalErrorCode =
  | "gone"
  | "late"
  | "too_long"
  | "unknown_protocol"
  | "bad_proxy_header"
  | "tls_failed";

/** A connection that cannot be passed on, before it is known what it is about. */
export class ArrivalError extends WeftkitError {
  declare readonly code: ArrivalErrorCode;

  // biome-ignore lint/complexity/noUselessConstructor: it narrows the code
  constructor(code: ArrivalErrorCode, message: string) {
    super(code, message);
  }
}

const nothing = Buffer.alloc(0);

/** What a connection begins with, as far as it has come. The socket is read and never flows. */
export class FirstBytes {
  bytes: Buffer = nothing;
  readonly #socket: Socket;
  readonly #bytesMax: number;

  constructor(socket: Socket, bytesMax: number) {
    this.#socket = socket;
    this.#bytesMax = bytesMax;
  }

  /** Takes the first so many away. */
  drop(length: number): void {
    this.bytes = this.bytes.subarray(length);
  }

  /** Gives everything back to the socket, for who reads it next. */
  giveBack(): void {
    if (this.bytes.length > 0) this.#socket.unshift(this.bytes);
    this.bytes = nothing;
  }

  /** Resolves when there are more. @throws ArrivalError `gone`, `too_long` */
  more(): Promise<void> {
    if (this.bytes.length >= this.#bytesMax) {
      throw new ArrivalError("too_long", `${this.bytes.length} bytes, and still nothing that is known`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = this.#socket;
    const take = () => {
      const chunk = socket.read() as Buffer | null;
      if (chunk !== null) {
        this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
        settle();
        resolve();
      } else if (socket.readableEnded || socket.destroyed) gone();
    };
    const gone = () => {
      settle();
      reject(new ArrivalError("gone", "the client has hung up"));
    };
    const settle = () => {
      socket.off("readable", take);
      socket.off("end", gone);
      socket.off("close", gone);
    };
    socket.on("readable", take);
    socket.on("end", gone);
    socket.on("close", gone);
    take();
    return promise;
  }
}
