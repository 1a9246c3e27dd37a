import { splitInline } from "../protocol/request.ts";
import { encodeLength, openPayload, PayloadError, PayloadReader, sealPayload } from "../rdb/payload.ts";
import type { Session } from "../session/session.ts";
import { isFunctionName, type RegisteredFunction, readRegistration } from "./function-registration.ts";
import type { ScriptHost } from "./host.ts";
import { LUA_REGISTRYINDEX, LUA_TTABLE, type LuaMachine, ReplyError } from "./lua/machine.ts";
import { CompileError } from "./lua/sandbox.ts";
import { Runner } from "./runner.ts";
import { ScriptError } from "./script-error.ts";

/** So long may a library take to register its functions (Redis, LOAD_TIMEOUT_MS). */
const LOAD_MS_MAX = 500;

const SPACE = 0x20;

/** A library of functions, as it was loaded. */
export interface Library {
  readonly name: string;
  readonly code: Buffer;
  readonly functions: ReadonlyMap<string, RegisteredFunction>;
}

/** What a code says of itself in its first line: `#!lua name=mylib`. Throws ScriptError. */
function nameOf(code: Buffer): { name: string; length: number } {
  if (code[0] !== 0x23 || code[1] !== 0x21) throw new ScriptError("ERR Missing library metadata");
  const end = code.indexOf(0x0a);
  if (end < 0) throw new ScriptError("ERR Invalid library metadata");
  const words = splitInline(code.subarray(2, end))?.map((word) => word.toString("latin1"));
  if (words === undefined) throw new ScriptError("ERR Invalid library metadata");
  const hasEngine = code[2] !== SPACE;
  const engine = hasEngine ? (words.shift() ?? "") : "";
  let name: string | undefined;
  for (const part of words) {
    if (!/^name=/i.test(part)) throw new ScriptError(`ERR Invalid metadata value given: ${part}`);
    if (name !== undefined)
      throw new ScriptError("ERR Invalid metadata value, name argument was given multiple times");
    name = part.slice("name=".length);
  }
  if (name === undefined) throw new ScriptError("ERR Library name was not given");
  if (!isFunctionName(name)) {
    throw new ScriptError(
      "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
    );
  }
  if (engine.toLowerCase() !== "lua") throw new ScriptError(`ERR Engine '${engine}' not found`);
  return { name, length: end };
}

/** What FUNCTION RESTORE does about the libraries that there are. */
export type RestorePolicy = "append" | "replace" | "flush";

/** Before the code of a library in a payload (Redis, RDB_OPCODE_FUNCTION2). */
const FUNCTION_OPCODE = 245;

function codesOf(body: Buffer): Buffer[] {
  const reader = new PayloadReader(body);
  const codes: Buffer[] = [];
  try {
    while (!reader.isAtEnd) {
      if (reader.byte() !== FUNCTION_OPCODE) throw new ScriptError("ERR given type is not a function");
      codes.push(reader.string());
    }
  } catch (error) {
    if (error instanceof PayloadError) throw new ScriptError("ERR failed loading functions payload");
    throw error;
  }
  return codes;
}

/** The libraries of FUNCTION LOAD, and the machine that runs their functions; scripts have another one. */
export class Functions<Client extends Session> {
  readonly #host: ScriptHost<Client>;
  readonly #libraries = new Map<string, Library>();
  readonly #byName = new Map<string, RegisteredFunction>();
  #runner: Runner<Client> | undefined;
  /** Collects what the library that is being loaded registers. */
  #loading: { functions: Map<string, RegisteredFunction>; until: number } | undefined;

  constructor(host: ScriptHost<Client>) {
    this.#host = host;
  }

  get libraries(): readonly Library[] {
    return [...this.#libraries.values()];
  }

  get functionCount(): number {
    return this.#byName.size;
  }

  get usedBytes(): number {
    return this.#runner?.sandbox.machine.usedBytes ?? 0;
  }

  get running(): Runner<Client> | undefined {
    return this.#runner?.isRunning === true ? this.#runner : undefined;
  }

  /** A function by its name, in any case. */
  byName(name: string): RegisteredFunction | undefined {
    return this.#byName.get(name.toLowerCase());
  }

  get runner(): Runner<Client> {
    if (this.#runner?.sandbox.machine.isBroken === true) this.#reload();
    this.#runner ??= this.#createRunner();
    return this.#runner;
  }

  #createRunner(): Runner<Client> {
    const runner = new Runner(this.#host, (machine) => ({
      register_function: (L) => {
        if (this.#loading === undefined)
          throw new ReplyError("ERR redis.register_function can only be called on FUNCTION LOAD command");
        this.#register(readRegistration(machine, L), machine);
        return 0;
      },
    }));
    runner.whileLoading = () => {
      if (this.#loading !== undefined && performance.now() > this.#loading.until)
        throw new ReplyError("ERR FUNCTION LOAD timeout");
    };
    return runner;
  }

  #register(registered: RegisteredFunction, { api, state }: LuaMachine): void {
    const functions = this.#loading!.functions;
    if (functions.has(registered.name.toLowerCase())) {
      api.luaL_unref(state, LUA_REGISTRYINDEX, registered.reference);
      throw new ReplyError("ERR Function already exists in the library");
    }
    functions.set(registered.name.toLowerCase(), registered);
  }

  /** All libraries as FUNCTION DUMP gives them away. */
  dump(): Buffer {
    const parts = this.libraries.flatMap(({ code }) => [
      Buffer.from([FUNCTION_OPCODE]),
      encodeLength(code.length),
      code,
    ]);
    return sealPayload(Buffer.concat(parts));
  }

  /** Takes what `dump` gave away: all of it or nothing. Throws ScriptError. */
  restore(payload: Buffer, policy: RestorePolicy): void {
    const body = openPayload(payload);
    if (body === undefined) throw new ScriptError("ERR DUMP payload version or checksum are wrong");
    const before = this.libraries;
    try {
      if (policy === "flush") for (const { name } of before) this.delete(name);
      for (const code of codesOf(body)) {
        const { name } = nameOf(code);
        if (policy !== "replace" && this.#libraries.has(name))
          throw new ScriptError(`ERR Library ${name} already exists`);
        this.load(code, policy === "replace");
      }
    } catch (error) {
      for (const { name } of this.libraries) this.delete(name);
      this.#loadAgain(before);
      throw error;
    }
  }

  /** Loads a library; with `replaces` in the place of one of the same name. Returns its name. Throws ScriptError. */
  load(given: Buffer, replaces: boolean): string {
    const { name, length } = nameOf(given);
    const old = this.#libraries.get(name);
    if (old !== undefined && !replaces) throw new ScriptError(`ERR Library '${name}' already exists`);
    const functions = this.#run(given.subarray(length));
    for (const [key, { name: functionName }] of functions) {
      if (this.#byName.has(key) && old?.functions.has(key) !== true) {
        this.#unreference(functions);
        throw new ScriptError(`ERR Function ${functionName} already exists`);
      }
    }
    if (old !== undefined) this.delete(name);
    this.#libraries.set(name, { name, code: Buffer.from(given), functions });
    for (const [functionName, registered] of functions) this.#byName.set(functionName, registered);
    return name;
  }

  #compile(code: Buffer): number {
    try {
      return this.runner.sandbox.compile(code, "@user_function");
    } catch (error) {
      if (!(error instanceof CompileError)) throw error;
      throw new ScriptError(`ERR Error compiling function: ${error.message}`);
    }
  }

  #run(code: Buffer): Map<string, RegisteredFunction> {
    const { machine } = this.runner.sandbox;
    const { api, state: L } = machine;
    const reference = this.#compile(code);
    const functions = new Map<string, RegisteredFunction>();
    const until = this.#isReloading ? Number.POSITIVE_INFINITY : performance.now() + LOAD_MS_MAX;
    this.#loading = { functions, until };
    let failure: string | undefined;
    this.runner.sandbox.setLoading(true);
    api.lua_rawgeti(L, LUA_REGISTRYINDEX, reference);
    api.luaL_unref(L, LUA_REGISTRYINDEX, reference);
    try {
      if (api.lua_pcall(L, 0, 0, 0) !== 0) failure = errorOf(machine);
    } finally {
      this.#loading = undefined;
      api.lua_settop(L, 0);
      this.runner.sandbox.setLoading(false);
    }
    if (failure !== undefined) {
      this.#unreference(functions);
      throw new ScriptError(`ERR Error registering functions: ${failure}`);
    }
    if (functions.size === 0) throw new ScriptError("ERR No functions registered");
    return functions;
  }

  #unreference(functions: ReadonlyMap<string, RegisteredFunction>): void {
    const { machine } = this.runner.sandbox;
    for (const { reference } of functions.values())
      machine.api.luaL_unref(machine.state, LUA_REGISTRYINDEX, reference);
  }

  /** Forgets a library; whether there was one. */
  delete(name: string): boolean {
    const library = this.#libraries.get(name);
    if (library === undefined) return false;
    this.#libraries.delete(name);
    for (const functionName of library.functions.keys()) this.#byName.delete(functionName);
    this.#unreference(library.functions);
    return true;
  }

  /** Forgets all libraries, and gives their memory back. */
  flush(): void {
    this.#libraries.clear();
    this.#byName.clear();
    this.#runner = undefined;
  }

  /** The engine ends: what is suspended stays so. */
  stop(): void {
    this.#runner?.stop();
  }

  /** Gives memory back that large values of functions have left behind. */
  giveBack(): void {
    if (this.running === undefined && this.#runner?.sandbox.machine.isWasteful === true) this.#reload();
  }

  /** True while libraries are loaded that were loaded before: they may take their time. */
  #isReloading = false;

  /** Makes a new machine of the libraries that there are. */
  #reload(): void {
    const libraries = this.libraries;
    this.flush();
    this.#loadAgain(libraries);
  }

  #loadAgain(libraries: readonly Library[]): void {
    this.#isReloading = true;
    try {
      for (const { code } of libraries) this.load(code, false);
    } finally {
      this.#isReloading = false;
    }
  }
}

/** The text of the error on top of the stack. */
function errorOf(machine: LuaMachine): string {
  const { api, state: L } = machine;
  if (api.lua_type(L, -1) === LUA_TTABLE) {
    machine.pushLatin1(L, "err");
    api.lua_rawget(L, -2);
  }
  return machine.bytes(L, -1)?.toString() ?? "unknown error";
}
