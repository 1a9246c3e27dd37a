import { randomBytes } from "node:crypto";
import type { SecurityContext } from "@weftkit/auth";

/** What a session holds open at an engine, for one console. */
export interface Connection {
  close(): Promise<void>;
}

/** One login of one browser, and its connections to engines. */
export class Session {
  readonly user: SecurityContext;
  /**
   * What was given at the login: engines are asked with the user's own name and password, so that each of them decides
   * by itself what the user may. In memory only, until the session ends.
   */
  readonly password: string;
  readonly csrfToken: string = randomBytes(24).toString("base64url");
  usedAtMs = 0;
  readonly #connections = new Map<string, Promise<Connection>>();
  #isEnded = false;

  constructor(user: SecurityContext, password: string) {
    this.user = user;
    this.password = password;
  }

  /**
   * The session's connection of this name, opened when there is none. One that could not be opened, or that was given up, is
   * opened again by who asks next.
   */
  async connection<C extends Connection>(name: string, open: () => Promise<C>): Promise<C> {
    const known = this.#connections.get(name);
    if (known !== undefined) return (await known) as C;
    const opening = open();
    this.#connections.set(name, opening);
    try {
      const connection = await opening;
      // It was logged out meanwhile.
      if (this.#isEnded) await connection.close();
      return connection;
    } catch (error) {
      this.giveUp(name, opening);
      throw error;
    }
  }

  /** The connection of this name, when it is open or being opened. */
  async existing<C extends Connection>(name: string): Promise<C | undefined> {
    return (await this.#connections.get(name)) as C | undefined;
  }

  /** Forgets a connection that is lost. */
  giveUp(name: string, opening?: Promise<Connection>): void {
    if (opening === undefined || this.#connections.get(name) === opening) this.#connections.delete(name);
  }

  /** Closes all connections. */
  async end(): Promise<void> {
    this.#isEnded = true;
    const all = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.allSettled(all.map(async (opening) => (await opening).close()));
  }
}
