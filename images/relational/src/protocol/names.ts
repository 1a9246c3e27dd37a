import { PgError } from "../errors.ts";
import type { Portal, Prepared, Session } from "../session/types.ts";

/** Prepared statements and portals are the clients' to make: so many of each. */
const statementsMax = 10_000;
const portalsMax = 1000;

/** The prepared statements of a connection, by name; those that SQL's PREPARE has made are found too. */
export class Statements {
  #unnamed: Prepared | undefined;
  readonly #named = new Map<string, Prepared>();

  /** @throws PgError 42P05, 53200 */
  requireFree(name: string, session: Session): void {
    if (name === "") return;
    if (this.#named.has(name) || session.preparedByName(name) !== undefined) {
      throw new PgError("42P05", `prepared statement "${name}" already exists`);
    }
    if (this.#named.size >= statementsMax) {
      throw new PgError("53200", "too many prepared statements", { hint: "Close those that are not used." });
    }
  }

  keep(name: string, prepared: Prepared): void {
    if (name === "") this.#unnamed = prepared;
    else this.#named.set(name, prepared);
  }

  /** @throws PgError 26000 */
  named(name: string, session: Session): Prepared {
    const prepared = name === "" ? this.#unnamed : (this.#named.get(name) ?? session.preparedByName(name));
    if (prepared !== undefined) return prepared;
    throw new PgError(
      "26000",
      name === ""
        ? "unnamed prepared statement does not exist"
        : `prepared statement "${name}" does not exist`,
    );
  }

  /** One, or with undefined all; no error when there is none. */
  forget(name: string | undefined): void {
    if (name === undefined) this.#named.clear();
    if (name === undefined || name === "") this.#unnamed = undefined;
    else this.#named.delete(name);
  }
}

/** The portals of a connection, by name; each lives until it is closed, its name is taken again, or the transaction ends. */
export class Portals {
  readonly #open = new Map<string, Portal>();

  /** The unnamed one gives way. @throws PgError 42P03, 53200 */
  requireFree(name: string): void {
    if (name === "") {
      this.close(name);
    } else if (this.#open.has(name)) {
      throw new PgError("42P03", `cursor "${name}" already exists`);
    } else if (this.#open.size >= portalsMax) {
      throw new PgError("53200", "too many portals", { hint: "Close those that are not used." });
    }
  }

  open(name: string, portal: Portal): void {
    this.#open.set(name, portal);
  }

  /** @throws PgError 34000 */
  named(name: string): Portal {
    const portal = this.#open.get(name);
    if (portal === undefined) throw new PgError("34000", `portal "${name}" does not exist`);
    return portal;
  }

  close(name: string): void {
    this.#open.get(name)?.close();
    this.#open.delete(name);
  }

  clear(): void {
    for (const portal of this.#open.values()) portal.close();
    this.#open.clear();
  }
}
