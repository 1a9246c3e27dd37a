import type { Registry } from "../command-table/registry.ts";
import { FAULT_TEXTS, mergeSelectors } from "./rules.ts";
import { AclUser } from "./user.ts";

const DEFAULT_RULES = ["on", "nopass", "~*", "&*", "+@all"];

/**
 * The users that ACL SETUSER has made, until the engine stops: those of the configuration are not among them. Where
 * nobody has to log in there is one from the start, `default`, whom everybody is.
 */
export class AclUsers {
  readonly #users = new Map<string, AclUser>();
  readonly #registry: Registry;
  readonly #settings: { readonly isPubsubOpenByDefault: boolean };
  /** Whom connections are that have not logged in; undefined where users are configured. */
  readonly defaultUser: AclUser | undefined;

  constructor(
    registry: Registry,
    settings: { readonly isPubsubOpenByDefault: boolean },
    hasDefault: boolean,
  ) {
    this.#registry = registry;
    this.#settings = settings;
    if (hasDefault) this.set("default", DEFAULT_RULES);
    this.defaultUser = this.#users.get("default");
  }

  find(name: string): AclUser | undefined {
    return this.#users.get(name);
  }

  /** All, by name. */
  get all(): readonly AclUser[] {
    const users = [...this.#users.values()];
    return users.sort((one, other) => Buffer.compare(Buffer.from(one.user), Buffer.from(other.user)));
  }

  /** Applies rules to a user, who is new or has some: all of them, or none and the error. */
  set(name: string, words: readonly string[]): string | undefined {
    const merged = mergeSelectors(words);
    if ("unmatched" in merged)
      return `ERR Unmatched parenthesis in acl selector starting at '${merged.unmatched}'.`;
    const { isPubsubOpenByDefault } = this.#settings;
    const known = this.#users.get(name);
    const tried = known?.copy() ?? new AclUser(name, this.#registry, isPubsubOpenByDefault);
    for (const rule of merged.rules) {
      const fault = tried.apply(rule, isPubsubOpenByDefault);
      if (fault !== undefined) return `ERR Error in ACL SETUSER modifier '${rule}': ${FAULT_TEXTS[fault]}`;
    }
    const user = known ?? new AclUser(name, this.#registry, false);
    user.adopt(tried);
    this.#users.set(name, user);
    return undefined;
  }

  remove(name: string): AclUser | undefined {
    const user = this.#users.get(name);
    this.#users.delete(name);
    return user;
  }
}
