import { keyIndexes } from "../command-table/key-positions.ts";
import type { RegisteredCommand, Registry } from "../command-table/registry.ts";
import { CATEGORIES } from "../command-table/registry.ts";
import type { Args } from "../protocol/args.ts";
import { matchGlob } from "../protocol/glob.ts";
import { type ChannelUse, channelsOf } from "./channels.ts";

/** Why a rule is refused; each has a text of Redis's in `rules.ts`. */
export type RuleFault =
  | "unknown"
  | "syntax"
  | "all keys"
  | "all channels"
  | "no such password"
  | "no hash"
  | "argument of a subcommand";

/** What of a command a selector does not allow; `index` is the argument that it is about, 0 the command itself. */
export interface Refusal {
  readonly reason: "command" | "key" | "channel";
  readonly index: number;
}

const READ = 1;
const WRITE = 2;

/** Keys that may be read, written or both. */
interface KeyPattern {
  readonly pattern: string;
  access: number;
}

const COMMAND_REFUSED: Refusal = { reason: "command", index: 0 };
const STAR = 0x2a;
const SPACES = /[\s\0]/;

/**
 * Commands, keys and channels that are allowed together: a user has one, and one more for each parenthesis in its
 * rules. All texts are latin1, a character for a byte.
 */
export class Selector {
  readonly #registry: Registry;
  /** By command id. */
  #commands: Uint8Array;
  /** Whether the rules began with +@all: then they are what is taken away. */
  #beganWithAll = false;
  /** The rules about commands since +@all or -@all, in the order in which they hold. */
  #rules: string[] = [];
  /** First arguments that alone are allowed of a command, by its id (`+select|0`). */
  #firstArguments = new Map<number, string[]>();
  #keys: KeyPattern[] = [];
  isAllKeys = false;
  channels: string[] = [];
  isAllChannels = false;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#commands = new Uint8Array(registry.all.length);
  }

  copy(): Selector {
    const other = new Selector(this.#registry);
    other.#commands = this.#commands.slice();
    other.#beganWithAll = this.#beganWithAll;
    other.#rules = [...this.#rules];
    other.#firstArguments = new Map([...this.#firstArguments].map(([id, words]) => [id, [...words]]));
    other.#keys = this.#keys.map((each) => ({ ...each }));
    other.isAllKeys = this.isAllKeys;
    other.channels = [...this.channels];
    other.isAllChannels = this.isAllChannels;
    return other;
  }

  // ---- rules -----------------------------------------------------------------------------------------------------

  /** Applies one rule; says what is wrong with it (Redis, ACLSetSelector). */
  apply(rule: string): RuleFault | undefined {
    const word = rule.toLowerCase();
    if (word === "allkeys" || word === "~*") {
      this.isAllKeys = true;
      this.#keys = [];
    } else if (word === "resetkeys") {
      this.isAllKeys = false;
      this.#keys = [];
    } else if (word === "allchannels" || word === "&*") {
      this.isAllChannels = true;
      this.channels = [];
    } else if (word === "resetchannels") {
      this.isAllChannels = false;
      this.channels = [];
    } else if (word === "allcommands" || word === "+@all") this.#setAllCommands(true);
    else if (word === "nocommands" || word === "-@all") this.#setAllCommands(false);
    else if (rule[0] === "~" || rule[0] === "%") return this.#addKeys(rule);
    else if (rule[0] === "&") return this.#addChannels(rule.slice(1));
    else if (rule[0] === "+" || rule[0] === "-") return this.#applyToCommands(word.slice(1), rule[0] === "+");
    else return "syntax";
    return undefined;
  }

  #setAllCommands(isAllowed: boolean): void {
    this.#commands.fill(isAllowed ? 1 : 0);
    this.#beganWithAll = isAllowed;
    this.#rules = [];
    this.#firstArguments.clear();
  }

  #addKeys(rule: string): RuleFault | undefined {
    if (this.isAllKeys) return "all keys";
    const match = /^(?:~|%(rw?|wr?)~)(.*)$/is.exec(rule);
    if (match === null || SPACES.test(match[2]!)) return "syntax";
    const letters = match[1]?.toUpperCase() ?? "RW";
    const access = (letters.includes("R") ? READ : 0) | (letters.includes("W") ? WRITE : 0);
    const known = this.#keys.find(({ pattern }) => pattern === match[2]);
    if (known === undefined) this.#keys.push({ pattern: match[2]!, access });
    else known.access |= access;
    return undefined;
  }

  #addChannels(pattern: string): RuleFault | undefined {
    if (this.isAllChannels) return "all channels";
    if (SPACES.test(pattern)) return "syntax";
    if (!this.channels.includes(pattern)) this.channels.push(pattern);
    return undefined;
  }

  #applyToCommands(name: string, isAllowed: boolean): RuleFault | undefined {
    if (name.startsWith("@")) {
      const category = name.slice(1);
      if (!CATEGORIES.includes(category)) return "unknown";
      for (const command of this.#registry.all)
        if (command.allCategories.includes(category)) this.#change(command, isAllowed);
      this.#addRule(name, isAllowed);
      return undefined;
    }
    const bar = name.lastIndexOf("|");
    const command = this.#registry.byName(bar === -1 || !isAllowed ? name : name.slice(0, bar));
    if (command === undefined) return "unknown";
    if (bar === -1 || !isAllowed) {
      this.#change(command, isAllowed);
      this.#addRule(command.fullName, isAllowed);
      return undefined;
    }
    const word = name.slice(bar + 1);
    if (command.parent !== undefined) return "argument of a subcommand";
    if (word === "") return "syntax";
    if (command.registered.length > 0) {
      const sub = this.#registry.byName(name);
      if (sub !== undefined) this.#change(sub, true);
      else if (command.hasOpenSubcommands !== true) return "unknown";
    } else {
      const words = this.#firstArguments.get(command.id) ?? [];
      if (!words.includes(word)) words.push(word);
      this.#firstArguments.set(command.id, words);
    }
    this.#addRule(name, true);
    return undefined;
  }

  #change(command: RegisteredCommand, isAllowed: boolean): void {
    this.#commands[command.id] = isAllowed ? 1 : 0;
    this.#firstArguments.delete(command.id);
    for (const sub of command.registered) this.#commands[sub.id] = isAllowed ? 1 : 0;
  }

  /** The latest rule about something takes the place of those about it, or about parts of it. */
  #addRule(name: string, isAllowed: boolean): void {
    this.#rules = this.#rules.filter((rule) => {
      const about = rule.slice(1);
      return about !== name && !about.startsWith(`${name}|`);
    });
    this.#rules.push(`${isAllowed ? "+" : "-"}${name}`);
  }

  // ---- as text ---------------------------------------------------------------------------------------------------

  get commandRules(): string {
    return [this.#beganWithAll ? "+@all" : "-@all", ...this.#rules].join(" ");
  }

  get keyRules(): string {
    if (this.isAllKeys) return "~*";
    const sigil = (access: number) => (access === READ ? "%R~" : access === WRITE ? "%W~" : "~");
    return this.#keys.map(({ pattern, access }) => sigil(access) + pattern).join(" ");
  }

  get channelRules(): string {
    return this.isAllChannels ? "&*" : this.channels.map((pattern) => `&${pattern}`).join(" ");
  }

  /** All rules, as they make an equal selector of a new one. */
  get text(): string {
    const channels = this.isAllChannels ? "&*" : ["resetchannels", this.channelRules];
    return [this.keyRules, channels, this.commandRules].flat().filter(Boolean).join(" ");
  }

  // ---- what is allowed -------------------------------------------------------------------------------------------

  /** Whether the command is allowed whatever its arguments are. */
  allowsAlways(command: RegisteredCommand): boolean {
    return this.#commands[command.id] === 1 && this.isAllKeys && this.isAllChannels;
  }

  /** Whether every command is. */
  get isAllCommands(): boolean {
    return this.#commands.every((bit) => bit === 1);
  }

  /** What of a command is not allowed, the first of it, or undefined (Redis, ACLSelectorCheckCmd). */
  refusal(command: RegisteredCommand, args: Args): Refusal | undefined {
    if (this.#commands[command.id] === 0 && !command.flags.includes("no_auth")) {
      const words = this.#firstArguments.get(command.id);
      if (words === undefined || args.count < 2 || !words.includes(args.latin1(1).toLowerCase()))
        return COMMAND_REFUSED;
    }
    return this.#refusedKey(command, args) ?? this.#refusedChannel(channelsOf(command, args), args);
  }

  #refusedKey(command: RegisteredCommand, args: Args): Refusal | undefined {
    if (this.isAllKeys) return undefined;
    // Arguments whose keys cannot be told are a syntax error, which the command answers.
    for (const { index, flags } of keyIndexes(command, args) ?? []) {
      if (!this.allowsKey(args.view(index), accessOf(command.keyFlags?.(args) ?? flags)))
        return { reason: "key", index };
    }
    return undefined;
  }

  #refusedChannel(uses: readonly ChannelUse[], args: Args): Refusal | undefined {
    if (this.isAllChannels) return undefined;
    const refused = uses.find(({ index, isPattern }) => !this.allowsChannel(args.view(index), isPattern));
    return refused === undefined ? undefined : { reason: "channel", index: refused.index };
  }

  allowsKey(key: Buffer, access: number): boolean {
    if (this.isAllKeys) return true;
    return this.#keys.some(
      (each) => (each.access & access) === access && matchGlob(Buffer.from(each.pattern, "latin1"), key),
    );
  }

  /** A pattern is allowed where the same pattern is, a name where it matches one. */
  allowsChannel(channel: Buffer, isPattern: boolean): boolean {
    if (this.isAllChannels) return true;
    if (isPattern) return this.channels.includes(channel.toString("latin1"));
    return this.channels.some((pattern) => matchGlob(Buffer.from(pattern, "latin1"), channel));
  }

  /** Whether every key may be read, or written. */
  allowsEveryKey(kind: "read" | "write"): boolean {
    const access = kind === "read" ? READ : WRITE;
    return (
      this.isAllKeys ||
      this.#keys.some(
        (each) =>
          each.pattern.charCodeAt(0) === STAR && each.pattern.length === 1 && (each.access & access) !== 0,
      )
    );
  }

  allowsKeyFor(kind: "read" | "write", key: Buffer): boolean {
    return this.allowsKey(key, kind === "read" ? READ : WRITE);
  }
}

/** What a key specification asks for; what only looks whether a key is there asks for either. */
function accessOf(flags: string): number {
  const isWrite = /insert|delete|update/.test(flags);
  return (flags.includes("access") ? READ : 0) | (isWrite ? WRITE : 0);
}
