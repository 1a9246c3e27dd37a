import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { matchesVerifier } from "@weftkit/auth";
import { type Backends, type BackendTls, connect, type Place, secure } from "@weftkit/backends";
import { listen, WeftkitError } from "@weftkit/core";
import type { ServiceTls } from "@weftkit/host";
import type { Logger } from "@weftkit/observe";
import { command } from "@weftkit/wire-resp";
import type { PoolSockets } from "../network/pool-sockets.ts";
import type { Secret } from "../postgres/users-file.ts";
import { type LinkState, RespClient, RespError, type RespHost } from "./resp-client.ts";
import { RespLink } from "./resp-link.ts";

export interface RespFrontOptions {
  readonly bind: string;
  readonly port: number;
  readonly clientsMax: number;
  /** Connections that clients share, for each database and protocol that they use. */
  readonly sharedMax: number;
  /** Connections that clients have for themselves, in all. */
  readonly dedicatedMax: number;
  readonly timeoutMs: number;
  readonly authenticates: boolean;
  readonly secretOf: (user: string) => Secret | undefined;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly backends: Backends;
  readonly backendTls: BackendTls;
  readonly tls: ServiceTls | undefined;
  readonly sockets: PoolSockets;
  readonly log: Logger;
}

interface Shared {
  readonly links: RespLink[];
  opening: Promise<RespLink> | undefined;
}

const tooMany = Buffer.from("-ERR max number of clients reached\r\n");
const dedicatedKeptMax = 16;

/** The clients of RESP and the connections to servers that they share. */
export class RespFront implements RespHost {
  readonly sockets: PoolSockets;
  readonly clients = new Set<RespClient>();
  readonly #options: RespFrontOptions;
  readonly #server: Server;
  readonly #shared = new Map<string, Shared>();
  readonly #spare = new Map<string, RespLink[]>();
  readonly #hellos = new Map<number, Buffer>();
  readonly #links = new Set<RespLink>();
  #dedicated = 0;
  #ids = 0;

  constructor(options: RespFrontOptions) {
    this.#options = options;
    this.sockets = options.sockets;
    const accept = (socket: Socket) => this.#accept(socket);
    if (options.tls === undefined)
      this.#server = createServer({ pauseOnConnect: true, noDelay: true, keepAlive: true }, accept);
    else {
      const server = createTlsServer({ ...options.tls.material, noDelay: true }, (socket) =>
        accept(socket.pause()),
      );
      options.tls.follow(server);
      this.#server = server;
    }
  }

  get authenticates(): boolean {
    return this.#options.authenticates;
  }

  get servers(): number {
    return this.#links.size;
  }

  open(): Promise<number> {
    const { bind, port } = this.#options;
    return listen(this.#server, {
      bind,
      port,
      backlog: 4096,
      who: "RESP's port",
      remedy: "set WEFTKIT_POOL_RESP_PORT to another",
    });
  }

  /** Lets what was asked be answered, then closes all. */
  async close(signal: AbortSignal): Promise<void> {
    if (this.#server.listening) this.#server.close();
    while (this.clients.size > 0 && !signal.aborted) {
      for (const client of [...this.clients]) if (client.outstanding === 0) client.close();
      if (this.clients.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const client of [...this.clients]) client.close();
    for (const link of [...this.#links]) link.close();
  }

  async matches(user: string, password: string): Promise<boolean> {
    const secret = this.#options.secretOf(user);
    const verifier = await secret?.verifier();
    return verifier !== undefined && matchesVerifier(verifier, password);
  }

  shared(state: LinkState): RespLink | Promise<RespLink> {
    const key = keyOf(state);
    let shared = this.#shared.get(key);
    if (shared === undefined) {
      shared = { links: [], opening: undefined };
      this.#shared.set(key, shared);
    }
    const { links } = shared;
    let best = links[0];
    for (const link of links) if (link.outstanding < best!.outstanding) best = link;
    const isBusy = best === undefined || best.outstanding > 0;
    if (isBusy && links.length < this.#options.sharedMax && shared.opening === undefined) {
      const its = shared;
      shared.opening = this.#open(state, (link) => its.links.splice(its.links.indexOf(link), 1)).then(
        (link) => {
          its.links.push(link);
          return link;
        },
      );
      shared.opening
        .catch(() => {})
        .finally(() => {
          its.opening = undefined;
        });
    }
    return best ?? shared.opening!;
  }

  async dedicated(state: LinkState): Promise<RespLink> {
    const spare = this.#spare.get(keyOf(state));
    for (let link = spare?.pop(); link !== undefined; link = spare?.pop()) if (!link.isClosed) return link;
    if (this.#dedicated >= this.#options.dedicatedMax) {
      throw new RespError("-ERR too many clients need a connection of their own (pool.resp_dedicated_max)");
    }
    this.#dedicated++;
    try {
      return await this.#open(state, () => this.#dedicated--);
    } catch (error) {
      this.#dedicated--;
      throw error;
    }
  }

  giveBack(link: RespLink, state: LinkState): void {
    const spare = this.#spare.get(keyOf(state)) ?? [];
    this.#spare.set(keyOf(state), spare);
    if (spare.length >= dedicatedKeptMax || link.outstanding > 0) link.close();
    else if (!link.isClosed) spare.push(link);
  }

  async hello(state: LinkState): Promise<Buffer> {
    await this.shared(state);
    return this.#hellos.get(state.protocol)!;
  }

  gone(client: RespClient): void {
    this.clients.delete(client);
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {});
    if (this.clients.size >= this.#options.clientsMax) {
      socket.end(tooMany);
      return;
    }
    const { remoteAddress = "" } = socket;
    this.clients.add(new RespClient(this, this.sockets.take(socket), ++this.#ids, remoteAddress));
  }

  async #open(state: LinkState, onClosed: (link: RespLink) => void): Promise<RespLink> {
    const { backends, backendTls, timeoutMs, sockets } = this.#options;
    const except = new Set<string>();
    for (;;) {
      const place = backends.acquire({ engine: "inmemory", group: "default", except });
      if (place === undefined) throw new WeftkitError("no_backend", "no server of inmemory is there");
      try {
        const plain = await connect(place.backend, { timeoutMs });
        const socket = place.backend.tls
          ? await secure(plain, place.backend, { timeoutMs, tls: backendTls })
          : plain;
        const link: RespLink = new RespLink(sockets, sockets.take(socket), () => {
          this.#links.delete(link);
          place.release();
          if (isOpen) onClosed(link);
        });
        let isOpen = false;
        this.#links.add(link);
        await this.#prepare(link, state);
        isOpen = true;
        place.succeeded();
        return link;
      } catch (error) {
        this.#failed(place, error);
        except.add(place.backend.id);
        if (
          error instanceof RespError ||
          except.size >= backends.table.of({ engine: "inmemory", group: "default" }).length
        )
          throw error;
      }
    }
  }

  #failed(place: Place, error: unknown): void {
    place.release();
    if (error instanceof RespError) return;
    place.failed(error instanceof Error ? error.message : String(error));
  }

  /** @throws RespError with the server's own refusal */
  async #prepare(link: RespLink, { database, protocol }: LinkState): Promise<void> {
    const { login } = this.#options;
    const requests = [];
    if (login !== undefined) requests.push(command("AUTH", login.user, login.password));
    requests.push(command("HELLO", String(protocol)));
    if (database > 0) requests.push(command("SELECT", String(database)));
    for (const request of requests) {
      const answer = await link.ask(request);
      const isHello = request.includes("HELLO");
      if (answer[0] === 0x2d && !(isHello && protocol === 2)) {
        link.close();
        throw new RespError(answer.toString().trim());
      }
      if (isHello) this.#hellos.set(protocol, answer);
    }
  }
}

function keyOf({ database, protocol }: LinkState): string {
  return `${database} ${protocol}`;
}
