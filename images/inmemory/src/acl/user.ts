import { createHash, timingSafeEqual } from "node:crypto";
import type { Action, Scope, SecurityContext } from "@weftkit/auth";
import type { Denial, Rights } from "../command-table/access.ts";
import type { RegisteredCommand, Registry } from "../command-table/registry.ts";
import type { Args } from "../protocol/args.ts";
import { type Refusal, type RuleFault, Selector } from "./selector.ts";

const HASH = /^[0-9a-f]{64}$/;
const STAR = 0x2a;
/** Which of two refusals is told: what came closest to being allowed. */
const RANK = { command: 0, key: 1, channel: 2 };

/**
 * A user that ACL SETUSER has made, with Redis's rules. Connections hold on to it: what changes here is true for them at
 * once. Its passwords are SHA-256 digests, as those are what Redis's rules name.
 */
export class AclUser implements SecurityContext, Rights {
  readonly user: string;
  readonly roles: readonly string[] = [];
  readonly #registry: Registry;
  isEnabled = false;
  /** Any password is right. */
  isPasswordless = false;
  isSanitizing = true;
  passwords: string[] = [];
  /** The user's own, and behind it those in parentheses. */
  selectors: Selector[];
  /** By command id: 1 where no argument has to be looked at. */
  #always: Uint8Array;

  constructor(name: string, registry: Registry, isPubsubOpen: boolean) {
    this.user = name;
    this.#registry = registry;
    this.selectors = [new Selector(registry)];
    this.#always = new Uint8Array(registry.all.length);
    if (isPubsubOpen) this.apply("allchannels", isPubsubOpen);
  }

  /** Another one with the same rules, to try changes on. */
  copy(): AclUser {
    const other = new AclUser(this.user, this.#registry, false);
    other.adopt(this);
    return other;
  }

  /** Takes over the rules of another. */
  adopt(other: AclUser): void {
    this.isEnabled = other.isEnabled;
    this.isPasswordless = other.isPasswordless;
    this.isSanitizing = other.isSanitizing;
    this.passwords = [...other.passwords];
    this.selectors = other.selectors.map((selector) => selector.copy());
    this.#always = Uint8Array.from(this.#registry.all, (command) =>
      command.flags.includes("no_auth") || this.selectors.some((each) => each.allowsAlways(command)) ? 1 : 0,
    );
  }

  // ---- rules -----------------------------------------------------------------------------------------------------

  /** Applies one rule; says what is wrong with it (Redis, ACLSetUser). `adopt` makes what changed count. */
  apply(rule: string, isPubsubOpen: boolean): RuleFault | undefined {
    switch (rule.toLowerCase()) {
      case "":
        return undefined;
      case "on":
      case "off":
        this.isEnabled = rule.length === 2;
        return undefined;
      case "sanitize-payload":
      case "skip-sanitize-payload":
        this.isSanitizing = rule.length === "sanitize-payload".length;
        return undefined;
      case "nopass":
      case "resetpass":
        this.isPasswordless = rule.length === "nopass".length;
        this.passwords = [];
        return undefined;
      case "clearselectors":
        this.selectors.length = 1;
        return undefined;
      case "reset":
        this.#reset(isPubsubOpen);
        return undefined;
    }
    if (/^[>#<!]/.test(rule)) return this.#applyPassword(rule);
    if (rule.startsWith("(") && rule.endsWith(")")) return this.#addSelector(rule.slice(1, -1));
    return this.selectors[0]!.apply(rule);
  }

  #reset(isPubsubOpen: boolean): void {
    this.isEnabled = false;
    this.isPasswordless = false;
    this.isSanitizing = true;
    this.passwords = [];
    this.selectors = [new Selector(this.#registry)];
    if (isPubsubOpen) this.selectors[0]!.apply("allchannels");
  }

  #applyPassword(rule: string): RuleFault | undefined {
    const [sigil, text] = [rule[0]!, rule.slice(1)];
    const isPlain = sigil === ">" || sigil === "<";
    if (!isPlain && !HASH.test(text)) return "no hash";
    const hash = isPlain ? digest(Buffer.from(text, "latin1")) : text;
    if (sigil === ">" || sigil === "#") {
      if (!this.passwords.includes(hash)) this.passwords.push(hash);
      this.isPasswordless = false;
      return undefined;
    }
    if (!this.passwords.includes(hash)) return "no such password";
    this.passwords = this.passwords.filter((other) => other !== hash);
    return undefined;
  }

  #addSelector(rules: string): RuleFault | undefined {
    const selector = new Selector(this.#registry);
    for (const rule of rules.split(/\s+/).filter(Boolean)) {
      const fault = selector.apply(rule);
      if (fault !== undefined) return fault;
    }
    this.selectors.push(selector);
    return undefined;
  }

  // ---- as text ---------------------------------------------------------------------------------------------------

  get flags(): readonly string[] {
    const flags = [this.isEnabled ? "on" : "off"];
    if (this.isPasswordless) flags.push("nopass");
    flags.push(this.isSanitizing ? "sanitize-payload" : "skip-sanitize-payload");
    return flags;
  }

  /** The rules that make an equal user of a new one. */
  get text(): string {
    const [own, ...others] = this.selectors.map(({ text }) => text);
    const passwords = this.passwords.map((hash) => `#${hash}`);
    return [...this.flags, ...passwords, own, ...others.map((text) => `(${text})`)].join(" ");
  }

  /** As an ACL file and ACL LIST have it. */
  get line(): Buffer {
    return Buffer.concat([Buffer.from(`user ${this.user} `), Buffer.from(this.text, "latin1")]);
  }

  // ---- what is allowed -------------------------------------------------------------------------------------------

  accepts(password: Buffer): boolean {
    if (!this.isEnabled) return false;
    if (this.isPasswordless) return true;
    const given = Buffer.from(digest(password));
    let isRight = false;
    for (const hash of this.passwords) if (timingSafeEqual(given, Buffer.from(hash))) isRight = true;
    return isRight;
  }

  denial(command: RegisteredCommand, args: Args): Denial | undefined {
    if (this.#always[command.id] === 1) return undefined;
    let refused: Refusal | undefined;
    for (const selector of this.selectors) {
      const refusal = selector.refusal(command, args);
      if (refusal === undefined) return this.#sortDenial(command, args);
      if (refused === undefined || isCloser(refusal, refused)) refused = refusal;
    }
    return this.#denialOf(refused!, command, args);
  }

  #denialOf({ reason, index }: Refusal, command: RegisteredCommand, args: Args): Denial {
    const object = reason === "command" ? Buffer.from(command.fullName) : args.copy(index);
    const message =
      reason === "command"
        ? `NOPERM User ${this.user} has no permissions to run the '${command.fullName}' command`
        : `NOPERM No permissions to access a ${reason}`;
    return { message, reason, object };
  }

  /** SORT reads keys that are not among its arguments: a selector that allows it must allow to read them all. */
  #sortDenial(command: RegisteredCommand, args: Args): Denial | undefined {
    if (command.name !== "sort" && command.name !== "sort_ro") return undefined;
    const mayReadAll = this.selectors.some(
      (selector) => selector.refusal(command, args) === undefined && selector.allowsEveryKey("read"),
    );
    if (mayReadAll) return undefined;
    for (let i = 2; i + 1 < args.count; i++) {
      const option = ["BY", "GET"].find((word) => args.is(i, word));
      if (option === undefined || !args.view(i + 1).includes(STAR)) continue;
      const message = `ERR ${option} option of SORT denied due to insufficient ACL permissions.`;
      return { message, reason: undefined, object: args.copy(i + 1) };
    }
    return undefined;
  }

  /** Whether a subscription that there is may stay. */
  allowsChannel(channel: Buffer, isPattern: boolean): boolean {
    return this.selectors.some((selector) => selector.allowsChannel(channel, isPattern));
  }

  can(action: Action, object?: string): boolean {
    if (action !== "read" && action !== "write") return this.scope(action) === "all";
    if (object === undefined) return this.scope(action) === "all";
    return this.selectors.some((selector) => selector.allowsKeyFor(action, Buffer.from(object)));
  }

  scope(action: Action): Scope {
    if (action === "connect") return "all";
    if (action !== "read" && action !== "write")
      return this.selectors.some(({ isAllCommands }) => isAllCommands) ? "all" : "none";
    return this.selectors.some((selector) => selector.allowsEveryKey(action)) ? "all" : "some";
  }
}

function isCloser(one: Refusal, other: Refusal): boolean {
  const difference = RANK[one.reason] - RANK[other.reason];
  return difference > 0 || (difference === 0 && one.index > other.index);
}

function digest(password: Buffer): string {
  return createHash("sha256").update(password).digest("hex");
}
