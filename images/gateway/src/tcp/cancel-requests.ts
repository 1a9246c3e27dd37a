import { type Backend, type Backends, connect, formatTarget } from "@weftkit/backends";
import type { Logger } from "@weftkit/observe";
import type { Arrival } from "@weftkit/relay";
import type { ListenerName } from "../routes/route.ts";
import type { RouteBook } from "../routes/route-book.ts";

/** A request whose session is not known is given to so many servers at most. */
const serversMax = 16;
const lingerMs = 2000;

export interface CancelOptions {
  readonly book: RouteBook;
  readonly backends: Backends;
  readonly timeoutMs: number;
  readonly log: Logger;
}

/**
 * PostgreSQL's requests to cancel a statement, which come on connections of their own and name a session by a number and a key of
 * its server.
 *
 * Whose key it is was seen when the session began. Where it was not (its TLS is passed on unopened), every server that the port
 * leads to is asked: those that do not know the key do nothing.
 */
export class CancelRequests {
  readonly #options: CancelOptions;
  readonly #sessions = new Map<string, Backend>();

  constructor(options: CancelOptions) {
    this.#options = options;
  }

  /** Sessions whose server is known. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Notes whose session a key is; the answer forgets it. */
  note(processId: number, key: Buffer, backend: Backend): () => void {
    const name = nameOf(processId, key);
    this.#sessions.set(name, backend);
    return () => this.#sessions.delete(name);
  }

  /** Passes a request on, and closes the client's connection when the servers have closed theirs: PostgreSQL answers nothing. */
  async pass({ opening, bytes, socket }: Arrival, listener: ListenerName): Promise<void> {
    if (opening.protocol !== "postgres" || opening.packet.kind !== "cancel") return;
    const { processId, key } = opening.packet;
    const known = this.#sessions.get(nameOf(processId, key));
    const servers = known === undefined ? this.#everybody(listener) : [known];
    await Promise.all(servers.map((server) => this.#send(server, bytes.subarray(0, opening.length))));
    socket.destroy();
  }

  #everybody(listener: ListenerName): readonly Backend[] {
    const { book, backends } = this.#options;
    const routes = book.table.routes.filter((one) => one.protocol === "postgres" && one.on.has(listener));
    const targets = new Map(routes.map(({ target }) => [formatTarget(target), target]));
    return [...targets.values()].flatMap((target) => backends.table.of(target)).slice(0, serversMax);
  }

  async #send(server: Backend, request: Buffer): Promise<void> {
    const { timeoutMs, log } = this.#options;
    try {
      const socket = await connect(server, { timeoutMs });
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(() => socket.destroy(), lingerMs);
      socket.on("error", () => {});
      socket.on("close", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.resume();
      socket.end(request);
      await promise;
    } catch (error) {
      log.warn({ err: error, backend: server.id }, "a request to cancel could not be passed on");
    }
  }
}

function nameOf(processId: number, key: Buffer): string {
  return `${processId} ${key.toString("latin1")}`;
}
