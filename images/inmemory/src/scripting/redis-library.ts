import { createHash } from "node:crypto";
import { serverVersion } from "../identity.ts";
import { Args } from "../protocol/args.ts";
import { formatDouble } from "../protocol/numbers.ts";
import type { Reply } from "../protocol/reply.ts";
import type { Session } from "../session/session.ts";
import type { ScriptHost, ScriptRules } from "./host.ts";
import { LUA_TNUMBER, LUA_TSTRING, type LuaMachine, type LuaState, ReplyError } from "./lua/machine.ts";
import type { LibraryValues } from "./lua/sandbox.ts";
import { ReplyConverter } from "./replies.ts";

const REPL_NONE = 0;
const REPL_AOF = 1;
const REPL_REPLICA = 2;
const REPL_ALL = 3;
const MINUS = 0x2d;
/** A script's reply buffer that has become larger is given back. */
const REPLY_KEPT_BYTES = 1 << 20;

/** A script while it runs. */
export interface ScriptRun<Client extends Session> {
  readonly session: Client;
  readonly rules: ScriptRules;
  /** The protocol in which it sees replies (redis.setresp). */
  version: 2 | 3;
}

/**
 * The library `redis` of scripts and functions: calls of commands, and what goes with them (Redis, "Redis Lua API
 * reference"). Error texts are Redis's (script_lua.c).
 */
export class RedisLibrary<Client extends Session> {
  readonly #host: ScriptHost<Client>;
  readonly #machine: LuaMachine;
  readonly converter: ReplyConverter;
  /** The script that runs; nothing may be called without one. */
  run: ScriptRun<Client> | undefined;
  #reply: Reply;
  readonly #kept = new Args();

  constructor(host: ScriptHost<Client>, machine: LuaMachine) {
    this.#host = host;
    this.#machine = machine;
    this.converter = new ReplyConverter(machine);
    this.#reply = host.createReply(4096);
  }

  /** Its functions and constants. */
  values(): LibraryValues {
    return {
      call: (L) => this.#call(L, true),
      pcall: (L) => this.#call(L, false),
      sha1hex: (L) => this.#sha1hex(L),
      error_reply: (L) => this.#textReply(L, "err"),
      status_reply: (L) => this.#textReply(L, "ok"),
      setresp: (L) => this.#setResp(L),
      set_repl: (L) => this.#setRepl(L),
      replicate_commands: (L) => {
        this.#machine.api.lua_pushboolean(L, 1);
        return 1;
      },
      acl_check_cmd: (L) => this.#aclCheck(L),
      // No debugger is attached to a server.
      breakpoint: (L) => {
        this.#machine.api.lua_pushboolean(L, 0);
        return 1;
      },
      debug: () => 0,
      REPL_NONE,
      REPL_AOF,
      REPL_SLAVE: REPL_REPLICA,
      REPL_REPLICA,
      REPL_ALL,
      ...this.constants(),
    };
  }

  /** Those that a library of functions has while it registers them. */
  constants(): LibraryValues {
    const version = serverVersion.split(".").map(Number);
    return {
      log: (L) => this.#log(L),
      LOG_DEBUG: 0,
      LOG_VERBOSE: 1,
      LOG_NOTICE: 2,
      LOG_WARNING: 3,
      REDIS_VERSION: serverVersion,
      REDIS_VERSION_NUM: (version[0]! << 16) | (version[1]! << 8) | version[2]!,
    };
  }

  /** Keeps the arguments of the command that runs the script, whose place those of its calls take; the result puts them back. */
  keepArguments(): () => void {
    const { args } = this.#host;
    const kept = this.#kept;
    kept.count = 0;
    const { buffer, requestStart, requestEnd } = args;
    args.swap(kept);
    return () => {
      args.swap(kept);
      args.buffer = buffer;
      args.requestStart = requestStart;
      args.requestEnd = requestEnd;
    };
  }

  #call(L: LuaState, raises: boolean): number {
    const { run } = this;
    const machine = this.#machine;
    if (run === undefined)
      throw new ReplyError("ERR redis.call/pcall can only be called inside a script invocation");
    const { session, rules } = run;
    const wrong = this.#loadArguments(L);
    if (wrong !== undefined) return this.#fail(L, wrong, raises);
    const reply = this.#reply;
    reply.length = 0;
    reply.version = run.version;
    const own = session.reply;
    session.reply = reply;
    session.isInScript = true;
    const dirtyBefore = this.#host.dirty;
    let refused: string | undefined;
    try {
      refused = this.#host.callFromScript(session, rules);
    } catch (error) {
      // What a command throws has left it half done, also where that is for want of stack.
      throw new Error("a command has failed in a script", { cause: error });
    } finally {
      session.reply = own;
      session.isInScript = false;
    }
    if (this.#host.dirty !== dirtyBefore) rules.hasWritten = true;
    if (refused !== undefined) return this.#fail(L, refused, raises);
    machine.api.lua_settop(L, 0);
    this.converter.push(L, reply.buffer);
    if (reply.buffer[0] === MINUS) {
      // The error was counted where it arose.
      machine.pushLatin1(L, "ignore_error_stats_update");
      machine.api.lua_pushboolean(L, 1);
      machine.api.lua_rawset(L, -3);
      if (raises) return machine.api.lua_error(L);
    }
    if (reply.buffer.length > REPLY_KEPT_BYTES) this.#reply = this.#host.createReply(4096);
    return 1;
  }

  /** Points the session's arguments at the strings on the stack, where they are; says what is wrong with them. */
  #loadArguments(L: LuaState): string | undefined {
    const machine = this.#machine;
    const { api } = machine;
    const count = api.lua_gettop(L);
    if (count === 0) return "ERR Please specify at least one argument for this redis lib call";
    for (let index = 1; index <= count; index++) {
      const type = api.lua_type(L, index);
      if (type === LUA_TSTRING) continue;
      if (type !== LUA_TNUMBER) return "ERR Lua redis lib command arguments must be strings or integers";
      machine.pushLatin1(L, formatDouble(api.lua_tonumber(L, index)));
      api.lua_replace(L, index);
    }
    const { args } = this.#host;
    args.count = 0;
    args.requestStart = -1;
    for (let index = 1; index <= count; index++) {
      const address = machine.stringAt(L, index);
      args.push(address, machine.stringLength);
    }
    args.buffer = machine.heap;
    return undefined;
  }

  /** An error of a call: a table, which `call` raises and `pcall` returns. */
  #fail(L: LuaState, text: string, raises: boolean): number {
    const machine = this.#machine;
    const { api } = machine;
    api.lua_settop(L, 0);
    api.lua_createtable(L, 0, 1);
    machine.pushLatin1(L, "err");
    machine.pushUtf8(L, text);
    api.lua_rawset(L, -3);
    return raises ? api.lua_error(L) : 1;
  }

  #raise(L: LuaState, text: string): number {
    return this.#fail(L, `ERR ${text}`, true);
  }

  #log(L: LuaState): number {
    const machine = this.#machine;
    const { api } = machine;
    const count = api.lua_gettop(L);
    if (count < 2) return this.#raise(L, "redis.log() requires two arguments or more.");
    if (api.lua_type(L, 1) !== LUA_TNUMBER)
      return this.#raise(L, "First argument must be a number (log level).");
    const level = Math.trunc(api.lua_tonumber(L, 1));
    if (!(level >= 0 && level <= 3)) return this.#raise(L, "Invalid debug level.");
    const words = [];
    for (let index = 2; index <= count; index++) {
      const word = machine.bytes(L, index);
      if (word !== undefined) words.push(word.toString());
    }
    this.#host.onScriptLog(level, words.join(" "));
    return 0;
  }

  #sha1hex(L: LuaState): number {
    const machine = this.#machine;
    if (machine.api.lua_gettop(L) !== 1) return this.#raise(L, "wrong number of arguments");
    const bytes = machine.bytes(L, 1) ?? Buffer.alloc(0);
    machine.pushLatin1(L, createHash("sha1").update(bytes).digest("hex"));
    return 1;
  }

  #textReply(L: LuaState, field: "err" | "ok"): number {
    const machine = this.#machine;
    const { api } = machine;
    if (api.lua_gettop(L) !== 1 || api.lua_type(L, -1) !== LUA_TSTRING)
      return this.#fail(L, "ERR wrong number or type of arguments", false);
    let text = machine.latin1(L, 1)!;
    if (field === "err") text = errorText(text);
    api.lua_createtable(L, 0, 1);
    machine.pushLatin1(L, field);
    machine.pushLatin1(L, text);
    api.lua_rawset(L, -3);
    return 1;
  }

  #setResp(L: LuaState): number {
    const { api } = this.#machine;
    if (api.lua_gettop(L) !== 1) return this.#raise(L, "redis.setresp() requires one argument.");
    const version = api.lua_tonumber(L, 1);
    if (version !== 2 && version !== 3) return this.#raise(L, "RESP version must be 2 or 3.");
    if (this.run !== undefined) this.run.version = version;
    return 0;
  }

  #setRepl(L: LuaState): number {
    const { api } = this.#machine;
    if (this.run === undefined)
      throw new ReplyError("ERR redis.set_repl can only be called inside a script invocation");
    if (api.lua_gettop(L) !== 1) return this.#raise(L, "redis.set_repl() requires two arguments.");
    const flags = Math.trunc(api.lua_tonumber(L, 1));
    if (!(flags >= 0 && flags <= REPL_ALL)) {
      return this.#raise(L, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.");
    }
    this.#host.propagation.isOff = (flags & REPL_AOF) === 0;
    return 0;
  }

  #aclCheck(L: LuaState): number {
    const { run } = this;
    const { api } = this.#machine;
    if (run === undefined)
      throw new ReplyError("ERR redis.acl_check_cmd can only be called inside a script invocation");
    if (api.lua_gettop(L) === 0)
      return this.#raise(L, "Please specify at least one argument for this redis.acl_check_cmd() call");
    const wrong = this.#loadArguments(L);
    if (wrong !== undefined) return this.#fail(L, wrong, true);
    const may = this.#host.mayCall(run.session);
    if (may === undefined) return this.#raise(L, "Invalid command passed to redis.acl_check_cmd()");
    api.lua_pushboolean(L, may ? 1 : 0);
    return 1;
  }
}

/** The text of an error as redis.error_reply makes it: one word alone has no code. */
function errorText(given: string): string {
  const text = (given.startsWith("-") ? given.slice(1) : given).replace(/[\r\n]+$/, "");
  return text.includes(" ") ? text : `ERR ${text}`;
}
