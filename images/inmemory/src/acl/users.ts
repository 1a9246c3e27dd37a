import type { Authenticator } from "@weftkit/auth";
import type { Registry } from "../command-table/registry.ts";
import { FAULT_TEXTS, mergeSelectors } from "./rules.ts";
import type { RuleFault } from "./selector.ts";
import { AclUser } from "./user.ts";

const DEFAULT_RULES = ["on", "nopass", "~*", "&*", "+@all"];

/**
 * The users that ACL SETUSER has made, until the engine stops: those of the configuration are not among them. Where
 * nobody has to log in there is one from the start, `default`, whom everybody is.
 */
export class AclUsers {
  readonly #users = new Map<string, AclUser>();
  readonly #registry: Registry;
  readonly #authenticator: Authenticator | undefined;
  readonly #settings: { readonly isPubsubOpenByDefault: boolean };
  /** Whom connections are that have not logged in; undefined where users are configured. */
  readonly defaultUser: AclUser | undefined;

  constructor(
    registry: Registry,
    settings: { readonly isPubsubOpenByDefault: boolean },
    authenticator: Authenticator | undefined,
  ) {
    this.#registry = registry;
    this.#settings = settings;
    this.#authenticator = authenticator;
    if (authenticator === undefined || authenticator.method === "none") this.set("default", DEFAULT_RULES);
    this.defaultUser = this.#users.get("default");
  }

  /** Whether a user is the operator's, in weftkit.toml: `default` is, too, where there are any. */
  isConfigured(name: string): boolean {
    if (this.defaultUser !== undefined) return false;
    return name === "default" || this.#authenticator?.contextOf(name) !== undefined;
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
    const known = this.#users.get(name);
    const { user: tried, fault } = this.make(name, merged.rules, known);
    if (fault !== undefined)
      return `ERR Error in ACL SETUSER modifier '${fault.rule}': ${FAULT_TEXTS[fault.kind]}`;
    const user = known ?? new AclUser(name, this.#registry, false);
    user.adopt(tried);
    this.#users.set(name, user);
    return undefined;
  }

  /** What a new user would be with these rules, or a known one with these as well, up to the first rule that is none. */
  make(
    name: string,
    rules: readonly string[],
    known?: AclUser,
  ): { user: AclUser; fault?: { rule: string; kind: RuleFault } } {
    const { isPubsubOpenByDefault } = this.#settings;
    const user = known?.copy() ?? new AclUser(name, this.#registry, isPubsubOpenByDefault);
    for (const rule of rules) {
      const kind = user.apply(rule, isPubsubOpenByDefault);
      if (kind !== undefined) return { user, fault: { rule, kind } };
    }
    return { user };
  }

  /**
   * Puts other users in the place of all. Connections hold on to users, so those who stay change their rules. Returns those
   * that are no more.
   */
  replace(users: ReadonlyMap<string, AclUser>): readonly AclUser[] {
    const gone = this.all.filter(({ user }) => user !== "default" && !users.has(user));
    for (const { user } of gone) this.#users.delete(user);
    for (const [name, user] of users) {
      const known = this.#users.get(name) ?? new AclUser(name, this.#registry, false);
      known.adopt(user);
      this.#users.set(name, known);
    }
    if (this.defaultUser !== undefined && !users.has("default"))
      this.defaultUser.adopt(this.make("default", DEFAULT_RULES).user);
    return gone;
  }

  remove(name: string): AclUser | undefined {
    const user = this.#users.get(name);
    this.#users.delete(name);
    return user;
  }
}
