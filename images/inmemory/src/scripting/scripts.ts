import { createHash } from "node:crypto";
import type { Session } from "../session/session.ts";
import type { ScriptHost } from "./host.ts";
import { LUA_REGISTRYINDEX } from "./lua/machine.ts";
import { CompileError } from "./lua/sandbox.ts";
import { Runner } from "./runner.ts";
import { ScriptError } from "./script-error.ts";
import { parseShebang, type ScriptFlags } from "./shebang.ts";

/** Scripts that only EVAL knows are kept up to this many; SCRIPT LOAD's are all kept (Redis 7.4, evictedScripts). */
const EVALUATED_MAX = 500;
/** Longest script that is looked up by its text, in bytes. */
const LOOKED_UP_BYTES_MAX = 64 << 10;

/** A script that has been compiled. */
export interface Script {
  readonly sha: string;
  readonly body: Buffer;
  readonly text: string | undefined;
  /** Its function in the registry of a machine, and whose machine that is. */
  reference: number;
  runner: unknown;
  readonly flags: ScriptFlags;
  /** SCRIPT LOAD has it kept. */
  isLoaded: boolean;
  usedAt: number;
}

/** The scripts of EVAL and EVALSHA, and the machine that runs them, which is made for the first one. */
export class Scripts<Client extends Session> {
  readonly #host: ScriptHost<Client>;
  readonly #bySha = new Map<string, Script>();
  /** The same by their text, so that EVAL need not compute what it has computed. */
  readonly #byText = new Map<string, Script>();
  #runner: Runner<Client> | undefined;
  #evaluated = 0;
  #uses = 0;

  constructor(host: ScriptHost<Client>) {
    this.#host = host;
  }

  get count(): number {
    return this.#bySha.size;
  }

  /** Bytes that Lua has in use for them. */
  get usedBytes(): number {
    return this.#runner?.sandbox.machine.usedBytes ?? 0;
  }

  /** What runs them. */
  get runner(): Runner<Client> {
    if (this.#runner?.sandbox.machine.isBroken === true) this.#runner = undefined;
    if (this.#runner !== undefined) return this.#runner;
    this.#runner = new Runner(this.#host);
    return this.#runner;
  }

  /** The script that is running, or undefined. */
  get running(): Runner<Client> | undefined {
    return this.#runner?.isRunning === true ? this.#runner : undefined;
  }

  bySha(sha: string): Script | undefined {
    return this.#bySha.get(sha);
  }

  /** The script's function in the machine of `runner`, which may be another one than it was compiled in. */
  referenceOf(script: Script): number {
    const { runner } = this;
    if (script.runner !== runner) {
      script.reference = this.#load(script.body);
      script.runner = runner;
    }
    return script.reference;
  }

  /** Gives memory back that large values of scripts have left behind. */
  giveBack(): void {
    if (this.running === undefined && this.#runner?.sandbox.machine.isWasteful === true)
      this.#runner = undefined;
  }

  /** Compiles a script; its function in the registry. */
  #load(body: Buffer): number {
    try {
      return this.runner.sandbox.compile(body.subarray(parseShebang(body).length), "@user_script");
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      throw new ScriptError(`ERR Error compiling script (new function): ${error.message}`);
    }
  }

  /** The script with this text, compiled if it is new. Throws ScriptError. */
  compile(body: Buffer, isLoaded: boolean): Script {
    const text = body.length <= LOOKED_UP_BYTES_MAX ? body.toString("latin1") : undefined;
    let script = text === undefined ? undefined : this.#byText.get(text);
    script ??= this.#bySha.get(createHash("sha1").update(body).digest("hex"));
    if (script === undefined) script = this.#compileNew(body, text);
    if (isLoaded && !script.isLoaded) {
      script.isLoaded = true;
      this.#evaluated--;
    }
    script.usedAt = ++this.#uses;
    return script;
  }

  #compileNew(given: Buffer, text: string | undefined): Script {
    const { flags } = parseShebang(given);
    const body = Buffer.from(given);
    const reference = this.#load(body);
    const script: Script = {
      sha: createHash("sha1").update(body).digest("hex"),
      body,
      text,
      reference,
      runner: this.runner,
      flags,
      isLoaded: false,
      usedAt: 0,
    };
    if (this.#evaluated >= EVALUATED_MAX) this.#evict();
    this.#evaluated++;
    this.#bySha.set(script.sha, script);
    if (text !== undefined) this.#byText.set(text, script);
    return script;
  }

  /** Forgets the script of EVAL that was not used for longest. */
  #evict(): void {
    let oldest: Script | undefined;
    for (const script of this.#bySha.values()) {
      if (!script.isLoaded && (oldest === undefined || script.usedAt < oldest.usedAt)) oldest = script;
    }
    if (oldest === undefined) return;
    this.#bySha.delete(oldest.sha);
    if (oldest.text !== undefined) this.#byText.delete(oldest.text);
    this.#evaluated--;
    if (oldest.runner !== this.#runner || this.#runner === undefined) return;
    const { machine } = this.#runner.sandbox;
    machine.api.luaL_unref(machine.state, LUA_REGISTRYINDEX, oldest.reference);
  }

  /** The engine ends: what is suspended stays so. */
  stop(): void {
    this.#runner?.stop();
  }

  /** Forgets all scripts, and gives their memory back. */
  flush(): void {
    this.#bySha.clear();
    this.#byText.clear();
    this.#evaluated = 0;
    this.#runner = undefined;
  }
}
