import { readBackendTls } from "@weftkit/backends";
import type { Deadline } from "@weftkit/core";
import type { Service, ServiceContext } from "@weftkit/host";
import { Gauge } from "@weftkit/observe";
import { readEngines } from "./engines/engine-list.ts";
import { readPageFiles } from "./http/page-files.ts";
import { PlaygroundServer } from "./http/playground-server.ts";
import { Sessions } from "./sessions/sessions.ts";

/** A web page with consoles for engines: see docs/playground.md. */
export class Playground implements Service<"playground"> {
  readonly #pageFolder: string;
  #server: PlaygroundServer | undefined;
  #sessions: Sessions | undefined;
  /** The port that it listens on. */
  port = 0;

  /** @param pageFolder where the built page is */
  constructor(pageFolder: string) {
    this.#pageFolder = pageFolder;
  }

  async open(ctx: ServiceContext<"playground">): Promise<void> {
    const { section, config, log, metrics, auth } = ctx;
    const trust = readBackendTls(
      "playground",
      { ca: section.backend_tls_ca_file },
      section.backend_tls_verify,
    );
    const engines = readEngines(section.engines, trust, section.backend_tls_ca_file);
    const sessions = new Sessions(section.session_idle);
    this.#sessions = sessions;
    new Gauge({
      name: "weftkit_playground_sessions",
      help: "Logins that are in use.",
      registers: [metrics],
      collect() {
        this.set(sessions.size);
      },
    });
    this.#server = new PlaygroundServer({
      version: ctx.version,
      auth: auth!,
      engines,
      sessions,
      files: readPageFiles(this.#pageFolder),
      tls: ctx.tls,
      connectionsMax: section.max_connections,
      log,
      metrics,
    });
    this.port = await this.#server.open(section.bind ?? config.server.bind, section.port);
    log.info({ port: this.port, engines: [...engines.keys()] }, "the playground listens");
  }

  async close(deadline: Deadline): Promise<void> {
    await deadline.race(Promise.all([this.#server?.close(), this.#sessions?.close()]));
  }

  status(): Record<string, unknown> {
    return { port: this.port, sessions: this.#sessions?.size ?? 0 };
  }
}
