import { LuaError, type LuaMachine, type LuaState } from "../lua/machine.ts";
import type { LibraryValues } from "../lua/sandbox.ts";
import { integerArgument, numberArgument, stringArgument } from "./arguments.ts";

const INTEGER_BYTES_MAX = 32;
const ALIGNMENT_MAX = 8;
const FIXED_SIZES: Readonly<Record<string, number>> = {
  b: 1,
  B: 1,
  h: 2,
  H: 2,
  l: 8,
  L: 8,
  T: 8,
  f: 4,
  d: 8,
  x: 1,
};
const INT32_MAX = 2 ** 31 - 1;

/** One item of a format: its letter, its bytes, and the bytes of padding before it. */
interface Item {
  readonly option: string;
  size: number;
  readonly isLittle: boolean;
  readonly alignment: number;
}

/** The items of a format string. */
function* itemsOf(format: string, caller: string): Generator<Item> {
  let at = 0;
  let isLittle = true;
  let alignment = 1;
  const number = (absent: number) => {
    const digits = /^[0-9]+/.exec(format.slice(at, at + 20))?.[0];
    if (digits === undefined) return absent;
    at += digits.length;
    const value = Number(digits);
    if (value > INT32_MAX) throw new LuaError("integral size overflow");
    return value;
  };
  while (at < format.length) {
    const option = format[at++]!;
    const fixed = FIXED_SIZES[option];
    if (fixed !== undefined) {
      yield { option, size: fixed, isLittle, alignment };
      continue;
    }
    switch (option) {
      case "i":
      case "I": {
        const size = number(4);
        if (size > INTEGER_BYTES_MAX || size === 0) {
          throw new LuaError(`integral size ${size} is larger than limit of ${INTEGER_BYTES_MAX}`);
        }
        yield { option, size, isLittle, alignment };
        break;
      }
      case "c":
        yield { option, size: number(1), isLittle, alignment };
        break;
      case "s":
        yield { option, size: 0, isLittle, alignment };
        break;
      case " ":
        break;
      case ">":
        isLittle = false;
        break;
      case "<":
        isLittle = true;
        break;
      case "!": {
        alignment = number(ALIGNMENT_MAX);
        if (alignment === 0 || (alignment & (alignment - 1)) !== 0)
          throw new LuaError("alignment is not a power of 2");
        break;
      }
      default:
        throw new LuaError(`bad argument #1 to '${caller}' (invalid format option '${option}')`);
    }
  }
}

function paddingBefore(at: number, { option, size, alignment }: Item): number {
  if (size === 0 || option === "c") return 0;
  const to = Math.min(size, alignment);
  // A size that is no power of two is aligned as the C code does it, bit by bit.
  return (to - (at & (to - 1))) & (to - 1);
}

/** A number as C makes 64 bits of it: what does not fit is cut, or the smallest. */
function bitsOf(value: number): bigint {
  if (Number.isNaN(value) || !Number.isFinite(value)) return 1n << 63n;
  return BigInt.asUintN(64, BigInt(Math.trunc(value)));
}

function integerBytes(value: number, size: number, isLittle: boolean): Buffer {
  const bytes = Buffer.alloc(size);
  let rest = bitsOf(value);
  for (let i = 0; i < size; i++) {
    bytes[isLittle ? i : size - 1 - i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

function readInteger(bytes: Buffer, at: number, { size, isLittle, option }: Item): number {
  let value = 0n;
  for (let i = 0; i < size; i++) {
    value = (value << 8n) | BigInt(bytes[isLittle ? at + size - 1 - i : at + i]!);
  }
  value = BigInt.asUintN(64, value);
  const isSigned = option === option.toLowerCase();
  if (!isSigned) return Number(value);
  return Number(BigInt.asIntN(Math.min(64, size * 8), value));
}

/** The library `struct`: values in the bytes of C's types (Lua struct 0.2, by Roberto Ierusalimschy). */
export function structLibrary(machine: LuaMachine): LibraryValues {
  const { api } = machine;
  return {
    pack: (L) => {
      // The C code puts a nil behind the arguments, which is what it finds where one is missing.
      api.lua_pushnil(L);
      const format = stringArgument(machine, L, 1, "pack");
      const parts: Buffer[] = [];
      let length = 0;
      let argument = 2;
      const add = (bytes: Buffer) => {
        parts.push(bytes);
        length += bytes.length;
      };
      for (const item of itemsOf(format, "pack")) {
        add(Buffer.alloc(paddingBefore(length, item)));
        const { option, size, isLittle } = item;
        if (option === "x") add(Buffer.alloc(1));
        else if (option === "f" || option === "d") {
          const bytes = Buffer.alloc(size);
          const value = numberArgument(machine, L, argument++, "pack");
          if (option === "f") isLittle ? bytes.writeFloatLE(value) : bytes.writeFloatBE(value);
          else isLittle ? bytes.writeDoubleLE(value) : bytes.writeDoubleBE(value);
          add(bytes);
        } else if (option === "c" || option === "s") {
          const text = Buffer.from(stringArgument(machine, L, argument++, "pack"), "latin1");
          const wanted = size === 0 ? text.length : size;
          if (text.length < wanted)
            throw new LuaError(`bad argument #${argument} to 'pack' (string too short)`);
          add(text.subarray(0, wanted));
          if (option === "s") add(Buffer.alloc(1));
        } else add(integerBytes(numberArgument(machine, L, argument++, "pack"), size, isLittle));
      }
      machine.pushBytes(L, Buffer.concat(parts, length), 0, length);
      return 1;
    },
    unpack: (L) => unpack(machine, L),
    size: (L) => {
      let length = 0;
      for (const item of itemsOf(stringArgument(machine, L, 1, "size"), "size")) {
        length += paddingBefore(length, item);
        if (item.option === "s")
          throw new LuaError("bad argument #1 to 'size' (option 's' has no fixed size)");
        if (item.option === "c" && item.size === 0)
          throw new LuaError("bad argument #1 to 'size' (option 'c0' has no fixed size)");
        length += item.size;
      }
      api.lua_pushnumber(L, length);
      return 1;
    },
  };
}

function unpack(machine: LuaMachine, L: LuaState): number {
  const { api } = machine;
  const format = stringArgument(machine, L, 1, "unpack");
  const data = Buffer.from(stringArgument(machine, L, 2, "unpack"), "latin1");
  let at = integerArgument(machine, L, 3, "unpack", 1) - 1;
  if (at < 0) throw new LuaError("bad argument #3 to 'unpack' (offset must be 1 or greater)");
  let results = 0;
  const tooShort = () => new LuaError("bad argument #2 to 'unpack' (data string too short)");
  for (const item of itemsOf(format, "unpack")) {
    at += paddingBefore(at, item);
    if (at + item.size > data.length) throw tooShort();
    if (api.lua_checkstack(L, 2) === 0) throw new LuaError("stack overflow (too many results)");
    const { option, isLittle } = item;
    if (option === "x") {
      at += 1;
      continue;
    }
    if (option === "f") {
      api.lua_pushnumber(L, isLittle ? data.readFloatLE(at) : data.readFloatBE(at));
    } else if (option === "d") {
      api.lua_pushnumber(L, isLittle ? data.readDoubleLE(at) : data.readDoubleBE(at));
    } else if (option === "c") {
      if (item.size === 0) {
        // Its length is the number before it, whose place it takes.
        if (results === 0 || api.lua_isnumber(L, -1) === 0)
          throw new LuaError("format 'c0' needs a previous size");
        item.size = Math.trunc(api.lua_tonumber(L, -1));
        api.lua_settop(L, -2);
        results--;
        if (!(item.size >= 0 && at + item.size <= data.length)) throw tooShort();
      }
      machine.pushBytes(L, data, at, item.size);
    } else if (option === "s") {
      const end = data.indexOf(0, at);
      if (end < 0) throw new LuaError("unfinished string in data");
      machine.pushBytes(L, data, at, end - at);
      item.size = end - at + 1;
    } else api.lua_pushnumber(L, readInteger(data, at, item));
    results++;
    at += item.size;
  }
  api.lua_pushnumber(L, at + 1);
  return results + 1;
}
