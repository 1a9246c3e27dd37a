import { once } from "node:events";
import type { Server } from "node:net";
import { WeftkitError } from "./errors.ts";

/** Where to listen, and how a failure is told. */
export interface ListenOptions {
  readonly bind: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Connections that wait in the kernel; by default Node's 511. */
  readonly backlog?: number;
  /** Who listens, as the beginning of the message ("the admin port"), where a program has more than one port. */
  readonly who?: string;
  /** What to do when the port is taken, as the end of the message ("set WEFTKIT_ADMIN_PORT to another"). */
  readonly remedy?: string;
}

/**
 * Begins to listen, on TCP; resolves to the port. Ending the server is the caller's, and so are errors that it has
 * later.
 *
 * @throws WeftkitError `cannot_listen`, with the system's code (EADDRINUSE, EACCES, ...) in its message
 */
export async function listen(server: Server, options: ListenOptions): Promise<number> {
  const { bind, port, backlog, who, remedy } = options;
  server.listen({ host: bind, port, backlog });
  try {
    await once(server, "listening");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    const subject = who === undefined ? "" : `${who} `;
    const advice = remedy === undefined ? "" : `; ${remedy}`;
    const message = `${subject}cannot listen on ${bind} port ${port}: ${reason}${advice}`;
    throw new WeftkitError("cannot_listen", message, { cause: error });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
