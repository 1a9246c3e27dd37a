import type { Reply } from "../protocol/reply.ts";
import {
  LUA_TBOOLEAN,
  LUA_TNIL,
  LUA_TNUMBER,
  LUA_TSTRING,
  LUA_TTABLE,
  LuaError,
  type LuaMachine,
  type LuaState,
} from "./lua/machine.ts";

const CR = 13;
/** Values in values, either way; a deeper one is an error (Redis, "reached lua stack limit"). */
const DEPTH_MAX = 1_000;

/**
 * Turns replies into values of Lua, and values of Lua into replies (Redis, "Lua data types and RESP").
 */
export class ReplyConverter {
  readonly #machine: LuaMachine;
  #buffer!: Buffer;
  #at = 0;

  constructor(machine: LuaMachine) {
    this.#machine = machine;
  }

  /** Pushes the reply that begins at the start of a buffer. */
  push(L: LuaState, buffer: Buffer): void {
    this.#buffer = buffer;
    this.#at = 0;
    this.#push(L, 0);
  }

  #push(L: LuaState, depth: number): void {
    const machine = this.#machine;
    const { api } = machine;
    if (depth > 0 && (depth > DEPTH_MAX || api.lua_checkstack(L, 4) === 0))
      throw new LuaError("reached lua stack limit");
    const buffer = this.#buffer;
    const type = buffer[this.#at++]!;
    switch (type) {
      case 0x3a: // :
        api.lua_pushnumber(L, this.#integer());
        return;
      case 0x24: {
        // $
        const length = this.#integer();
        if (length < 0) {
          api.lua_pushboolean(L, 0);
          return;
        }
        machine.pushBytes(L, buffer, this.#at, length);
        this.#at += length + 2;
        return;
      }
      case 0x2b: // +
        this.#field(L, "ok", this.#line());
        return;
      case 0x2d: // -
        this.#field(L, "err", this.#line());
        return;
      case 0x2a: // *
        this.#array(L, this.#integer(), depth);
        return;
      case 0x5f: // _
        this.#line();
        api.lua_pushnil(L);
        return;
      case 0x23: // #
        api.lua_pushboolean(L, this.#line() === "t" ? 1 : 0);
        return;
      case 0x2c: {
        // ,
        const text = this.#line();
        api.lua_createtable(L, 0, 1);
        machine.pushLatin1(L, "double");
        api.lua_pushnumber(L, doubleOf(text));
        api.lua_rawset(L, -3);
        return;
      }
      case 0x28: // (
        this.#field(L, "big_number", this.#line());
        return;
      case 0x3d: {
        // =
        const length = this.#integer();
        api.lua_createtable(L, 0, 1);
        machine.pushLatin1(L, "verbatim_string");
        api.lua_createtable(L, 0, 2);
        machine.pushLatin1(L, "format");
        machine.pushBytes(L, buffer, this.#at, 3);
        api.lua_rawset(L, -3);
        machine.pushLatin1(L, "string");
        machine.pushBytes(L, buffer, this.#at + 4, length - 4);
        api.lua_rawset(L, -3);
        api.lua_rawset(L, -3);
        this.#at += length + 2;
        return;
      }
      case 0x25: {
        // %
        const pairs = this.#integer();
        api.lua_createtable(L, 0, 1);
        machine.pushLatin1(L, "map");
        api.lua_createtable(L, 0, pairs);
        for (let i = 0; i < pairs; i++) {
          this.#push(L, depth + 1);
          this.#push(L, depth + 1);
          this.#setPair(L);
        }
        api.lua_rawset(L, -3);
        return;
      }
      case 0x7e: {
        // ~
        const count = this.#integer();
        api.lua_createtable(L, 0, 1);
        machine.pushLatin1(L, "set");
        api.lua_createtable(L, 0, count);
        for (let i = 0; i < count; i++) {
          this.#push(L, depth + 1);
          api.lua_pushboolean(L, 1);
          this.#setPair(L);
        }
        api.lua_rawset(L, -3);
        return;
      }
      default:
        throw new Error(`a reply of type ${String.fromCharCode(type)} cannot be given to a script`);
    }
  }

  /** Puts the key and the value on top of the stack into the table below; a null cannot be a key. */
  #setPair(L: LuaState): void {
    const { api } = this.#machine;
    if (api.lua_type(L, -2) === LUA_TNIL) api.lua_settop(L, -3);
    else api.lua_rawset(L, -3);
  }

  #array(L: LuaState, count: number, depth: number): void {
    const { api } = this.#machine;
    if (count < 0) {
      api.lua_pushboolean(L, 0);
      return;
    }
    api.lua_createtable(L, count, 0);
    for (let i = 1; i <= count; i++) {
      this.#push(L, depth + 1);
      api.lua_rawseti(L, -2, i);
    }
  }

  #field(L: LuaState, name: string, text: string): void {
    const machine = this.#machine;
    machine.api.lua_createtable(L, 0, 1);
    machine.pushLatin1(L, name);
    machine.pushLatin1(L, text);
    machine.api.lua_rawset(L, -3);
  }

  #integer(): number {
    const buffer = this.#buffer;
    let at = this.#at;
    const isNegative = buffer[at] === 0x2d;
    if (isNegative) at++;
    let value = 0;
    for (; buffer[at] !== CR; at++) value = value * 10 + buffer[at]! - 0x30;
    // Beyond 2^53 the digits are added up in rounded steps: the text is rounded once.
    if (value > Number.MAX_SAFE_INTEGER)
      value = Number(buffer.toString("latin1", isNegative ? this.#at + 1 : this.#at, at));
    this.#at = at + 2;
    return isNegative ? -value : value;
  }

  #line(): string {
    const end = this.#buffer.indexOf(CR, this.#at);
    const line = this.#buffer.toString("latin1", this.#at, end);
    this.#at = end + 2;
    return line;
  }

  // ---- to a client -----------------------------------------------------------------------------------------------

  /**
   * Writes the value on top of the stack as a reply, and takes it away. `scriptVersion` is the protocol that the script has
   * chosen (redis.setresp); the client's own is the reply's.
   */
  write(L: LuaState, reply: Reply, scriptVersion: 2 | 3, depth = 0): void {
    const machine = this.#machine;
    const { api } = machine;
    if (depth > DEPTH_MAX || api.lua_checkstack(L, 4) === 0) {
      reply.error("ERR reached lua stack limit");
      api.lua_settop(L, -2);
      return;
    }
    switch (api.lua_type(L, -1)) {
      case LUA_TSTRING: {
        const address = machine.stringAt(L, -1);
        reply.bulk(machine.heap, address, machine.stringLength);
        break;
      }
      case LUA_TNUMBER:
        reply.integer(toInt64(api.lua_tonumber(L, -1)));
        break;
      case LUA_TBOOLEAN: {
        const isTrue = api.lua_toboolean(L, -1) !== 0;
        if (scriptVersion === 3) reply.boolean(isTrue);
        else if (isTrue) reply.integer(1);
        else reply.null();
        break;
      }
      case LUA_TTABLE:
        this.#writeTable(L, reply, scriptVersion, depth);
        break;
      default:
        reply.null();
    }
    api.lua_settop(L, -2);
  }

  #writeTable(L: LuaState, reply: Reply, scriptVersion: 2 | 3, depth: number): void {
    const machine = this.#machine;
    const { api } = machine;
    if (this.#fieldIs(L, "err", LUA_TSTRING)) {
      const text = machine.latin1(L, -1)!;
      reply.error(text.startsWith("-") ? text.slice(1) : text);
    } else if (this.#fieldIs(L, "ok", LUA_TSTRING)) {
      reply.simple(machine.latin1(L, -1)!.replace(/[\r\n]/g, " "));
    } else if (this.#fieldIs(L, "double", LUA_TNUMBER)) reply.double(api.lua_tonumber(L, -1));
    else if (this.#fieldIs(L, "map", LUA_TTABLE)) this.#writePairs(L, reply, scriptVersion, depth, true);
    else if (this.#fieldIs(L, "set", LUA_TTABLE)) this.#writePairs(L, reply, scriptVersion, depth, false);
    else if (this.#fieldIs(L, "big_number", LUA_TSTRING)) {
      const digits = machine.latin1(L, -1)!.replace(/[\r\n]/g, " ");
      if (reply.version === 3) reply.raw(Buffer.from(`(${digits}\r\n`, "latin1"));
      else reply.bulkBuffer(Buffer.from(digits, "latin1"));
    } else if (this.#fieldIs(L, "verbatim_string", LUA_TTABLE)) this.#writeVerbatim(L, reply);
    else {
      const mark = reply.beginArray();
      let count = 0;
      while (true) {
        api.lua_rawgeti(L, -1, count + 1);
        if (api.lua_type(L, -1) === LUA_TNIL) {
          api.lua_settop(L, -2);
          break;
        }
        this.write(L, reply, scriptVersion, depth + 1);
        count++;
      }
      reply.endArray(mark, count);
      return;
    }
    api.lua_settop(L, -2);
  }

  /** Whether a field of the table on top has a type; then it is pushed. */
  #fieldIs(L: LuaState, name: string, type: number): boolean {
    const { api } = this.#machine;
    this.#machine.pushLatin1(L, name);
    api.lua_rawget(L, -2);
    if (api.lua_type(L, -1) === type) return true;
    api.lua_settop(L, -2);
    return false;
  }

  #writePairs(L: LuaState, reply: Reply, scriptVersion: 2 | 3, depth: number, isMap: boolean): void {
    const { api } = this.#machine;
    const mark = reply.beginArray();
    let count = 0;
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      // The key is written from a copy, as what is written is taken away.
      api.lua_pushvalue(L, -2);
      this.write(L, reply, scriptVersion, depth + 1);
      if (isMap) this.write(L, reply, scriptVersion, depth + 1);
      else api.lua_settop(L, -2);
      count++;
    }
    if (isMap) reply.endMap(mark, count);
    else reply.endSet(mark, count);
  }

  #writeVerbatim(L: LuaState, reply: Reply): void {
    const machine = this.#machine;
    if (!this.#fieldIs(L, "format", LUA_TSTRING)) {
      reply.null();
      return;
    }
    const format = machine.latin1(L, -1)!.slice(0, 3).padEnd(3, " ");
    machine.api.lua_settop(L, -2);
    if (!this.#fieldIs(L, "string", LUA_TSTRING)) {
      reply.null();
      return;
    }
    const text = machine.bytes(L, -1)!;
    machine.api.lua_settop(L, -2);
    if (reply.version === 3) {
      reply.raw(Buffer.from(`=${text.length + 4}\r\n${format}:`, "latin1"));
      reply.raw(text);
      reply.raw(Buffer.from("\r\n"));
    } else reply.bulkBuffer(text);
  }
}

function doubleOf(text: string): number {
  if (text === "inf") return Number.POSITIVE_INFINITY;
  if (text === "-inf") return Number.NEGATIVE_INFINITY;
  return Number(text);
}

const INT64_LIMIT = 2 ** 63;

/** A double as C casts it to a 64-bit integer on x86-64: what does not fit is the smallest. */
export function toInt64(value: number): number | bigint {
  if (!(value > -INT64_LIMIT && value < INT64_LIMIT)) return -(2n ** 63n);
  const whole = Math.trunc(value) + 0;
  return Number.isSafeInteger(whole) ? whole : BigInt(whole);
}
