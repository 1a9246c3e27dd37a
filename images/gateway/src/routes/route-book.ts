import type { Backend, BackendSource, Found } from "@weftkit/backends";
import { watchFiles } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import { sharesConnections } from "./route.ts";
import { type RouteTable, usualRoutes } from "./route-table.ts";
import { readRoutesFile } from "./routes-file.ts";

/** What a route book is made of. */
export interface RouteBookOptions {
  /** The routes file; the usual routes when undefined. */
  readonly path: string | undefined;
  readonly hasTls: boolean;
  readonly log: Logger;
  readonly watchIntervalMs: number | undefined;
  /** Told of each new table. */
  readonly changed: (table: RouteTable) => void;
}

/**
 * The routes as they are now. It is a source of backends, too: a routes file may name some, and both change together.
 *
 * 1. `open` reads the file, and throws for its mistakes 2. `table`, as often as there is a connection 3. `close`
 */
export class RouteBook implements BackendSource {
  readonly #options: RouteBookOptions;
  #table: RouteTable = usualRoutes([]);
  #stop = () => {};

  constructor(options: RouteBookOptions) {
    this.#options = options;
  }

  get name(): string {
    return `the file ${this.#options.path}`;
  }

  /** What connections from now on are routed by. */
  get table(): RouteTable {
    return this.#table;
  }

  /** The version of the PROXY header that connections to this backend begin with. */
  proxyHeaderOf({ engine, groups }: Backend): 1 | 2 | undefined {
    const route = this.#table.routes.find(
      (each) =>
        each.proxyHeader !== undefined &&
        !sharesConnections(each) &&
        each.target.engine === engine &&
        groups.includes(each.target.group),
    );
    return route?.proxyHeader;
  }

  async open(found: Found): Promise<void> {
    const { path, log, watchIntervalMs } = this.#options;
    if (path === undefined) {
      found([]);
      return;
    }
    const reload = () => {
      try {
        this.#read(path, found);
        log.info({ file: path, routes: this.#table.routes.length }, "routes were read again");
      } catch (error) {
        log.error({ err: error, file: path }, "routes have changed, but cannot be used; the old ones stay");
      }
    };
    // Watched first: a change while it is read is seen.
    this.#stop = watchFiles([path], reload, watchIntervalMs);
    this.#read(path, found);
  }

  close(): void {
    this.#stop();
  }

  /** Without a routes file the routes are what there are backends for. */
  follow(backends: readonly Backend[]): void {
    if (this.#options.path === undefined) this.#table = usualRoutes(backends);
  }

  #read(path: string, found: Found): void {
    const { table, backends } = readRoutesFile(path, this.#options.hasTls);
    this.#table = table;
    this.#options.changed(table);
    found(backends);
  }
}
