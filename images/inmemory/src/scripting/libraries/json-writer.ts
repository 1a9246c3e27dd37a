import {
  LUA_TBOOLEAN,
  LUA_TLIGHTUSERDATA,
  LUA_TNIL,
  LUA_TNUMBER,
  LUA_TSTRING,
  LUA_TTABLE,
  LuaError,
  type LuaMachine,
  type LuaState,
} from "../lua/machine.ts";
import { typeName } from "./arguments.ts";
import type { JsonSettings } from "./json-settings.ts";
import { formatG } from "./number-text.ts";

/** Bytes that are written as something else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ESCAPED = /["\\/\x00-\x1f\x7f]/;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};

function escaped(character: string): string {
  return ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Writes a value of Lua as JSON (lua-cjson, cjson.encode). Texts have a character per byte. */
export class JsonWriter {
  readonly #machine: LuaMachine;
  readonly #L: LuaState;
  readonly #settings: JsonSettings;
  #text = "";

  constructor(machine: LuaMachine, L: LuaState, settings: JsonSettings) {
    this.#machine = machine;
    this.#L = L;
    this.#settings = settings;
  }

  /** Puts the text in the place of the value on top of the stack. */
  encode(): void {
    this.#value(0);
    this.#machine.pushLatin1(this.#L, this.#text);
  }

  /** Writes the value on top of the stack, and leaves it there. */
  #value(depth: number): void {
    const machine = this.#machine;
    const { api } = machine;
    const L = this.#L;
    const type = api.lua_type(L, -1);
    switch (type) {
      case LUA_TSTRING:
        this.#string(machine.latin1(L, -1)!);
        return;
      case LUA_TNUMBER:
        this.#number(api.lua_tonumber(L, -1));
        return;
      case LUA_TBOOLEAN:
        this.#text += api.lua_toboolean(L, -1) !== 0 ? "true" : "false";
        return;
      case LUA_TTABLE:
        this.#table(depth + 1);
        return;
      case LUA_TNIL:
        this.#text += "null";
        return;
      default:
        if (type === LUA_TLIGHTUSERDATA && api.lua_touserdata(L, -1) === 0) this.#text += "null";
        else this.#refuse(typeName(machine, L, -1), "type not supported");
    }
  }

  #refuse(type: string, why: string): never {
    throw new LuaError(`Cannot serialise ${type}: ${why}`);
  }

  #string(text: string): void {
    this.#text += ESCAPED.test(text) ? `"${text.replace(new RegExp(ESCAPED, "g"), escaped)}"` : `"${text}"`;
  }

  #number(value: number): void {
    const { encodesInvalidNumbers, precision } = this.#settings;
    if (!Number.isFinite(value)) {
      if (encodesInvalidNumbers === "null") {
        this.#text += "null";
        return;
      }
      if (!encodesInvalidNumbers) this.#refuse("number", "must not be NaN or Inf");
    }
    this.#text += formatG(value, precision);
  }

  #table(depth: number): void {
    const { api } = this.#machine;
    const L = this.#L;
    if (depth > this.#settings.encodeDepthMax || api.lua_checkstack(L, 3) === 0)
      throw new LuaError(`Cannot serialise, excessive nesting (${depth})`);
    const length = this.#arrayLength();
    if (length > 0) {
      for (let i = 1; i <= length; i++) {
        this.#text += i === 1 ? "[" : ",";
        api.lua_rawgeti(L, -1, i);
        this.#value(depth);
        api.lua_settop(L, -2);
      }
      this.#text += "]";
    } else this.#object(depth);
  }

  /** The largest key when all are positive integers and not too few of them; -1 for what is an object. */
  #arrayLength(): number {
    const { api } = this.#machine;
    const L = this.#L;
    let largest = 0;
    let items = 0;
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      const key = api.lua_type(L, -2) === LUA_TNUMBER ? api.lua_tonumber(L, -2) : 0;
      api.lua_settop(L, -2);
      if (!(key > 0 && Number.isInteger(key))) {
        api.lua_settop(L, -2);
        return -1;
      }
      largest = Math.max(largest, key);
      items++;
    }
    const { sparseRatio, sparseSafe, encodesSparse } = this.#settings;
    if (sparseRatio > 0 && largest > items * sparseRatio && largest > sparseSafe) {
      if (!encodesSparse) this.#refuse("table", "excessively sparse array");
      return -1;
    }
    return largest;
  }

  #object(depth: number): void {
    const machine = this.#machine;
    const { api } = machine;
    const L = this.#L;
    let isFirst = true;
    this.#text += "{";
    api.lua_pushnil(L);
    while (api.lua_next(L, -2) !== 0) {
      if (!isFirst) this.#text += ",";
      isFirst = false;
      const type = api.lua_type(L, -2);
      if (type === LUA_TNUMBER) {
        this.#text += '"';
        this.#number(api.lua_tonumber(L, -2));
        this.#text += '":';
      } else if (type === LUA_TSTRING) {
        this.#string(machine.latin1(L, -2)!);
        this.#text += ":";
      } else this.#refuse(typeName(machine, L, -2), "table key must be a number or string");
      this.#value(depth);
      api.lua_settop(L, -2);
    }
    this.#text += "}";
  }
}
