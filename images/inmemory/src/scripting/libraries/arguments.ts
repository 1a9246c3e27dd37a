import { LUA_TNIL, LUA_TSTRING, LuaError, type LuaMachine, type LuaState } from "../lua/machine.ts";

const TYPE_NAMES = [
  "nil",
  "boolean",
  "userdata",
  "number",
  "string",
  "table",
  "function",
  "userdata",
  "thread",
];

export function typeName({ api }: LuaMachine, L: LuaState, index: number): string {
  return TYPE_NAMES[api.lua_type(L, index)] ?? "no value";
}

function refuse(machine: LuaMachine, L: LuaState, index: number, name: string, wanted: string): never {
  const has = index > machine.api.lua_gettop(L) ? "no value" : typeName(machine, L, index);
  throw new LuaError(`bad argument #${index} to '${name}' (${wanted} expected, got ${has})`);
}

/** The argument as a number (Lua 5.1, luaL_checknumber). */
export function numberArgument(machine: LuaMachine, L: LuaState, index: number, name: string): number {
  if (machine.api.lua_isnumber(L, index) === 0) refuse(machine, L, index, name, "number");
  return machine.api.lua_tonumber(L, index);
}

/** The argument as an integer, or a default for none (luaL_optinteger). */
export function integerArgument(
  machine: LuaMachine,
  L: LuaState,
  index: number,
  name: string,
  absent?: number,
): number {
  if (absent !== undefined && machine.api.lua_type(L, index) <= LUA_TNIL) return absent;
  return Math.trunc(numberArgument(machine, L, index, name)) || 0;
}

/** The argument as a string, a character per byte (luaL_checklstring). */
export function stringArgument(machine: LuaMachine, L: LuaState, index: number, name: string): string {
  const type = machine.api.lua_type(L, index);
  if (type !== LUA_TSTRING && machine.api.lua_isnumber(L, index) === 0)
    refuse(machine, L, index, name, "string");
  return machine.latin1(L, index)!;
}
