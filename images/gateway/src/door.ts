import { createServer, type Server, type Socket } from "node:net";
import { type Deadline, listen } from "@weftkit/core";
import type { ServiceTls } from "@weftkit/host";
import type { Logger } from "@weftkit/observe";
import type { ClientHello, Protocol } from "@weftkit/peek";
import {
  type Arrival,
  ArrivalError,
  type ArrivalOptions,
  arrive,
  type RefusalReason,
  refuse,
  TlsFront,
} from "@weftkit/relay";
import type { HttpFront } from "./http/http-front.ts";
import { type ListenerName, protocols, type Route } from "./routes/route.ts";
import type { RouteBook } from "./routes/route-book.ts";
import type { CancelRequests } from "./tcp/cancel-requests.ts";
import type { TcpFront } from "./tcp/tcp-front.ts";
import type { Traffic } from "./traffic.ts";

/** So many clients are told at once, beyond the limit, that it is reached; more are closed without a word. */
const refusalsMax = 128;
/** Finds peers that vanished without a word. */
const keepAliveDelayMs = 300_000;
const drainLookMs = 20;
/** What is left of a shutdown's budget for those that are passed on. */
const lastMs = 2000;

/** What is behind every door. */
export interface DoorOptions {
  readonly book: RouteBook;
  readonly traffic: Traffic;
  readonly tcp: TcpFront;
  readonly http: HttpFront;
  readonly cancels: CancelRequests;
  readonly log: Logger;
  readonly tls: ServiceTls | undefined;
  /** Whether a client in plain text is told so, whatever it wants. */
  readonly isTlsRequired: boolean;
  readonly connectionsMax: number;
  readonly silenceMs: number;
  readonly firstBytesMs: number;
  readonly firstBytesMax: number;
  isTrustedProxy(address: string): boolean;
}

/** One port: finds out what each connection is about, and who it goes to. */
export class Door {
  readonly listener: ListenerName;
  readonly #options: DoorOptions;
  readonly #server: Server;
  readonly #tlsFront: TlsFront | undefined;
  readonly #expected: Protocol | undefined;
  /** Connections that are not passed on yet. */
  readonly #arriving = new Set<Socket>();
  #refusals = 0;

  constructor(listener: ListenerName, options: DoorOptions) {
    this.listener = listener;
    this.#options = options;
    this.#expected = listener === "shared" ? undefined : protocols[listener];
    const { tls, book } = options;
    if (tls !== undefined) {
      this.#tlsFront = new TlsFront(tls.material, (name, offered) =>
        book.table.alpnOf(listener, name, offered),
      );
      tls.follow(this.#tlsFront);
    }
    this.#server = createServer(
      {
        pauseOnConnect: true,
        noDelay: true,
        allowHalfOpen: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveDelayMs,
      },
      (socket) => this.#accept(socket),
    );
  }

  /** Resolves to the port. @throws WeftkitError `cannot_listen` */
  async open(bind: string, port: number): Promise<number> {
    const found = await listen(this.#server, {
      bind,
      port,
      backlog: 1024,
      who: `the port of ${this.listener}`,
    });
    this.#server.on("error", (error) =>
      this.#options.log.error({ err: error }, "cannot accept a connection"),
    );
    return found;
  }

  /** Accepts no more. Who has begun to say what it wants is still passed on, within the budget; who was silent is closed. */
  async close(deadline: Deadline): Promise<void> {
    if (this.#server.listening) this.#server.close();
    for (const socket of this.#arriving) if (socket.bytesRead === 0) socket.destroy();
    while (this.#arriving.size > 0 && deadline.remainingMs() > lastMs) {
      await new Promise((resolve) => setTimeout(resolve, drainLookMs));
    }
    for (const socket of this.#arriving) socket.destroy();
  }

  #accept(socket: Socket): void {
    const { traffic, connectionsMax, log } = this.#options;
    socket.on("error", () => {});
    const isFull = traffic.connections >= connectionsMax;
    if (isFull && this.#refusals >= refusalsMax) {
      traffic.refused(undefined, "max_connections");
      socket.destroy();
      return;
    }
    if (isFull) {
      this.#refusals++;
      socket.once("close", () => this.#refusals--);
    } else traffic.connections++;
    let isCounted = !isFull;
    const left = () => {
      if (isCounted) traffic.connections--;
      isCounted = false;
    };
    this.#arriving.add(socket);
    const serving = this.#serve(socket, isFull, left).finally(() => this.#arriving.delete(socket));
    serving.catch((error: unknown) => {
      left();
      socket.destroy();
      if (error instanceof ArrivalError) {
        traffic.refused(undefined, error.code);
        log.debug({ listener: this.listener, code: error.code }, error.message);
      } else log.error({ err: error, listener: this.listener }, "a connection could not be passed on");
    });
  }

  async #serve(socket: Socket, isFull: boolean, left: () => void): Promise<void> {
    const { traffic } = this.#options;
    const arrival = await arrive(socket, this.#arrivalOptions());
    if (isFull) {
      this.#refuse(arrival, undefined, "max_connections", left);
      return;
    }
    const { opening } = arrival;
    if (opening.protocol === "postgres" && opening.packet.kind === "cancel") {
      await this.#options.cancels.pass(arrival, this.listener).finally(left);
      return;
    }
    if (this.#options.isTlsRequired && arrival.tls === "none") {
      this.#refuse(arrival, undefined, "tls_required", left);
      return;
    }
    const route = this.#routeOf(arrival);
    const isHttp = opening.protocol === "http" || opening.protocol === "http2";
    if (isHttp && route?.isPerRequest === true && route.protocol !== "bolt") {
      this.#options.http.serve(arrival, this.listener, left);
      return;
    }
    const reason = route === undefined ? "no_route" : this.#reasonAgainst(route, arrival);
    if (route === undefined || reason !== undefined) {
      this.#refuse(arrival, route, reason ?? "no_route", left);
      return;
    }
    const entered = traffic.enter(route);
    if (entered !== undefined) {
      this.#refuse(arrival, route, entered, left);
      return;
    }
    const leave = () => {
      traffic.leave(route);
      left();
    };
    await this.#options.tcp.pass(arrival, route, leave);
  }

  #arrivalOptions(): ArrivalOptions {
    const { book, tls, silenceMs, firstBytesMs, firstBytesMax, isTrustedProxy } = this.#options;
    const front = this.#tlsFront;
    const isPassed = (hello: ClientHello) => book.table.findPassing(this.listener, hello) !== undefined;
    const passesPostgres = tls === undefined && book.table.findUnopenedPostgres(this.listener) !== undefined;
    return {
      expected: this.#expected,
      silenceMs,
      timeoutMs: firstBytesMs,
      bytesMax: firstBytesMax,
      isTrustedProxy,
      tlsChoice: (hello) => (front === undefined || isPassed(hello) ? "pass" : "end"),
      postgresTls: front !== undefined ? "yes" : passesPostgres ? "pass" : "no",
      secure: (socket) => front!.secure(socket),
    };
  }

  #routeOf(arrival: Arrival): Route | undefined {
    const { table } = this.#options.book;
    const { opening, hello, hasAskedForTls } = arrival;
    const listener = this.listener;
    const serverName = hello?.serverName;
    switch (opening.protocol) {
      case "tls":
        return table.findUnopened(listener, opening.hello, hasAskedForTls ? "postgres" : this.#expected);
      case "postgres": {
        const { packet } = opening;
        if (packet.kind !== "startup") return table.findUnopenedPostgres(listener);
        const user = packet.parameters.get("user");
        const database = packet.parameters.get("database") ?? user;
        return table.find({ listener, protocol: "postgres", serverName, user, database });
      }
      case "mongo": {
        const { database, user } = opening.message;
        return table.find({ listener, protocol: "mongo", serverName, database, user });
      }
      case "resp":
        return table.find({ listener, protocol: "resp", serverName, user: opening.user });
      case "bolt":
        return table.find({ listener, protocol: "bolt", serverName });
      case "http": {
        const isWebSocket = opening.head.headers.get("upgrade")?.toLowerCase() === "websocket";
        const bolt = isWebSocket ? table.find({ listener, protocol: "bolt", serverName }) : undefined;
        return bolt ?? table.findForConnection({ listener, protocol: "http", serverName });
      }
      case "http2":
        return (
          table.findForConnection({ listener, protocol: "http2", serverName }) ??
          table.findForConnection({ listener, protocol: "http", serverName })
        );
    }
  }

  #reasonAgainst(route: Route, arrival: Arrival): RefusalReason | undefined {
    return route.tls === "required" && arrival.tls === "none" ? "tls_required" : undefined;
  }

  #refuse(arrival: Arrival, route: Route | undefined, reason: RefusalReason, left: () => void): void {
    const { traffic, log } = this.#options;
    const { opening, ends, hello } = arrival;
    traffic.refused(route, reason);
    const client = `${ends.sourceAddress}:${ends.sourcePort}`;
    const { protocol } = opening;
    log.warn(
      {
        reason,
        client,
        listener: this.listener,
        protocol,
        route: route?.name,
        serverName: hello?.serverName,
      },
      "a connection was refused",
    );
    arrival.socket.once("close", left);
    refuse(arrival, reason);
  }
}
