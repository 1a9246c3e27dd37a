import type { CFunction, LuaMachine, LuaState } from "../lua/machine.ts";
import type { LibraryValues } from "../lua/sandbox.ts";
import { integerArgument, numberArgument } from "./arguments.ts";

/** Added to a double it leaves the integer part, rounded, in the low bits (Lua BitOp, "2^52 + 2^51"). */
const MAGIC = 2 ** 52 + 2 ** 51;
const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** The library `bit`: operations on 32-bit integers (Lua BitOp 1.0). */
export function bitLibrary(machine: LuaMachine): LibraryValues {
  const { api } = machine;
  const bits = (L: LuaState, index: number, name: string) => {
    float[0] = numberArgument(machine, L, index, name) + MAGIC;
    return words[0]!;
  };
  const answer = (L: LuaState, value: number) => {
    api.lua_pushnumber(L, value | 0);
    return 1;
  };
  const unary =
    (name: string, run: (value: number) => number): CFunction =>
    (L) =>
      answer(L, run(bits(L, 1, name)));
  const folded =
    (name: string, run: (left: number, right: number) => number): CFunction =>
    (L) => {
      let value = bits(L, 1, name);
      for (let index = api.lua_gettop(L); index > 1; index--) value = run(value, bits(L, index, name));
      return answer(L, value);
    };
  const shifted =
    (name: string, run: (value: number, by: number) => number): CFunction =>
    (L) =>
      answer(L, run(bits(L, 1, name), bits(L, 2, name) & 31));
  return {
    tobit: unary("tobit", (value) => value),
    bnot: unary("bnot", (value) => ~value),
    bswap: unary(
      "bswap",
      (value) => (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24),
    ),
    band: folded("band", (left, right) => left & right),
    bor: folded("bor", (left, right) => left | right),
    bxor: folded("bxor", (left, right) => left ^ right),
    lshift: shifted("lshift", (value, by) => value << by),
    rshift: shifted("rshift", (value, by) => value >>> by),
    arshift: shifted("arshift", (value, by) => value >> by),
    rol: shifted("rol", (value, by) => (value << by) | (by === 0 ? 0 : value >>> (32 - by))),
    ror: shifted("ror", (value, by) => (value >>> by) | (by === 0 ? 0 : value << (32 - by))),
    tohex: (L) => {
      const value = bits(L, 1, "tohex");
      const wanted = integerArgument(machine, L, 2, "tohex", 8);
      const digits = Math.min(8, Math.abs(wanted));
      const text = (value >>> 0)
        .toString(16)
        .padStart(8, "0")
        .slice(8 - digits);
      machine.pushLatin1(L, wanted < 0 ? text.toUpperCase() : text);
      return 1;
    },
  };
}
