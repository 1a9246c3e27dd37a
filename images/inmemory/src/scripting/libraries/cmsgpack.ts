import {
  LUA_TBOOLEAN,
  LUA_TNIL,
  LUA_TNUMBER,
  LUA_TSTRING,
  LUA_TTABLE,
  LuaError,
  type LuaMachine,
  type LuaState,
} from "../lua/machine.ts";
import type { LibraryValues } from "../lua/sandbox.ts";
import { integerArgument, stringArgument } from "./arguments.ts";

/** Tables in tables; a deeper one is packed as nil (lua-cmsgpack, LUACMSGPACK_MAX_NESTING). */
const NESTING_MAX = 16;
/** Arrays and maps in others that are read. */
const DEPTH_MAX = 1000;
const BAD_FORMAT = "Bad data format in input.";
const MISSING_BYTES = "Missing bytes in input.";
const INITIAL_BYTES = 256;

/** The library `cmsgpack`: MessagePack as lua-cmsgpack 0.4.0 packs and reads it (the MessagePack specification). */
export function messagePackLibrary(machine: LuaMachine): LibraryValues {
  const { api } = machine;
  const unpackFrom = (L: LuaState, limit: number, offset: number): number => {
    const text = stringArgument(machine, L, 1, "unpack");
    if (offset < 0 || limit < 0) {
      throw new LuaError(`Invalid request to unpack with offset of ${offset} and limit of ${text.length}.`);
    }
    if (offset > text.length) {
      throw new LuaError(`Start offset ${offset} greater than input length ${text.length}.`);
    }
    const reader = new Reader(machine, L, Buffer.from(text, "latin1"), offset);
    const wanted = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    let count = 0;
    for (; reader.at < text.length && count < wanted; count++) {
      if (api.lua_checkstack(L, 4) === 0) throw new LuaError("too many return values");
      reader.read();
    }
    if (limit === 0) return count;
    // Where the next call goes on, or -1 at the end, before the values.
    api.lua_pushnumber(L, reader.at < text.length ? reader.at : -1);
    api.lua_insert(L, -1 - count);
    return count + 1;
  };
  return {
    pack: (L) => {
      const count = api.lua_gettop(L);
      if (count === 0) throw new LuaError("bad argument #0 to 'pack' (MessagePack pack needs input.)");
      const writer = new Writer(machine, L);
      for (let index = 1; index <= count; index++) {
        if (api.lua_checkstack(L, 1) === 0) throw new LuaError("in function cmsgpack.pack");
        api.lua_pushvalue(L, index);
        writer.write(0);
      }
      machine.pushBytes(L, writer.buffer, 0, writer.length);
      return 1;
    },
    unpack: (L) => unpackFrom(L, 0, 0),
    unpack_one: (L) => unpackFrom(L, 1, integerArgument(machine, L, 2, "unpack_one", 0)),
    unpack_limit: (L) =>
      unpackFrom(
        L,
        integerArgument(machine, L, 2, "unpack_limit"),
        integerArgument(machine, L, 3, "unpack_limit", 0),
      ),
    _NAME: "cmsgpack",
    _VERSION: "lua-cmsgpack 0.4.0",
    _COPYRIGHT: "Copyright (C) 2012, Salvatore Sanfilippo",
    _DESCRIPTION: "MessagePack C implementation for Lua",
  };
}

class Writer {
  readonly #machine: LuaMachine;
  readonly #L: LuaState;
  buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  length = 0;

  constructor(machine: LuaMachine, L: LuaState) {
    this.#machine = machine;
    this.#L = L;
  }

  #room(bytes: number): number {
    const at = this.length;
    if (at + bytes > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(at + bytes, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, at);
      this.buffer = larger;
    }
    this.length += bytes;
    return at;
  }

  /** A type byte and an unsigned number of so many bytes after it. */
  #head(type: number, value: number, bytes: 0 | 1 | 2 | 4): void {
    const at = this.#room(1 + bytes);
    this.buffer[at] = type;
    if (bytes > 0) this.buffer.writeUIntBE(value, at + 1, bytes);
  }

  /** Packs the value on top of the stack, and takes it away. */
  write(level: number): void {
    const machine = this.#machine;
    const { api } = machine;
    const L = this.#L;
    const type = api.lua_type(L, -1);
    if (type === LUA_TSTRING) {
      const address = machine.stringAt(L, -1);
      const length = machine.stringLength;
      if (length < 32) this.#head(0xa0 | length, 0, 0);
      else if (length <= 0xff) this.#head(0xd9, length, 1);
      else if (length <= 0xffff) this.#head(0xda, length, 2);
      else this.#head(0xdb, length, 4);
      const at = this.#room(length);
      machine.heap.copy(this.buffer, at, address, address + length);
    } else if (type === LUA_TBOOLEAN) this.#head(api.lua_toboolean(L, -1) !== 0 ? 0xc3 : 0xc2, 0, 0);
    else if (type === LUA_TNUMBER) this.#number(api.lua_tonumber(L, -1));
    else if (type === LUA_TTABLE && level < NESTING_MAX) this.#table(level);
    else this.#head(0xc0, 0, 0);
    api.lua_settop(L, -2);
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || value < -(2 ** 63) || value >= 2 ** 63) {
      const isSingle = Math.fround(value) === value || Number.isNaN(value);
      const at = this.#room(isSingle ? 5 : 9);
      this.buffer[at] = isSingle ? 0xca : 0xcb;
      if (isSingle) this.buffer.writeFloatBE(value, at + 1);
      else this.buffer.writeDoubleBE(value, at + 1);
      return;
    }
    if (value >= 0) {
      if (value <= 127) this.#head(value, 0, 0);
      else if (value <= 0xff) this.#head(0xcc, value, 1);
      else if (value <= 0xffff) this.#head(0xcd, value, 2);
      else if (value <= 0xffffffff) this.#head(0xce, value, 4);
      else this.#long(0xcf, value);
    } else if (value >= -32) this.#head(value & 0xff, 0, 0);
    else if (value >= -128) this.#head(0xd0, value & 0xff, 1);
    else if (value >= -32768) this.#head(0xd1, value & 0xffff, 2);
    else if (value >= -(2 ** 31)) this.#head(0xd2, value >>> 0, 4);
    else this.#long(0xd3, value);
  }

  #long(type: number, value: number): void {
    const at = this.#room(9);
    this.buffer[at] = type;
    this.buffer.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)), at + 1);
  }

  #table(level: number): void {
    const { api } = this.#machine;
    const L = this.#L;
    if (api.lua_checkstack(L, 4) === 0) throw new LuaError("in function mp_encode_lua_table");
    const { pairs, arrayLength } = this.#shape();
    if (arrayLength !== undefined) {
      if (arrayLength <= 15) this.#head(0x90 | arrayLength, 0, 0);
      else if (arrayLength <= 0xffff) this.#head(0xdc, arrayLength, 2);
      else this.#head(0xdd, arrayLength, 4);
      for (let i = 1; i <= arrayLength; i++) {
        api.lua_rawgeti(L, -1, i);
        this.write(level + 1);
      }
      return;
    }
    if (pairs <= 15) this.#head(0x80 | pairs, 0, 0);
    else if (pairs <= 0xffff) this.#head(0xde, pairs, 2);
    else this.#head(0xdf, pairs, 4);
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      api.lua_pushvalue(L, -2);
      this.write(level + 1);
      this.write(level + 1);
    }
  }

  /** How many pairs the table on top has; its length if its keys are 1 to n. */
  #shape(): { pairs: number; arrayLength: number | undefined } {
    const { api } = this.#machine;
    const L = this.#L;
    let pairs = 0;
    let largest = 0;
    let isArray = true;
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      api.lua_settop(L, -2);
      pairs++;
      if (!isArray) continue;
      const key = api.lua_type(L, -1) === LUA_TNUMBER ? api.lua_tonumber(L, -1) : 0;
      if (key > 0 && Number.isInteger(key)) largest = Math.max(largest, key);
      else isArray = false;
    }
    return { pairs, arrayLength: isArray && largest === pairs ? pairs : undefined };
  }
}

class Reader {
  readonly #machine: LuaMachine;
  readonly #L: LuaState;
  readonly #bytes: Buffer;
  at: number;

  constructor(machine: LuaMachine, L: LuaState, bytes: Buffer, at: number) {
    this.#machine = machine;
    this.#L = L;
    this.#bytes = bytes;
    this.at = at;
  }

  #take(count: number): number {
    const { at } = this;
    if (at + count > this.#bytes.length) throw new LuaError(MISSING_BYTES);
    this.at += count;
    return at;
  }

  #unsigned(bytes: 1 | 2 | 4): number {
    return this.#bytes.readUIntBE(this.#take(bytes), bytes);
  }

  #depth = 0;

  /** Pushes the value at hand. */
  read(): void {
    this.#depth++;
    if (this.#depth > DEPTH_MAX) throw new LuaError("in function mp_decode_to_lua_type: too deep");
    this.#read();
    this.#depth--;
  }

  #read(): void {
    const { api } = this.#machine;
    const L = this.#L;
    const bytes = this.#bytes;
    const type = bytes[this.#take(1)]!;
    if (type <= 0x7f) api.lua_pushnumber(L, type);
    else if (type >= 0xe0) api.lua_pushnumber(L, type - 256);
    else if (type <= 0x8f) this.#map(type & 15);
    else if (type <= 0x9f) this.#array(type & 15);
    else if (type <= 0xbf) this.#string(type & 31);
    else {
      switch (type) {
        case 0xc0:
          api.lua_pushnil(L);
          break;
        case 0xc2:
        case 0xc3:
          api.lua_pushboolean(L, type & 1);
          break;
        case 0xca:
          api.lua_pushnumber(L, bytes.readFloatBE(this.#take(4)));
          break;
        case 0xcb:
          api.lua_pushnumber(L, bytes.readDoubleBE(this.#take(8)));
          break;
        case 0xcc:
          api.lua_pushnumber(L, this.#unsigned(1));
          break;
        case 0xcd:
          api.lua_pushnumber(L, this.#unsigned(2));
          break;
        case 0xce:
          api.lua_pushnumber(L, this.#unsigned(4));
          break;
        case 0xcf:
          api.lua_pushnumber(L, Number(bytes.readBigUInt64BE(this.#take(8))));
          break;
        case 0xd0:
          api.lua_pushnumber(L, bytes.readInt8(this.#take(1)));
          break;
        case 0xd1:
          api.lua_pushnumber(L, bytes.readInt16BE(this.#take(2)));
          break;
        case 0xd2:
          api.lua_pushnumber(L, bytes.readInt32BE(this.#take(4)));
          break;
        case 0xd3:
          api.lua_pushnumber(L, Number(bytes.readBigInt64BE(this.#take(8))));
          break;
        case 0xd9:
          this.#string(this.#unsigned(1));
          break;
        case 0xda:
          this.#string(this.#unsigned(2));
          break;
        case 0xdb:
          this.#string(this.#unsigned(4));
          break;
        case 0xdc:
          this.#array(this.#unsigned(2));
          break;
        case 0xdd:
          this.#array(this.#unsigned(4));
          break;
        case 0xde:
          this.#map(this.#unsigned(2));
          break;
        case 0xdf:
          this.#map(this.#unsigned(4));
          break;
        default:
          throw new LuaError(BAD_FORMAT);
      }
    }
  }

  #string(length: number): void {
    const at = this.#take(length);
    this.#machine.pushBytes(this.#L, this.#bytes, at, length);
  }

  #array(count: number): void {
    const { api } = this.#machine;
    const L = this.#L;
    if (api.lua_checkstack(L, 2) === 0) throw new LuaError("in function mp_decode_to_lua_array");
    api.lua_createtable(L, 0, 0);
    for (let i = 1; i <= count; i++) {
      this.read();
      api.lua_rawseti(L, -2, i);
    }
  }

  #map(pairs: number): void {
    const { api } = this.#machine;
    const L = this.#L;
    if (api.lua_checkstack(L, 3) === 0) throw new LuaError("in function mp_decode_to_lua_hash");
    api.lua_createtable(L, 0, 0);
    for (let i = 0; i < pairs; i++) {
      this.read();
      if (api.lua_type(L, -1) === LUA_TNIL) throw new LuaError("table index is nil");
      this.read();
      api.lua_rawset(L, -3);
    }
  }
}
