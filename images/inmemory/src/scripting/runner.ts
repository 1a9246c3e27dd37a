import { OOM } from "../errors.ts";
import type { Session } from "../session/session.ts";
import type { ScriptHost } from "./host.ts";
import { standardLibraries } from "./libraries/standard.ts";
import {
  isMachineFailure,
  LUA_REGISTRYINDEX,
  LUA_TSTRING,
  LUA_TTABLE,
  LUA_YIELD,
  type LuaMachine,
  type LuaState,
  ReplyError,
} from "./lua/machine.ts";
import { type LibraryValues, Sandbox } from "./lua/sandbox.ts";
import { RedisLibrary, type ScriptRun } from "./redis-library.ts";
import type { ScriptFlags } from "./shebang.ts";

/** Instructions between two looks at the clock: about a millisecond. */
const INSTRUCTIONS_PER_LOOK = 100_000;
/** So long runs a script that takes long, before others get a turn again. */
const SLICE_MS = 10;

type Kind = "script" | "function";

const KILL_COMMANDS: Readonly<Record<Kind, string>> = { script: "SCRIPT KILL", function: "FUNCTION KILL" };

/** What is to be run. */
export interface Invocation {
  /** A function in the registry. */
  readonly reference: number;
  /** How errors name it: the script's hash, the function's name. */
  readonly name: string;
  readonly flags: ScriptFlags;
  readonly isReadOnlyCall: boolean;
  readonly kind: Kind;
  readonly keys: { readonly from: number; readonly count: number };
}

/** What runs at the moment. */
interface Current<Client extends Session> {
  readonly run: ScriptRun<Client>;
  readonly invocation: Invocation;
  readonly thread: LuaState;
  /** `performance.now()` of its start. */
  readonly startedAt: number;
  /** The server's time while it runs. */
  readonly now: number;
  /** `performance.now()` when the slice at hand has to end. */
  sliceEnd: number;
  isSuspendable: boolean;
  isSuspending: boolean;
  isKilled: boolean;
  /** Ends the unit of changes, and puts back what the session had. */
  readonly end: () => void;
}

/**
 * Runs a script or a function for a session, as one unit of changes.
 *
 * One that runs longer than `busyReplyMs` is suspended again and again, so that other clients can be told that the server
 * is busy, and can end it. Their commands are refused meanwhile: a script sees one moment in time.
 */
export class Runner<Client extends Session> {
  readonly sandbox: Sandbox;
  readonly #host: ScriptHost<Client>;
  readonly #library: RedisLibrary<Client>;
  /** Called now and then while something other than `run` runs, a library that is being loaded. */
  whileLoading: () => void = () => {};
  #current: Current<Client> | undefined;
  #isThreadUsable = false;
  /** The command that runs what is suspended. */
  #words: readonly Buffer[] = [];

  /** @param loading what a library of functions sees beside the constants of `redis` while it registers them */
  constructor(host: ScriptHost<Client>, loading?: (machine: LuaMachine) => LibraryValues) {
    this.#host = host;
    let library: RedisLibrary<Client> | undefined;
    const sandbox = new Sandbox(host.settings.scriptMemoryBytes, (machine) => {
      library = new RedisLibrary(host, machine);
      return {
        redis: library.values(),
        ...(loading && { loading: { ...library.constants(), ...loading(machine) } }),
        ...standardLibraries(machine),
      };
    });
    this.sandbox = sandbox;
    this.#library = library!;
    const { machine } = sandbox;
    machine.onHook = (L) => this.#look(L);
    machine.hookEvery(machine.state, INSTRUCTIONS_PER_LOOK);
    sandbox.suspension = (thread) => this.#suspension(thread);
  }

  get isRunning(): boolean {
    return this.#current !== undefined;
  }

  /** What runs, since when (`performance.now()`), and whether it has changed anything. */
  get current():
    | { name: string; startedAt: number; hasWritten: boolean; words: readonly Buffer[] }
    | undefined {
    if (this.#current === undefined) return undefined;
    const { invocation, startedAt, run } = this.#current;
    return { name: invocation.name, startedAt, hasWritten: run.rules.hasWritten, words: this.#words };
  }

  #isStopped = false;

  /** What is suspended is not gone on with, nor is it recorded: the engine ends. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Ends what runs, at its next instructions. */
  kill(): void {
    if (this.#current !== undefined) this.#current.isKilled = true;
  }

  #look(L: LuaState): void {
    const current = this.#current;
    if (current === undefined) {
      this.whileLoading();
      return;
    }
    // It has stopped already, and is on its way out.
    if (current.isSuspending) return;
    const { machine } = this.sandbox;
    const { busyReplyMs } = this.#host.settings;
    const now = performance.now();
    if (!current.isKilled && busyReplyMs > 0 && now > current.sliceEnd) {
      if (current.isSuspendable && machine.isSuspendable(L)) {
        current.isSuspending = true;
        machine.api.lua_yield(L, 0);
        return;
      }
      this.#endIfOver(current);
    }
    if (!current.isKilled) return;
    // At every instruction from now on: an error that a script catches does not keep it alive.
    machine.hookEvery(L, 1);
    machine.hookEvery(current.thread, 1);
    throw new ReplyError(`ERR Script killed by user with ${KILL_COMMANDS[current.invocation.kind]}.`);
  }

  /** Where a script cannot be suspended nobody could end it: then this does, while there is nothing to undo. */
  #endIfOver(current: Current<Client>): void {
    const isOver = performance.now() > current.startedAt + 2 * this.#host.settings.busyReplyMs;
    if (isOver && !current.run.rules.hasWritten) current.isKilled = true;
  }

  /** As `Sandbox.suspension` says. */
  #suspension(thread: LuaState): 0 | 1 | 2 {
    const current = this.#current;
    if (current === undefined || !current.isSuspending) return 0;
    if (this.sandbox.machine.isSuspendable(thread)) return 1;
    // It waits in a C function: the script runs on for another while.
    this.#endIfOver(current);
    current.isSuspending = false;
    current.sliceEnd = performance.now() + SLICE_MS;
    return 2;
  }

  /** Runs it with the session's arguments, and writes its reply; later, if it takes long. */
  run(session: Client, invocation: Invocation): void {
    const denied = this.#denial(invocation);
    if (denied !== undefined) {
      session.reply.error(denied);
      return;
    }
    const { flags, isReadOnlyCall } = invocation;
    const host = this.#host;
    const { api, state: L } = this.sandbox.machine;
    const run: ScriptRun<Client> = {
      session,
      version: 2,
      rules: {
        isReadOnly: isReadOnlyCall || flags.writesNothing,
        isOutOfMemory: !flags.allowsOutOfMemory && host.settings.maxMemory > 0 && !host.makeRoom(),
        hasWritten: false,
      },
    };
    let thread = 0;
    let passed = 0;
    try {
      thread = this.sandbox.freshThread(this.#isThreadUsable);
      this.#isThreadUsable = false;
      api.lua_rawgeti(L, LUA_REGISTRYINDEX, invocation.reference);
      passed = this.#pushArguments(L, session, invocation);
      api.lua_xmove(L, thread, passed + 1);
    } catch (error) {
      this.#break(session, invocation, error);
      return;
    }
    const { mayNotBlock, command, db } = session;
    const endUnit = host.propagation.begin();
    const startedAt = performance.now();
    this.#current = {
      run,
      invocation,
      thread,
      startedAt,
      now: host.now,
      sliceEnd: startedAt + host.settings.busyReplyMs,
      isSuspendable: !mayNotBlock,
      isSuspending: false,
      isKilled: false,
      end: () => {
        endUnit();
        host.propagation.isOff = false;
        session.mayNotBlock = mayNotBlock;
        session.command = command;
        // A script selects a database for itself alone.
        session.db = db;
      },
    };
    session.mayNotBlock = true;
    if (this.#step(passed)) {
      this.#words = session.args.copyAll();
      this.#suspend();
      session.isDeciding = true;
      session.command = command;
    }
    // What was done is recorded command by command.
    session.propagateNothing();
  }

  /** Answers for a machine that has failed, which the next script gets another one for. Throws what is a defect of a command's. */
  #break({ reply }: Client, { name }: Invocation, error: unknown): void {
    // Half of the command's changes are done: the process ends with it.
    if (!isMachineFailure(error)) throw error;
    this.sandbox.machine.isBroken = true;
    const what = error instanceof RangeError ? "stack overflow" : "not enough memory";
    reply.error(`ERR ${what} script: ${name}`);
  }

  /** Runs on; true when it was suspended, and must be run on once more. */
  #step(passed: number): boolean {
    const current = this.#current!;
    const { run, thread } = current;
    const { api } = this.sandbox.machine;
    const restore = this.#library.keepArguments();
    this.#library.run = run;
    let status = 0;
    try {
      status = api.lua_resume(thread, passed);
    } catch (error) {
      this.#current = undefined;
      current.end();
      // What Lua was at is lost, and what the script has changed stands.
      this.#break(run.session, current.invocation, error);
      return false;
    } finally {
      this.#library.run = undefined;
      restore();
    }
    if (status === LUA_YIELD && current.isSuspending) return true;
    this.#current = undefined;
    current.end();
    const { reply } = run.session;
    const { length } = reply;
    try {
      this.#answer(current, status);
    } catch (error) {
      reply.length = length;
      this.#break(run.session, current.invocation, error);
    }
    return false;
  }

  /** Lets others have a turn, and goes on after it. */
  #suspend(): void {
    const host = this.#host;
    const { kind } = this.#current!.invocation;
    host.busy = `BUSY Redis is busy running a script. You can only call ${KILL_COMMANDS[kind]} or SHUTDOWN NOSAVE.`;
    setImmediate(() => this.#resume());
  }

  #resume(): void {
    const current = this.#current;
    const host = this.#host;
    if (current === undefined || this.#isStopped) return;
    const { session } = current.run;
    const { now } = host;
    host.now = current.now;
    current.isSuspending = false;
    current.sliceEnd = performance.now() + SLICE_MS;
    const isOpen = session.isOpen;
    session.enter();
    const isSuspended = this.#step(0);
    session.propagateNothing();
    session.leave();
    host.now = now;
    if (isSuspended) {
      this.#suspend();
      return;
    }
    host.busy = undefined;
    session.isDeciding = false;
    host.afterSuspended();
    if (isOpen) session.connection?.resume();
  }

  /** Writes what the script has returned or raised. */
  #answer({ run, thread, invocation }: Current<Client>, status: number): void {
    const { api } = this.sandbox.machine;
    if (status === 0) {
      // Of several results the first is the reply.
      api.lua_settop(thread, 1);
      this.#library.converter.write(thread, run.session.reply, run.version);
      this.#isThreadUsable = true;
      return;
    }
    if (status === LUA_YIELD) {
      run.session.reply.error(`ERR attempt to yield outside a coroutine script: ${invocation.name}`);
      return;
    }
    this.sandbox.describeError(thread);
    this.#writeError(run.session, invocation.name);
    // The thread is not used again, and what it had is garbage.
    this.sandbox.forgetThread();
    this.sandbox.machine.collectIfFull();
  }

  /** Why it may not begin, or undefined (Redis, scriptPrepareForRun). */
  #denial({ flags, isReadOnlyCall }: Invocation): string | undefined {
    const host = this.#host;
    if (flags.isUndeclared) return undefined;
    if (isReadOnlyCall && !flags.writesNothing)
      return "ERR Can not execute a script with write flag using *_ro command.";
    if (flags.writesNothing) return undefined;
    if (host.writesRefused !== undefined) return host.writesRefused;
    if (!flags.allowsOutOfMemory && host.settings.maxMemory > 0 && !host.makeRoom()) {
      return `${OOM.slice(0, 4)}allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'`;
    }
    return undefined;
  }

  /** KEYS and ARGV: globals of a script, arguments of a function. Returns how many values were pushed. */
  #pushArguments(L: LuaState, session: Client, { kind, keys }: Invocation): number {
    const { args } = session;
    const first = keys.from;
    const end = first + keys.count;
    this.#pushList(L, session, first, end);
    if (kind === "script") this.sandbox.setGlobal(L, "KEYS");
    this.#pushList(L, session, end, args.count);
    if (kind === "script") this.sandbox.setGlobal(L, "ARGV");
    return kind === "script" ? 0 : 2;
  }

  #pushList(L: LuaState, { args }: Client, from: number, end: number): void {
    const { machine } = this.sandbox;
    machine.api.lua_createtable(L, end - from, 0);
    for (let index = from; index < end; index++) {
      machine.pushBytes(L, args.buffer, args.offsets[index]!, args.lengths[index]!);
      machine.api.lua_rawseti(L, -2, index - from + 1);
    }
  }

  /** Answers the error on top of the main state, and takes it away. */
  #writeError({ reply }: Client, name: string): void {
    const { machine } = this.sandbox;
    const { api, state: L } = machine;
    const field = (key: string) => {
      machine.pushLatin1(L, key);
      api.lua_rawget(L, -2);
      const text = machine.bytes(L, -1)?.toString();
      const isSet = api.lua_toboolean(L, -1) !== 0;
      api.lua_settop(L, -2);
      return { text, isSet };
    };
    let text = "ERR unknown error";
    let isCounted = false;
    if (api.lua_type(L, -1) === LUA_TTABLE) {
      text = field("err").text ?? text;
      const source = field("source").text;
      const line = field("line").text;
      if (source !== undefined && line !== undefined) text += ` script: ${name}, on ${source}:${line}.`;
      isCounted = field("ignore_error_stats_update").isSet;
    } else if (api.lua_type(L, -1) === LUA_TSTRING) text = `ERR ${machine.bytes(L, -1)!.toString()}`;
    api.lua_settop(L, 0);
    const { onError } = reply;
    if (isCounted) reply.onError = undefined;
    reply.error(text.replace(/^-/, ""));
    reply.onError = onError;
  }
}
