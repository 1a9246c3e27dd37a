import { matchesGlob } from "./glob.ts";
import { type Action, actions, type Scope, type SecurityContext } from "./security-context.ts";

/** What a role allows and denies: an action, or `action:object-pattern`. A denial wins over every role's grants. */
export interface Role {
  readonly name: string;
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** Every role by name, synonyms included. */
export type Roles = ReadonlyMap<string, Role>;

const readWrite: Role = { name: "read_write", allow: ["connect", "read", "write"], deny: [] };
const readOnly: Role = { name: "read_only", allow: ["connect", "read"], deny: [] };

/** The superuser's role. */
export const superuser: Role = { name: "superuser", allow: actions, deny: [] };

/** The roles that exist without a roles file. */
export const builtInRoles: Roles = new Map<string, Role>([
  ["superuser", superuser],
  ["read_write", readWrite],
  ["write", readWrite],
  ["read_only", readOnly],
  ["read", readOnly],
  ["schema_admin", { name: "schema_admin", allow: ["connect", "read", "schema"], deny: [] }],
  ["no_access", { name: "no_access", allow: [], deny: actions }],
]);

/** One bit per action, so that the common question is two tests of a number. */
const bits = Object.fromEntries(actions.map((action, index) => [action, 1 << index])) as Record<
  Action,
  number
>;

/** A grant or denial that is limited to the objects matching a pattern. */
interface Limited {
  readonly bit: number;
  readonly pattern: string;
}

/** Whether `entry` is an action of ours, alone or with a pattern. */
export function isPermission(entry: string): boolean {
  const [action = "", ...pattern] = entry.split(":");
  return (
    (actions as readonly string[]).includes(action) && (pattern.length === 0 || pattern.join(":") !== "")
  );
}

/** Makes the context of a user with these roles; their grants and their denials add up. */
export function contextOf(user: string, roles: readonly Role[]): SecurityContext {
  return new RoleContext(user, roles);
}

class RoleContext implements SecurityContext {
  readonly user: string;
  readonly roles: readonly string[];
  readonly #allowed: number;
  readonly #denied: number;
  /** Bits that no pattern says anything about: for them the masks are the whole answer. */
  readonly #unlimited: number;
  readonly #limitedAllow: readonly Limited[];
  readonly #limitedDeny: readonly Limited[];

  constructor(user: string, roles: readonly Role[]) {
    const allow = compile(roles.flatMap((role) => role.allow));
    const deny = compile(roles.flatMap((role) => role.deny));
    this.user = user;
    this.roles = Object.freeze([...new Set(roles.map((role) => role.name))]);
    this.#allowed = allow.mask;
    this.#denied = deny.mask;
    this.#limitedAllow = allow.limited;
    this.#limitedDeny = deny.limited;
    this.#unlimited = ~[...allow.limited, ...deny.limited].reduce((mask, { bit }) => mask | bit, 0);
  }

  can(action: Action, object?: string): boolean {
    const bit = bits[action];
    if ((bit & this.#unlimited) !== 0) return (bit & this.#allowed & ~this.#denied) !== 0;
    return this.#canWithin(bit, object);
  }

  denies(action: Action, object?: string): boolean {
    const bit = bits[action];
    if ((bit & this.#denied) !== 0) return true;
    return this.#limitedDeny.some(
      (limited) => limited.bit === bit && object !== undefined && matchesGlob(limited.pattern, object),
    );
  }

  scope(action: Action): Scope {
    const bit = bits[action];
    const isLimited = (limited: Limited) => limited.bit === bit;
    if ((bit & this.#denied) !== 0) return "none";
    if ((bit & this.#allowed) !== 0) return this.#limitedDeny.some(isLimited) ? "some" : "all";
    return this.#limitedAllow.some(isLimited) ? "some" : "none";
  }

  #canWithin(bit: number, object: string | undefined): boolean {
    if ((bit & this.#denied) !== 0) return false;
    const concerns = (limited: Limited) =>
      limited.bit === bit && (object === undefined || matchesGlob(limited.pattern, object));
    if (this.#limitedDeny.some(concerns)) return false;
    if ((bit & this.#allowed) !== 0) return true;
    return object !== undefined && this.#limitedAllow.some(concerns);
  }
}

function compile(entries: readonly string[]): { mask: number; limited: readonly Limited[] } {
  let mask = 0;
  const limited: Limited[] = [];
  for (const entry of entries) {
    const colon = entry.indexOf(":");
    const bit = bits[(colon === -1 ? entry : entry.slice(0, colon)) as Action];
    if (colon === -1) mask |= bit;
    else limited.push({ bit, pattern: entry.slice(colon + 1) });
  }
  return { mask, limited };
}
