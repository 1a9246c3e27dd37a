import type { Action, SecurityContext } from "@weftkit/auth";
import type { Args } from "../protocol/args.ts";
import { keyIndexes } from "./key-positions.ts";
import type { RegisteredCommand, Registry } from "./registry.ts";

/**
 * What a command acts on, and so what a role's patterns are compared with: the keys or the channels among its
 * arguments, the whole keyspace (then a pattern can only be too narrow), or nothing that has a name.
 */
type Objects = "keys" | "channels" | "everything" | "nothing";

/** What a user must be allowed for a command. */
export interface Requirement {
  readonly actions: readonly Action[];
  readonly objects: Objects;
}

/**
 * `dangerous` commands that are not the operator's: Redis marks them because they are slow or wide, and who may read
 * or write everything could do the same key by key. Test suites flush, drivers ask INFO when they connect. All other
 * dangerous commands need `admin`.
 */
const OPEN_DANGEROUS = new Set([
  "flushall",
  "flushdb",
  "swapdb",
  "keys",
  "sort",
  "sort_ro",
  "restore",
  "restore-asking",
  "info",
]);

/** Commands that tell of keys or channels which their arguments do not name, and that are of no category which says so. */
const NAMES_ANY = new Set(["psubscribe", "cluster|getkeysinslot", "cluster|countkeysinslot"]);

/** Commands whose arguments are channels; where the first one is, and the last (-1: to the end). */
const CHANNELS: Readonly<Record<string, { action: Action; last: number }>> = {
  publish: { action: "write", last: 1 },
  spublish: { action: "write", last: 1 },
  subscribe: { action: "read", last: -1 },
  ssubscribe: { action: "read", last: -1 },
};

/**
 * What a command needs, from its ACL categories:
 *
 * - `admin`: the categories admin and dangerous (CONFIG, CLIENT KILL, SHUTDOWN, MONITOR, DEBUG ...), except
 *   `OPEN_DANGEROUS`.
 * - `schema`: changing function libraries, the only definitions a keyspace has. A schema_admin reads everything and
 *   defines them; data is for read_write.
 * - `write` and `read`: the categories of these names. A write that reads another key first (COPY, SDIFFSTORE) needs both.
 *   PUBLISH writes to a channel, SUBSCRIBE reads from it; channels and keys share the patterns of a role.
 * - `connect`: the rest (PING, SELECT, MULTI, CLIENT ID, COMMAND, INFO).
 *
 * Commands that look at the keyspace or the channels as a whole (KEYS, SCAN, DBSIZE, FLUSHALL, PSUBSCRIBE) need their
 * action for everything: a user whose role names patterns may not run them.
 */
export function requirementOf(command: RegisteredCommand): Requirement {
  const { allCategories: categories, fullName, isWrite } = command;
  const isDangerous = categories.includes("dangerous") && !OPEN_DANGEROUS.has(fullName);
  if (categories.includes("admin") || isDangerous) return { actions: ["admin"], objects: "nothing" };
  const channels = CHANNELS[fullName];
  if (channels !== undefined) return { actions: [channels.action], objects: "channels" };
  if (NAMES_ANY.has(fullName) || command.parent?.name === "pubsub") {
    return { actions: ["read"], objects: "everything" };
  }
  if (command.parent?.name === "function" && isWrite) return { actions: ["schema"], objects: "nothing" };
  const keySpecs = (command.keys ?? []).filter(({ flags }) => flags !== "not_key");
  if (keySpecs.length > 0 || command.getKeys !== undefined) {
    if (!isWrite) return { actions: ["read"], objects: "keys" };
    const readsToo = keySpecs.some(({ flags }) => isRead(flags));
    return { actions: readsToo ? ["read", "write"] : ["write"], objects: "keys" };
  }
  if (categories.includes("keyspace")) {
    return { actions: [isWrite ? "write" : "read"], objects: "everything" };
  }
  return { actions: ["connect"], objects: "nothing" };
}

/** Whether a key of a write command is only read. */
function isRead(keyFlags: string): boolean {
  return keyFlags.startsWith("RO");
}

/** Why a user may not run a command. */
export interface Denial {
  readonly message: string;
  /** Undefined for what ACL LOG does not tell. */
  readonly reason: "command" | "key" | "channel" | undefined;
  /** The command's name, or the argument that is refused. */
  readonly object: Buffer;
}

/** What a user may run. */
export interface Rights {
  /** Why the user may not run the command with these arguments, or undefined. */
  denial(command: RegisteredCommand, args: Args): Denial | undefined;
}

const DENIED = 0;
const ALLOWED = 1;
/** Allowed for some objects: they are looked at each time. */
const BY_OBJECT = 2;

/** What one user may run: a verdict per command id. */
type Verdicts = Uint8Array;

/** Verdicts are made once per user and registry, however often the user logs in. */
const known = new WeakMap<Registry, WeakMap<SecurityContext, Verdicts>>();

function verdictsOf(user: SecurityContext, registry: Registry): Verdicts {
  let ofRegistry = known.get(registry);
  if (ofRegistry === undefined) {
    ofRegistry = new WeakMap();
    known.set(registry, ofRegistry);
  }
  let verdicts = ofRegistry.get(user);
  if (verdicts === undefined) {
    verdicts = Uint8Array.from(registry.all, (command) => verdictOf(user, command));
    ofRegistry.set(user, verdicts);
  }
  return verdicts;
}

function verdictOf(user: SecurityContext, command: RegisteredCommand): number {
  // What has to work before a login works after it too, for every user.
  if (command.flags.includes("no_auth")) return ALLOWED;
  const { actions, objects } = requirementOf(command);
  const scopes = actions.map((action) => user.scope(action));
  if (scopes.includes("none")) return DENIED;
  if (!scopes.includes("some")) return ALLOWED;
  return objects === "keys" || objects === "channels" ? BY_OBJECT : DENIED;
}

/**
 * What one user may run, decided once per command and kept in a table: the check on the hot path is one lookup.
 * Users whose roles name patterns are asked for each key or channel as well.
 */
export class Access implements Rights {
  readonly #user: SecurityContext;
  readonly #verdicts: Verdicts;

  constructor(user: SecurityContext, registry: Registry) {
    this.#user = user;
    this.#verdicts = verdictsOf(user, registry);
  }

  denial(command: RegisteredCommand, args: Args): Denial | undefined {
    const verdict = this.#verdicts[command.id];
    if (verdict === ALLOWED) return undefined;
    if (verdict === BY_OBJECT) return this.#objectDenial(command, args);
    const message = `NOPERM User ${this.#user.user} has no permissions to run the '${command.fullName}' command`;
    return { message, reason: "command", object: Buffer.from(command.fullName) };
  }

  #objectDenial(command: RegisteredCommand, args: Args): Denial | undefined {
    const channels = CHANNELS[command.fullName];
    if (channels !== undefined) {
      const last = channels.last < 0 ? args.count - 1 : channels.last;
      for (let i = 1; i <= last; i++) {
        if (!this.#user.can(channels.action, args.utf8(i))) return refused("channel", args, i);
      }
      return undefined;
    }
    const keys = keyIndexes(command, args);
    // Arguments whose keys cannot be told may name any.
    if (keys === undefined || readsOtherKeys(command, args)) return refused("key", args, 1);
    for (const { index, flags } of keys) {
      const action = command.isWrite && !isRead(flags) ? "write" : "read";
      if (!this.#user.can(action, args.utf8(index))) return refused("key", args, index);
    }
    return undefined;
  }
}

function refused(reason: "key" | "channel", args: Args, index: number): Denial {
  return { message: `NOPERM No permissions to access a ${reason}`, reason, object: args.copy(index) };
}

/** SORT reads keys that are not among its arguments: those that a pattern after BY or GET makes. */
function readsOtherKeys(command: RegisteredCommand, args: Args): boolean {
  if (command.name !== "sort" && command.name !== "sort_ro") return false;
  for (let i = 2; i + 1 < args.count; i++) {
    if ((args.is(i, "BY") || args.is(i, "GET")) && args.view(i + 1).includes(STAR)) return true;
  }
  return false;
}

const STAR = 0x2a;
