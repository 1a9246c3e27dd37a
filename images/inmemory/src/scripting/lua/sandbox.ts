import {
  type CFunction,
  isMachineFailure,
  LUA_GLOBALSINDEX,
  LUA_REGISTRYINDEX,
  LuaMachine,
  type LuaState,
} from "./machine.ts";
import { random48 } from "./random.ts";
import { PLAIN_GLOBALS, SANDBOX_SOURCE } from "./sandbox-source.ts";

/** What a library has: functions and constants. */
export type LibraryValues = Readonly<Record<string, CFunction | string | number | { isNull: true }>>;

/** Source that Lua does not take: its message. */
export class CompileError extends Error {}

/** A machine whose globals are those that Redis gives its scripts. */
export class Sandbox {
  readonly machine: LuaMachine;
  /** In the registry: the table behind the globals, where KEYS and ARGV are put. */
  readonly #globals: number;
  readonly #describe: number;
  readonly #load: number;
  /** The thread that scripts run in. */
  thread: LuaState = 0;
  #threadReference = 0;
  /** Whether a script is being suspended, and this thread of it can be. */
  suspension: (thread: LuaState) => 0 | 1 | 2 = () => 0;

  /** `libraries` are made with the machine, whose stack their functions work on. */
  constructor(
    memoryBytesMax: number,
    libraries: (machine: LuaMachine) => Readonly<Record<string, LibraryValues>>,
  ) {
    const machine = new LuaMachine(memoryBytesMax);
    this.machine = machine;
    const { api, state: L } = machine;
    if (!machine.load(L, Buffer.from(SANDBOX_SOURCE), "=sandbox")) throw new Error(machine.latin1(L, -1));
    api.lua_createtable(L, 0, 16);
    for (const [name, library] of Object.entries(libraries(machine))) {
      machine.pushLatin1(L, name);
      api.lua_createtable(L, 0, 32);
      for (const [field, value] of Object.entries(library)) this.#setField(field, value);
      api.lua_rawset(L, -3);
    }
    // What a thread that waits for another one has to do, now that this has stopped: 0 nothing, 1 to yield as well, 2 to go on.
    this.#setField("suspension", (thread) => {
      api.lua_pushnumber(thread, this.suspension(thread));
      return 1;
    });
    this.#setField("main", (thread) => {
      api.lua_pushthread(thread);
      return 1;
    });
    // The thread of a script is no coroutine of its.
    this.#setField("running", (thread) => {
      if (thread === this.thread) api.lua_pushnil(thread);
      else api.lua_pushthread(thread);
      return 1;
    });
    const random = random48();
    this.#setField("random", random.next(machine));
    this.#setField("randomseed", random.seed(machine));
    api.lua_createtable(L, PLAIN_GLOBALS.length, 0);
    for (const [index, name] of PLAIN_GLOBALS.entries()) {
      machine.pushLatin1(L, name);
      api.lua_rawseti(L, -2, index + 1);
    }
    if (api.lua_pcall(L, 2, 4, 0) !== 0) throw new Error(machine.latin1(L, -1));
    this.#load = api.luaL_ref(L, LUA_REGISTRYINDEX);
    this.#describe = api.luaL_ref(L, LUA_REGISTRYINDEX);
    this.#globals = api.luaL_ref(L, LUA_REGISTRYINDEX);
    api.lua_replace(L, LUA_GLOBALSINDEX);
  }

  /** A thread to run a script in: the last one, if its script has ended well. */
  freshThread(isLastUsable: boolean): LuaState {
    const { api, state: L } = this.machine;
    if (isLastUsable && this.thread !== 0) return this.thread;
    this.forgetThread();
    this.thread = api.lua_newthread(L);
    this.#threadReference = api.luaL_ref(L, LUA_REGISTRYINDEX);
    return this.thread;
  }

  forgetThread(): void {
    const { api, state: L } = this.machine;
    if (this.thread !== 0) api.luaL_unref(L, LUA_REGISTRYINDEX, this.#threadReference);
    this.thread = 0;
  }

  #setField(name: string, value: CFunction | string | number | { isNull: true }): void {
    const { machine } = this;
    const { api, state: L } = machine;
    machine.pushLatin1(L, name);
    if (typeof value === "function") machine.pushFunction(L, value);
    else if (typeof value === "string") machine.pushLatin1(L, value);
    else if (typeof value === "number") api.lua_pushnumber(L, value);
    else api.lua_pushlightuserdata(L, 0);
    api.lua_rawset(L, -3);
  }

  /** Compiles source; the function's place in the registry. Throws CompileError. */
  compile(source: Buffer, name: string): number {
    const { machine } = this;
    const { api, state: L } = machine;
    try {
      if (machine.load(L, source, name)) return api.luaL_ref(L, LUA_REGISTRYINDEX);
      const message = machine.bytes(L, -1)?.toString() ?? "";
      api.lua_settop(L, 0);
      throw new CompileError(message);
    } catch (error) {
      if (!isMachineFailure(error)) throw error;
      machine.isBroken = true;
      throw new CompileError("not enough memory");
    }
  }

  /** Makes the value on top of the stack a global. */
  setGlobal(L: LuaState, name: string): void {
    const { api } = this.machine;
    api.lua_rawgeti(L, LUA_REGISTRYINDEX, this.#globals);
    this.machine.pushLatin1(L, name);
    api.lua_pushvalue(L, -3);
    api.lua_rawset(L, -3);
    api.lua_settop(L, -3);
  }

  /** What is seen while a library of functions registers them, `loading` among the libraries, or what else is seen. */
  setLoading(isLoading: boolean): void {
    const { api, state: L } = this.machine;
    api.lua_rawgeti(L, LUA_REGISTRYINDEX, this.#load);
    api.lua_pushboolean(L, isLoading ? 1 : 0);
    api.lua_pcall(L, 1, 0, 0);
  }

  /** Moves the error that has ended a thread to the main state, as a table with where it was raised. */
  describeError(thread: LuaState): void {
    const { api, state: L } = this.machine;
    api.lua_rawgeti(L, LUA_REGISTRYINDEX, this.#describe);
    api.lua_xmove(thread, L, 1);
    api.lua_pushthread(thread);
    api.lua_xmove(thread, L, 1);
    api.lua_pcall(L, 2, 1, 0);
  }
}
