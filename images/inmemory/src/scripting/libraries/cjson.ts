import { LUA_TNIL, LuaError, type LuaMachine, type LuaState } from "../lua/machine.ts";
import type { LibraryValues } from "../lua/sandbox.ts";
import { stringArgument } from "./arguments.ts";
import { JsonReader } from "./json-reader.ts";
import type { JsonSettings } from "./json-settings.ts";
import { JsonWriter } from "./json-writer.ts";

/** The library `cjson` (lua-cjson 2.1.0's manual). */
export function cjsonLibrary(machine: LuaMachine): LibraryValues {
  const { api } = machine;
  const settings: JsonSettings = {
    encodesSparse: false,
    sparseRatio: 2,
    sparseSafe: 10,
    encodeDepthMax: 1000,
    decodeDepthMax: 1000,
    encodesInvalidNumbers: false,
    decodesInvalidNumbers: true,
    precision: 14,
    keepsBuffer: true,
  };
  const isGiven = (L: LuaState, index: number) =>
    index <= api.lua_gettop(L) && api.lua_type(L, index) !== LUA_TNIL;
  /** Sets a number if one is given, and pushes what it is now. */
  const integer = (
    L: LuaState,
    index: number,
    limits: { name: string; min: number; max: number },
    now: number,
    set: (value: number) => void,
  ): number => {
    let value = now;
    if (isGiven(L, index)) {
      value = Math.trunc(api.lua_tonumber(L, index));
      const { name, min, max } = limits;
      if (api.lua_isnumber(L, index) === 0 || value < min || value > max) {
        throw new LuaError(
          `bad argument #${index} to '${name}' (expected integer between ${min} and ${max})`,
        );
      }
      set(value);
    }
    api.lua_pushnumber(L, value);
    return 1;
  };
  const boolean = (L: LuaState, index: number, now: boolean, set: (value: boolean) => void): number => {
    let value = now;
    if (isGiven(L, index)) {
      value = api.lua_toboolean(L, index) !== 0;
      set(value);
    }
    api.lua_pushboolean(L, value ? 1 : 0);
    return 1;
  };
  const INT_MAX = 2 ** 31 - 1;
  return {
    encode: (L) => {
      if (api.lua_gettop(L) !== 1) throw new LuaError("bad argument #1 to 'encode' (expected 1 argument)");
      new JsonWriter(machine, L, settings).encode();
      return 1;
    },
    decode: (L) => {
      if (api.lua_gettop(L) !== 1) throw new LuaError("bad argument #1 to 'decode' (expected 1 argument)");
      new JsonReader(machine, L, settings, stringArgument(machine, L, 1, "decode")).decode();
      return 1;
    },
    encode_sparse_array: (L) => {
      if (api.lua_gettop(L) > 3)
        throw new LuaError("bad argument #4 to 'encode_sparse_array' (found too many arguments)");
      boolean(L, 1, settings.encodesSparse, (value) => {
        settings.encodesSparse = value;
      });
      const limits = { name: "encode_sparse_array", min: 0, max: INT_MAX };
      // What is pushed goes behind the arguments that are still to be read.
      const given = Math.min(3, api.lua_gettop(L) - 1);
      const at = (index: number) => (index <= given ? index : Number.MAX_SAFE_INTEGER);
      integer(L, at(2), limits, settings.sparseRatio, (value) => {
        settings.sparseRatio = value;
      });
      integer(L, at(3), limits, settings.sparseSafe, (value) => {
        settings.sparseSafe = value;
      });
      return 3;
    },
    encode_max_depth: (L) =>
      integer(L, 1, { name: "encode_max_depth", min: 1, max: INT_MAX }, settings.encodeDepthMax, (value) => {
        settings.encodeDepthMax = value;
      }),
    decode_max_depth: (L) =>
      integer(L, 1, { name: "decode_max_depth", min: 1, max: INT_MAX }, settings.decodeDepthMax, (value) => {
        settings.decodeDepthMax = value;
      }),
    encode_number_precision: (L) =>
      integer(L, 1, { name: "encode_number_precision", min: 1, max: 14 }, settings.precision, (value) => {
        settings.precision = value;
      }),
    encode_keep_buffer: (L) =>
      boolean(L, 1, settings.keepsBuffer, (value) => {
        settings.keepsBuffer = value;
      }),
    encode_invalid_numbers: (L) => {
      if (isGiven(L, 1) && machine.latin1(L, 1) === "null") settings.encodesInvalidNumbers = "null";
      else if (isGiven(L, 1)) settings.encodesInvalidNumbers = api.lua_toboolean(L, 1) !== 0;
      if (settings.encodesInvalidNumbers === "null") machine.pushLatin1(L, "null");
      else api.lua_pushboolean(L, settings.encodesInvalidNumbers ? 1 : 0);
      return 1;
    },
    decode_invalid_numbers: (L) =>
      boolean(L, 1, settings.decodesInvalidNumbers, (value) => {
        settings.decodesInvalidNumbers = value;
      }),
    new: () => {
      throw new LuaError("cjson.new is not supported: all scripts share one cjson");
    },
    null: { isNull: true },
    _NAME: "cjson",
    _VERSION: "2.1.0",
  };
}
