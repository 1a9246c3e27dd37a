import {
  type BackendSource,
  Backends,
  defaultHealthPolicy,
  fileSource,
  protocolProbe,
  readBackendTls,
  readSources,
} from "@weftkit/backends";
import { ConfigError, type EngineName, engineNames } from "@weftkit/config";
import type { Deadline } from "@weftkit/core";
import type { Service, ServiceContext } from "@weftkit/host";
import { writeLocalProxyHeader } from "@weftkit/peek";
import { Door, type DoorOptions } from "./door.ts";
import { HttpFront } from "./http/http-front.ts";
import type { ListenerName } from "./routes/route.ts";
import { RouteBook } from "./routes/route-book.ts";
import { CancelRequests } from "./tcp/cancel-requests.ts";
import { TcpFront } from "./tcp/tcp-front.ts";
import { Traffic } from "./traffic.ts";
import { trustedProxies } from "./trusted-proxies.ts";

/** So long a gateway that is in use still accepts connections when it has been told to end; it is not ready any more. */
const graceMs = 250;

/**
 * Listens on a port for each engine, in the order of `engineNames`, and on one for all of them, and passes each connection on to
 * a backend: see docs/gateway.md.
 *
 * Two engines of one kind share no state, so the first backend of the list that is in gets all connections, and the others stand
 * in for it, where a route says nothing else.
 */
export class Gateway implements Service<"gateway"> {
  readonly #doors: Door[] = [];
  readonly #ports = new Map<ListenerName, number>();
  #backends: Backends | undefined;
  #book: RouteBook | undefined;
  #traffic: Traffic | undefined;
  #tcp: TcpFront | undefined;
  #http: HttpFront | undefined;

  async open(ctx: ServiceContext<"gateway">): Promise<void> {
    const { section, log, watchIntervalMs } = ctx;
    const isTrustedProxy = trustedProxies(section.trusted_proxies, "gateway.trusted_proxies");
    const backendTls = readBackendTls(
      "gateway",
      {
        ca: section.backend_tls_ca_file,
        cert: section.backend_tls_cert_file,
        key: section.backend_tls_key_file,
      },
      section.backend_tls_verify,
    );
    const hasTls = ctx.tls !== undefined;
    if (section.tls_required && !hasTls) {
      const message = "true, but there is no certificate: set tls.cert_file and tls.key_file";
      throw new ConfigError([{ where: "gateway.tls_required", message }]);
    }
    const traffic = new Traffic(ctx.metrics);
    const book = new RouteBook({
      path: section.routes_file,
      hasTls,
      log,
      watchIntervalMs,
      changed: ({ routes }) => traffic.keep(routes),
    });
    this.#book = book;
    const sources: BackendSource[] = [...readSources(section.backends, "gateway.backends", ctx), book];
    if (section.backends_file !== undefined) {
      sources.push(fileSource(section.backends_file, log, watchIntervalMs));
    }
    const health = { ...defaultHealthPolicy, intervalMs: section.health_interval };
    const probe = protocolProbe(backendTls, (backend) => {
      const version = book.proxyHeaderOf(backend);
      return version === undefined ? undefined : writeLocalProxyHeader(version);
    });
    const backends = new Backends({ sources, log, health, probe });
    this.#backends = backends;
    await backends.open();
    backends.register(ctx.metrics);
    book.follow(backends.table.backends);
    backends.onChange(({ table }) => book.follow(table.backends));
    const timeoutMs = section.connect_timeout;
    const upstream = { backends, tls: backendTls, timeoutMs, log };
    const cancels = new CancelRequests({ book, backends, timeoutMs, log });
    const hasAccessLog = section.access_log;
    const headMs = section.first_bytes_timeout;
    this.#traffic = traffic;
    this.#tcp = new TcpFront({ upstream, traffic, cancels, log, hasAccessLog });
    this.#http = new HttpFront({
      book,
      backends,
      backendTls,
      upstream,
      traffic,
      log,
      hasAccessLog,
      headMs,
      isTrustedProxy,
    });
    await this.#listen(ctx, {
      book,
      traffic,
      tcp: this.#tcp,
      http: this.#http,
      cancels,
      log,
      tls: ctx.tls,
      isTlsRequired: section.tls_required,
      connectionsMax: section.max_connections,
      silenceMs: section.silence_timeout,
      firstBytesMs: headMs,
      firstBytesMax: section.first_bytes_max,
      isTrustedProxy,
    });
  }

  async #listen({ section, config }: ServiceContext<"gateway">, options: DoorOptions): Promise<void> {
    const bind = section.bind ?? config.server.bind;
    const ports: [ListenerName, number][] = (section.engine_ports ? engineNames : []).map((engine, index) => [
      engine,
      section.port === 0 ? 0 : section.port + index,
    ]);
    ports.push(["shared", section.port === 0 ? 0 : section.shared_port]);
    for (const [listener, port] of ports) {
      const door = new Door(listener, options);
      this.#doors.push(door);
      this.#ports.set(listener, await door.open(bind, port));
    }
  }

  /** Where clients of an engine connect, or those of all. */
  portOf(listener: EngineName | "shared"): number {
    return this.#ports.get(listener) ?? 0;
  }

  /** Ends each connection when its client waits for nothing, and those that are left when the budget is used up. */
  async close(deadline: Deadline): Promise<void> {
    this.#http?.beginClose();
    // Connections that are on their way still get in: what is in the kernel's queue would be reset.
    if ((this.#traffic?.connections ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, graceMs));
    await Promise.all(this.#doors.map((door) => door.close(deadline)));
    await Promise.all([this.#tcp?.close(deadline), this.#http?.close(deadline)]);
    this.#backends?.close();
  }

  status(): Record<string, unknown> {
    return {
      ports: Object.fromEntries(this.#ports),
      connections: this.#traffic?.connections ?? 0,
      routes: this.#book?.table.routes.map(({ name, target }) => ({ name, ...target })),
      connectionsByRoute: this.#traffic?.status(),
      backends: this.#backends?.states().map(({ backend, state, connections, lastError }) => {
        return { id: backend.id, state, connections, lastError };
      }),
    };
  }
}
