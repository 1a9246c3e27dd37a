import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type ImportHost, importsOf, LONGJMP, MachineEnded, type ModuleParts } from "./imports.ts";
import { tableFunction } from "./trampoline.ts";
import { compile, instantiate, type Memory, type Module, type Table } from "./webassembly.ts";

/** A `lua_State`: an address in the machine's memory. */
export type LuaState = number;

/** The functions of Lua 5.1's C interface that are used (Lua 5.1 Reference Manual, section 3.7). */
export interface LuaInterface {
  lua_gettop(L: LuaState): number;
  lua_settop(L: LuaState, index: number): void;
  lua_pushvalue(L: LuaState, index: number): void;
  lua_insert(L: LuaState, index: number): void;
  lua_replace(L: LuaState, index: number): void;
  lua_checkstack(L: LuaState, extra: number): number;
  lua_type(L: LuaState, index: number): number;
  lua_isnumber(L: LuaState, index: number): number;
  lua_tonumber(L: LuaState, index: number): number;
  lua_toboolean(L: LuaState, index: number): number;
  lua_tolstring(L: LuaState, index: number, length: number): number;
  lua_touserdata(L: LuaState, index: number): number;
  lua_pushnil(L: LuaState): void;
  lua_pushnumber(L: LuaState, value: number): void;
  lua_pushboolean(L: LuaState, value: number): void;
  lua_pushlstring(L: LuaState, address: number, length: number): void;
  lua_pushcclosure(L: LuaState, tableIndex: number, upvalues: number): void;
  lua_pushlightuserdata(L: LuaState, address: number): void;
  lua_createtable(L: LuaState, array: number, fields: number): void;
  lua_rawget(L: LuaState, index: number): void;
  lua_rawgeti(L: LuaState, index: number, n: number): void;
  lua_rawset(L: LuaState, index: number): void;
  lua_rawseti(L: LuaState, index: number, n: number): void;
  lua_next(L: LuaState, index: number): number;
  lua_pcall(L: LuaState, args: number, results: number, handler: number): number;
  lua_newthread(L: LuaState): LuaState;
  lua_pushthread(L: LuaState): number;
  lua_xmove(from: LuaState, to: LuaState, count: number): void;
  lua_resume(L: LuaState, args: number): number;
  lua_yield(L: LuaState, results: number): number;
  lua_error(L: LuaState): never;
  lua_gc(L: LuaState, what: number, data: number): number;
  lua_sethook(L: LuaState, hook: number, mask: number, count: number): number;
  luaL_newstate(): LuaState;
  luaL_openlibs(L: LuaState): void;
  luaL_loadbuffer(L: LuaState, address: number, length: number, name: number): number;
  luaL_ref(L: LuaState, table: number): number;
  luaL_unref(L: LuaState, table: number, reference: number): void;
  luaL_where(L: LuaState, level: number): void;
  malloc(bytes: number): number;
  free(address: number): void;
}

interface ModuleExports extends LuaInterface {
  memory: Memory;
  __indirect_function_table: Table;
  __wasm_call_ctors(): void;
  emscripten_stack_init(): void;
  stackSave(): number;
  stackRestore(stack: number): void;
  setThrew(threw: number, value: number): void;
}

export const LUA_TNIL = 0;
export const LUA_TBOOLEAN = 1;
export const LUA_TLIGHTUSERDATA = 2;
export const LUA_TNUMBER = 3;
export const LUA_TSTRING = 4;
export const LUA_TTABLE = 5;
export const LUA_TFUNCTION = 6;
export const LUA_REGISTRYINDEX = -10_000;
export const LUA_GLOBALSINDEX = -10_002;
const LUA_MASKCOUNT = 8;
const LUA_GCCOLLECT = 2;
const LUA_GCCOUNT = 3;

/** Status of a thread that waits to be resumed. */
export const LUA_YIELD = 1;

/**
 * Where a `lua_State` counts its nested calls of C functions, and where those that it began with are (lstate.h on 32 bits).
 * While the first is larger a thread cannot be suspended, and Lua offers no other way to ask.
 */
const NESTED_CALLS_AT = 52;
const FIRST_CALLS_AT = 54;

/** A machine that has taken more than this is looked at for what it no longer needs. */
const MEMORY_KEPT_BYTES = 64 << 20;
const SCRATCH_BYTES = 64 << 10;
/** A scratch buffer that has become larger is given back. */
const SCRATCH_KEPT_BYTES = 1 << 20;
const FILE = "liblua5.1.wasm";

let compiled: Module | undefined;

/** The module, compiled at the first script. Beside a bundle, or in its package. */
function moduleOf(): Module {
  if (compiled !== undefined) return compiled;
  const beside = join(import.meta.dirname, FILE);
  const file = existsSync(beside)
    ? beside
    : createRequire(import.meta.url).resolve("wasmoon-lua5.1/dist/liblua5.1.wasm");
  compiled = compile(readFileSync(file));
  return compiled;
}

/** An error that a function raises in Lua: its message, with the position of who called it. */
export class LuaError extends Error {}

/** An error of Redis's interface: a table with the message in its field `err`, as redis.error_reply makes it. */
export class ReplyError extends LuaError {}

/**
 * Whether an error is one of the machine itself that nothing in it has caught: too little memory, or too deep a stack. The
 * machine is broken then. Others are defects of who uses it.
 */
export function isMachineFailure(error: unknown): boolean {
  return (
    error instanceof LuaError ||
    error instanceof MachineEnded ||
    error instanceof RangeError ||
    error === LONGJMP
  );
}

/** A C function: takes its arguments from the stack, leaves results on it, and says how many. */
export type CFunction = (L: LuaState) => number;

/**
 * Lua 5.1, the C implementation itself in WebAssembly: its memory is its own, and whatever a script does stays in it.
 * An error in JavaScript that passes through its frames leaves it broken: it must be dropped then.
 */
export class LuaMachine implements ImportHost {
  readonly api: LuaInterface;
  readonly parts: ModuleParts;
  readonly memoryBytesMax: number;
  readonly state: LuaState;
  /** The whole memory; another one after every call that may allocate in it. */
  heap!: Buffer;
  /** An error that no Lua code may catch: the machine is no longer of use. */
  isBroken = false;
  readonly #exports: ModuleExports;
  readonly #lengthAt: number;
  #scratch: number;
  #scratchBytes = SCRATCH_BYTES;
  #words!: Int32Array;

  /** @param memoryBytesMax what its memory may grow to; Lua says "not enough memory" then */
  constructor(memoryBytesMax: number) {
    this.memoryBytesMax = memoryBytesMax;
    const exports = instantiate(moduleOf(), importsOf(this)) as unknown as ModuleExports;
    this.#exports = exports;
    this.api = exports;
    this.parts = {
      memory: exports.memory,
      table: exports.__indirect_function_table,
      stackSave: exports.stackSave,
      stackRestore: exports.stackRestore,
      setThrew: exports.setThrew,
    };
    this.onGrown();
    exports.emscripten_stack_init();
    exports.__wasm_call_ctors();
    this.#lengthAt = exports.malloc(8);
    this.#scratch = exports.malloc(SCRATCH_BYTES);
    this.state = exports.luaL_newstate();
    exports.luaL_openlibs(this.state);
  }

  onGrown(): void {
    const { buffer } = this.#exports.memory;
    this.heap = Buffer.from(buffer);
    this.#words = new Int32Array(buffer);
  }

  /** Bytes of the machine's memory, which never shrinks. */
  get memoryBytes(): number {
    return this.heap.length;
  }

  #lookedAtBytes = MEMORY_KEPT_BYTES;

  /** Whether most of its memory is empty, and another machine would need less. Its memory itself never shrinks. */
  get isWasteful(): boolean {
    const { memoryBytes } = this;
    if (memoryBytes <= this.#lookedAtBytes) return false;
    this.#lookedAtBytes = memoryBytes;
    this.api.lua_gc(this.state, LUA_GCCOLLECT, 0);
    return this.usedBytes < memoryBytes / 4;
  }

  /** Collects what a script that wanted too much has left: Lua collects by itself only while there is memory. */
  collectIfFull(): void {
    if (this.memoryBytes > this.memoryBytesMax * 0.75) this.api.lua_gc(this.state, LUA_GCCOLLECT, 0);
  }

  /** Bytes that Lua has in use. */
  get usedBytes(): number {
    return this.api.lua_gc(this.state, LUA_GCCOUNT, 0) * 1024;
  }

  // ---- strings ---------------------------------------------------------------------------------------------------

  /** Length of the string that `stringAt` found last. */
  stringLength = 0;

  /** Where the bytes of the string or number at an index are, and `stringLength` how many; 0 for another type. */
  stringAt(L: LuaState, index: number): number {
    const address = this.api.lua_tolstring(L, index, this.#lengthAt);
    this.stringLength = this.#words[this.#lengthAt >> 2]!;
    return address;
  }

  /** The string at an index, a character per byte; undefined for another type. Numbers become strings in their place. */
  latin1(L: LuaState, index: number): string | undefined {
    const address = this.stringAt(L, index);
    return address === 0 ? undefined : this.heap.toString("latin1", address, address + this.stringLength);
  }

  /** A copy of the string at an index. */
  bytes(L: LuaState, index: number): Buffer | undefined {
    const address = this.stringAt(L, index);
    return address === 0 ? undefined : Buffer.from(this.heap.subarray(address, address + this.stringLength));
  }

  /** Pushes a string, a byte per character. */
  pushLatin1(L: LuaState, text: string): void {
    const address = this.#room(text.length);
    this.heap.write(text, address, text.length, "latin1");
    this.api.lua_pushlstring(L, address, text.length);
  }

  pushUtf8(L: LuaState, text: string): void {
    const bytes = Buffer.from(text);
    this.pushBytes(L, bytes, 0, bytes.length);
  }

  /** Pushes `length` bytes of a buffer. */
  pushBytes(L: LuaState, from: Buffer, offset: number, length: number): void {
    const address = this.#room(length);
    const { heap } = this;
    if (length <= 32) {
      for (let i = 0; i < length; i++) heap[address + i] = from[offset + i]!;
    } else from.copy(heap, address, offset, offset + length);
    this.api.lua_pushlstring(L, address, length);
    if (this.#scratchBytes > SCRATCH_KEPT_BYTES) this.#shrink();
  }

  /** Room for so many bytes that live until the next call. */
  #room(bytes: number): number {
    if (bytes <= this.#scratchBytes) return this.#scratch;
    this.api.free(this.#scratch);
    this.#scratch = this.api.malloc(bytes);
    if (this.#scratch === 0) {
      this.#scratch = this.api.malloc(SCRATCH_BYTES);
      this.#scratchBytes = SCRATCH_BYTES;
      throw new LuaError("not enough memory");
    }
    this.#scratchBytes = bytes;
    return this.#scratch;
  }

  #shrink(): void {
    this.api.free(this.#scratch);
    this.#scratch = this.api.malloc(SCRATCH_BYTES);
    this.#scratchBytes = SCRATCH_BYTES;
  }

  // ---- functions -------------------------------------------------------------------------------------------------

  /** Pushes a function. `LuaError` becomes an error of Lua's, any other one breaks the machine. */
  pushFunction(L: LuaState, run: CFunction): void {
    this.api.lua_pushcclosure(L, this.#tableIndex(this.#guarded(run), 1, true), 0);
  }

  #guarded(run: CFunction): CFunction {
    return (L) => {
      try {
        return run(L);
      } catch (error) {
        if (error === LONGJMP) throw error;
        if (!(error instanceof LuaError)) {
          this.isBroken = true;
          throw error;
        }
        this.#pushError(L, error);
      }
      return this.api.lua_error(L);
    };
  }

  #pushError(L: LuaState, error: LuaError): void {
    if (error instanceof ReplyError) {
      this.api.lua_createtable(L, 0, 1);
      this.pushLatin1(L, "err");
      this.pushUtf8(L, error.message);
      this.api.lua_rawset(L, -3);
      return;
    }
    this.api.luaL_where(L, 1);
    const where = this.latin1(L, -1) ?? "";
    this.pushUtf8(L, where + error.message);
  }

  #tableIndex(run: (...args: number[]) => number | undefined, parameters: 1 | 2, hasResult: boolean): number {
    const { table } = this.parts;
    const index = table.grow(1);
    table.set(index, tableFunction(run, parameters, hasResult));
    return index;
  }

  #hook = 0;

  /** What `hookEvery` calls; what it throws is raised in the script, as with any function. */
  set onHook(run: (L: LuaState) => void) {
    const guarded = this.#guarded((L) => {
      run(L);
      return 0;
    });
    this.#hook = this.#tableIndex(
      (L) => {
        guarded(L!);
        return undefined;
      },
      2,
      false,
    );
  }

  /** Has `onHook` called after every so many instructions of a state, and of the coroutines that it makes from now on. */
  hookEvery(L: LuaState, instructions: number): void {
    this.api.lua_sethook(L, this.#hook, LUA_MASKCOUNT, instructions);
  }

  /** Whether a thread could be suspended where it is: no C function, as pcall or table.sort, has called what runs. */
  isSuspendable(L: LuaState): boolean {
    return this.heap.readUInt16LE(L + NESTED_CALLS_AT) <= this.heap.readUInt16LE(L + FIRST_CALLS_AT);
  }

  /** Compiles source and pushes the function; on an error pushes the message and returns false. */
  load(L: LuaState, source: Buffer, name: string): boolean {
    const chunkName = Buffer.from(`${name}\0`);
    const address = this.api.malloc(source.length + chunkName.length);
    if (address === 0) throw new LuaError("not enough memory");
    source.copy(this.heap, address);
    chunkName.copy(this.heap, address + source.length);
    const status = this.api.luaL_loadbuffer(L, address, source.length, address + source.length);
    this.api.free(address);
    return status === 0;
  }
}
