import { randomBytes } from "node:crypto";
import { type CFunction, LuaError, type LuaMachine } from "./machine.ts";

const MULTIPLIER = 0x5deece66dn;
const ADDEND = 0xbn;
const MASK = (1n << 48n) - 1n;
/** Low bits of a state that a seed has set (POSIX, srand48). */
const SEED_LOW = 0x330en;
/** What a draw is divided by: 31 bits are drawn (Redis, REDIS_LRAND48_MAX). */
const RANGE = 0x7fffffff;

/**
 * `math.random` and `math.randomseed` as Redis has them: drand48's generator on every platform, so that a seed gives the same
 * numbers everywhere (Redis, rand.c; Lua 5.1 Reference Manual, math.random).
 */
export function random48(): {
  next: (machine: LuaMachine) => CFunction;
  seed: (machine: LuaMachine) => CFunction;
} {
  let state = BigInt(randomBytes(6).readUIntBE(0, 6));
  const draw = () => {
    state = (state * MULTIPLIER + ADDEND) & MASK;
    return (Number(state >> 17n) % RANGE) / RANGE;
  };
  return {
    next:
      ({ api }) =>
      (L) => {
        const part = draw();
        const count = api.lua_gettop(L);
        if (count === 0) {
          api.lua_pushnumber(L, part);
          return 1;
        }
        if (count > 2) throw new LuaError("wrong number of arguments");
        const low = count === 1 ? 1 : Math.trunc(api.lua_tonumber(L, 1));
        const high = Math.trunc(api.lua_tonumber(L, count));
        if (low > high) throw new LuaError(`bad argument #${count} to 'random' (interval is empty)`);
        api.lua_pushnumber(L, Math.floor(part * (high - low + 1)) + low);
        return 1;
      },
    seed:
      ({ api }) =>
      (L) => {
        const seed = BigInt.asUintN(32, BigInt(Math.trunc(api.lua_tonumber(L, 1)) || 0));
        state = (seed << 16n) | SEED_LOW;
        return 0;
      },
  };
}
