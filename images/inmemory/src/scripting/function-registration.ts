import {
  LUA_REGISTRYINDEX,
  LUA_TFUNCTION,
  LUA_TNIL,
  LUA_TSTRING,
  LUA_TTABLE,
  type LuaMachine,
  type LuaState,
  ReplyError,
} from "./lua/machine.ts";
import { ScriptError } from "./script-error.ts";
import { flagsOf, type ScriptFlags } from "./shebang.ts";

/** A function that a library has registered. */
export interface RegisteredFunction {
  readonly name: string;
  readonly description: string | undefined;
  readonly flags: ScriptFlags;
  readonly flagNames: readonly string[];
  /** In the machine's registry. */
  readonly reference: number;
}

const NAME = /^[A-Za-z0-9_]+$/;
const API = "redis.register_function";

function refusal(why: string): ReplyError {
  return new ReplyError(`ERR ${why}`);
}

/** Whether a library or a function may be called so. */
export function isFunctionName(name: string): boolean {
  return NAME.test(name);
}

/**
 * Reads the arguments of `redis.register_function`: a name and a function, or one table of named arguments (Redis,
 * function_lua.c). Throws ReplyError.
 */
export function readRegistration(machine: LuaMachine, L: LuaState): RegisteredFunction {
  const { api } = machine;
  const count = api.lua_gettop(L);
  if (count < 1 || count > 2) throw refusal(`wrong number of arguments to ${API}`);
  if (count === 1) return readNamed(machine, L);
  if (api.lua_type(L, 1) !== LUA_TSTRING && api.lua_isnumber(L, 1) === 0)
    throw refusal(`first argument to ${API} must be a string`);
  if (api.lua_type(L, 2) !== LUA_TFUNCTION) throw refusal(`second argument to ${API} must be a function`);
  return {
    name: checkedName(machine.latin1(L, 1)!),
    description: undefined,
    flags: flagsOf([], String),
    flagNames: [],
    reference: api.luaL_ref(L, LUA_REGISTRYINDEX),
  };
}

function checkedName(name: string): string {
  if (isFunctionName(name)) return name;
  throw refusal(
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
  );
}

function readNamed(machine: LuaMachine, L: LuaState): RegisteredFunction {
  const { api } = machine;
  if (api.lua_type(L, 1) !== LUA_TTABLE) {
    throw refusal(
      `calling ${API} with a single argument is only applicable to Lua table (representing named arguments).`,
    );
  }
  let name: string | undefined;
  let description: string | undefined;
  let reference: number | undefined;
  let flagNames: string[] = [];
  api.lua_pushnil(L);
  while (api.lua_next(L, 1) !== 0) {
    if (api.lua_type(L, -2) !== LUA_TSTRING)
      throw refusal(`named argument key given to ${API} is not a string`);
    const key = machine.latin1(L, -2)!;
    const type = api.lua_type(L, -1);
    if (key === "function_name") {
      if (type !== LUA_TSTRING) throw refusal(`function_name argument given to ${API} must be a string`);
      name = machine.latin1(L, -1)!;
    } else if (key === "description") {
      if (type !== LUA_TSTRING) throw refusal(`description argument given to ${API} must be a string`);
      description = machine.latin1(L, -1)!;
    } else if (key === "callback") {
      if (type !== LUA_TFUNCTION) throw refusal(`callback argument given to ${API} must be a function`);
      api.lua_pushvalue(L, -1);
      reference = api.luaL_ref(L, LUA_REGISTRYINDEX);
    } else if (key === "flags") {
      if (type !== LUA_TTABLE)
        throw refusal(`flags argument to ${API} must be a table representing function flags`);
      flagNames = readFlags(machine, L);
    } else throw refusal(`unknown argument given to ${API}`);
    api.lua_settop(L, -2);
  }
  if (name === undefined) throw refusal(`${API} must get a function name argument`);
  if (reference === undefined) throw refusal(`${API} must get a callback argument`);
  try {
    const flags = flagsOf(flagNames, () => "unknown flag given");
    return { name: checkedName(name), description, flags, flagNames, reference };
  } catch (error) {
    throw error instanceof ScriptError ? refusal(error.message) : error;
  }
}

/** The names in the list on top of the stack. */
function readFlags(machine: LuaMachine, L: LuaState): string[] {
  const { api } = machine;
  const names: string[] = [];
  for (let i = 1; ; i++) {
    api.lua_rawgeti(L, -1, i);
    const type = api.lua_type(L, -1);
    if (type !== LUA_TNIL && type !== LUA_TSTRING) throw refusal("unknown flag given");
    if (type === LUA_TSTRING) names.push(machine.latin1(L, -1)!);
    api.lua_settop(L, -2);
    if (type === LUA_TNIL) return names;
  }
}
