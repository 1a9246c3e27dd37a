import type { Denial } from "../command-table/access.ts";
import type { RegisteredCommand, Registry } from "../command-table/registry.ts";
import { DEFECT, LOADING, NOAUTH, OOM, READONLY, wrongArity } from "../errors.ts";
import type { Propagation } from "../persistence/propagation.ts";
import { Args } from "../protocol/args.ts";
import type { ScriptRules } from "../scripting/host.ts";
import { monitorLine } from "../session/monitoring.ts";
import type { Pausing } from "../session/pausing.ts";
import type { Session, Transaction } from "../session/session.ts";
import type { Tracking } from "../session/tracking.ts";
import { SlabExhausted } from "../storage/slab.ts";
import { CommandTimer } from "./command-timer.ts";

const SHOWN_MAX = 128;
/** What a queued argument costs beside its bytes. */
const QUEUED_ARGUMENT_BYTES = 96;

/** Which commands a cluster refuses. */
export interface ClusterRules {
  denial(command: RegisteredCommand, args: Args): string | undefined;
  transactionDenial(
    commands: readonly { command: RegisteredCommand; values: readonly Buffer[] }[],
    scratch: Args,
  ): string | undefined;
}

/** What dispatching asks of the server. */
export interface DispatchHost<Client extends Session> {
  readonly now: number;
  dirty: number;
  /** The session whose input is being run. */
  readonly running: Client | undefined;
  readonly settings: {
    readonly queryBufferLimitBytes: number;
    readonly slowlogMicroseconds: number;
    readonly maxMemory: number;
  };
  readonly statistics: { queryBufferLimitDisconnections: number; commandsProcessed: number };
  readonly pausing: Pausing;
  readonly propagation: Propagation;
  readonly cluster: ClusterRules | undefined;
  /** What the engine is as a replica, if it is one. */
  readonly following: { readonly isLoading: boolean } | undefined;
  readonly tracking: Tracking;
  readonly monitors: ReadonlySet<Client>;
  /** What all but a few commands are answered while a script that runs long is suspended. */
  readonly busy: string | undefined;
  /** Why writes are refused at the moment, or undefined. */
  readonly writesRefused: string | undefined;
  readonly onDefect: (error: unknown, commandName: string) => void;
  /** Whether the text, digest or name that EVAL, EVALSHA or FCALL is given is of what writes nothing. */
  readonly isReadOnlyScript: (commandName: string, script: Buffer) => boolean;
  serveBlocked(): void;
  feedMonitors(line: string): void;
  noteSlow(session: Client, command: RegisteredCommand, microseconds: number): void;
  /** Told of what a user may not do. */
  noteDenied(session: Client, denial: Denial, context: "toplevel" | "multi" | "lua"): void;
  /** Told what a command that is timed alone took. */
  noteLatency(command: RegisteredCommand, microseconds: number): void;
  /** Evicts until memory is below its limit; false when it stays above. */
  makeRoom(): boolean;
}

/** A session with what dispatching keeps in it. */
export interface DispatchState<Client extends Session> {
  command: RegisteredCommand<Client>;
  lastCommand: RegisteredCommand | undefined;
  transaction: Transaction<Client> | undefined;
}

/** How a command comes to run: found, checked, queued or held back, run, counted, recorded. */
export class Dispatcher<Client extends Session & DispatchState<Client>> {
  readonly registry: Registry<Client>;
  readonly #server: DispatchHost<Client>;
  readonly timer = new CommandTimer();

  constructor(server: DispatchHost<Client>, registry: Registry<Client>) {
    this.#server = server;
    this.registry = registry;
  }

  /** Runs the command in `session.args`; exactly one reply is written, later if the session blocks. */
  execute(session: Client): void {
    if (session.replyMode === "on") this.#execute(session);
    else this.#executeSilently(session);
    if (this.#server.running === session) session.appendPushes();
  }

  /** CLIENT REPLY OFF and SKIP: the command runs, its reply is dropped. */
  #executeSilently(session: Client): void {
    const { reply } = session;
    const { length } = reply;
    if (session.replyMode === "skip-next") session.replyMode = "skip";
    this.#execute(session);
    // CLIENT REPLY ON answers even when it is the command to skip, and subscriptions are pushes, not replies.
    const isPush = session.command?.name.endsWith("subscribe") ?? false;
    if (session.replyMode !== "on" && !isPush) reply.length = length;
    if (session.replyMode === "skip") session.replyMode = "on";
  }

  #execute(session: Client): void {
    const server = this.#server;
    const command = this.#find(session);
    if (command === undefined) return;
    session.command = command;
    session.lastCommand = command;
    session.lastCommandAt = server.now;
    const denial = this.#denial(session, command);
    if (denial !== undefined) {
      this.#reject(session, command, denial);
      return;
    }
    if (session.transaction !== undefined && !command.controlsTransaction) {
      this.#queue(session, session.transaction, command);
      return;
    }
    if (server.pausing.isActive && !session.isFollowing && this.#isHeld(session, command)) {
      session.hold();
      return;
    }
    this.call(session, command);
    server.propagation.endUnit();
    server.serveBlocked();
    // What CLIENT CACHING said was about this command, or this transaction.
    if (session.tracking !== undefined && session.transaction === undefined && command.name !== "caching")
      session.tracking.caching = undefined;
  }

  /** Keeps a command for EXEC; a client that queues more than it may send ends there (Redis, networking.c). */
  #queue(session: Client, transaction: Transaction<Client>, command: RegisteredCommand<Client>): void {
    const { args, reply } = session;
    const { settings, statistics } = this.#server;
    for (let i = 0; i < args.count; i++) transaction.bytes += args.lengths[i]! + QUEUED_ARGUMENT_BYTES;
    if (transaction.bytes > settings.queryBufferLimitBytes) {
      statistics.queryBufferLimitDisconnections++;
      session.connection?.destroy();
      return;
    }
    transaction.commands.push({ command, values: args.copyAll() });
    reply.simple("QUEUED");
  }

  /** Runs the command in `session.args` for a script; says why not, when it may not (Redis, scriptCall). */
  callFromScript(session: Client, rules: ScriptRules): string | undefined {
    const found = this.#findForScript(session.args);
    if (typeof found === "string") return found;
    const denied = this.#scriptDenial(session, found, rules);
    if (denied !== undefined) {
      found.rejectedCalls++;
      return denied;
    }
    session.command = found;
    this.call(session, found);
    return undefined;
  }

  /** Whether the session's user may run the command in its arguments; undefined when there is no such command. */
  mayCall(session: Client): boolean | undefined {
    const found = this.#findForScript(session.args);
    if (typeof found === "string") return undefined;
    return session.access?.denial(found, session.args) === undefined;
  }

  #findForScript(args: Args): RegisteredCommand<Client> | string {
    const command = this.registry.find(args);
    if (command === undefined) return "ERR Unknown Redis command called from script";
    let found: RegisteredCommand<Client> | undefined = command;
    if (command.registered.length > 0 && args.count > 1) found = this.registry.findSubcommand(command, args);
    if (found === undefined) return "ERR Unknown Redis command called from script";
    const isArity = found.arity > 0 ? args.count === found.arity : args.count >= -found.arity;
    if (!isArity) return "ERR Wrong number of args calling Redis command from script";
    return found;
  }

  #scriptDenial(session: Client, command: RegisteredCommand<Client>, rules: ScriptRules): string | undefined {
    const server = this.#server;
    if (command.isBarredFromScripts) return "ERR This Redis command is not allowed from script";
    const denied = session.isRerunning ? undefined : session.access?.denial(command, session.args);
    if (denied !== undefined) {
      server.noteDenied(session, denied, "lua");
      return denied.message.replace(/^NOPERM /, "NOPERM ACL failure in script: ");
    }
    const wrong = server.cluster?.denial(command, session.args);
    if (wrong !== undefined) return wrong;
    if (command.isWrite && server.following !== undefined && !session.isFollowing) return READONLY;
    if (command.isWrite || command.mayReplicate) {
      if (rules.isReadOnly) return "ERR Write commands are not allowed from read-only scripts.";
      if (command.isWrite && server.writesRefused !== undefined) return server.writesRefused;
    }
    if (rules.isOutOfMemory && command.deniesOom && !rules.hasWritten) return OOM;
    return undefined;
  }

  /** Runs a handler, counts it and records what it changed. Arity and rights are already checked. */
  call(session: Client, command: RegisteredCommand<Client>): void {
    const server = this.#server;
    const { reply, args } = session;
    const dirtyBefore = server.dirty;
    const errorsBefore = reply.errors;
    const replyBefore = reply.length;
    const { timer } = this;
    const mayBeBrief = timer.mayBeBrief(command, args.requestBytes, server.settings.slowlogMicroseconds);
    if (!mayBeBrief) timer.settle();
    session.takeRewritten();
    const database = session.db.index;
    session.db.isTouchOff = session.isNotTouching && command.name !== "touch";
    // EXEC is shown after what it ran, and a command that waited once, when it came.
    const isShown = server.monitors.size > 0 && !session.isRetrying;
    const monitored = isShown ? monitorLine(session, command, server.now) : undefined;
    if (monitored !== undefined && command.name !== "exec") server.feedMonitors(monitored);
    this.#run(session, command);
    if (monitored !== undefined && command.name === "exec") server.feedMonitors(monitored);
    // A command that waits is counted once, when it is over.
    if (session.blocked === undefined) {
      command.calls++;
      server.statistics.commandsProcessed++;
    }
    if (mayBeBrief && !session.tookLong && timer.wasBrief(reply.length - replyBefore)) {
      timer.endBrief(command);
    } else {
      session.tookLong = false;
      // One that waits is told of when it is over.
      if (session.blocked !== undefined) timer.skip();
      else {
        const microseconds = timer.end(command);
        const { slowlogMicroseconds } = server.settings;
        if (microseconds >= slowlogMicroseconds && slowlogMicroseconds >= 0)
          server.noteSlow(session, command, microseconds);
        server.noteLatency(command, microseconds);
      }
    }
    if (reply.errors !== errorsBefore) command.failedCalls++;
    if (server.dirty !== dirtyBefore && !session.isReplaying) this.#record(session, database);
    if (session.tracking !== undefined) server.tracking.remember(session, command, args);
    session.calledAs = undefined;
    session.args.replaced.clear();
  }

  /** Runs the handler. A defect of ours costs the client an error; but a half-done change must not be gone on from. */
  #run(session: Client, command: RegisteredCommand<Client>): void {
    const server = this.#server;
    const { reply } = session;
    const { length } = reply;
    const dirtyBefore = server.dirty;
    try {
      command.run(session);
    } catch (error) {
      if (server.dirty !== dirtyBefore || session.isReplaying) throw error;
      reply.length = length;
      if (error instanceof SlabExhausted) reply.error(OOM);
      else {
        server.onDefect(error, command.fullName);
        reply.error(DEFECT);
      }
    }
  }

  #record(session: Client, database: number): void {
    const { propagation } = this.#server;
    if (propagation.journal === undefined) return;
    session.hasUnsavedWrites = true;
    const rewritten = session.takeRewritten();
    if (rewritten === undefined) propagation.command(database, session.args);
    else for (const values of rewritten) propagation.change(database, values);
  }

  /** The command that the arguments name; undefined after the error was answered. */
  #find(session: Client): RegisteredCommand<Client> | undefined {
    const { args } = session;
    let command = this.registry.find(args);
    if (command === undefined) {
      if (isWebRequest(args)) {
        session.connection?.destroy();
        return undefined;
      }
      this.#reject(session, undefined, unknownCommand(args));
      return undefined;
    }
    if (command.registered.length > 0 && (args.count > 1 || command.handler === undefined)) {
      const sub = args.count > 1 ? this.registry.findSubcommand(command, args) : undefined;
      if (sub === undefined) {
        const denied =
          command.hasOpenSubcommands === true ? session.access?.denial(command, args) : undefined;
        const unknown = args.count > 1 ? unknownSubcommand(command, args) : wrongArity(command.name);
        this.#reject(session, command, denied?.message ?? unknown);
        return undefined;
      }
      command = sub;
    }
    if (command.arity > 0 ? args.count !== command.arity : args.count < -command.arity) {
      this.#reject(session, command, wrongArity(command.fullName));
      return undefined;
    }
    return command;
  }

  /** Why a session may not run a command now, or undefined. */
  #denial(session: Client, command: RegisteredCommand<Client>): string | undefined {
    if (session.isRerunning) return undefined;
    const server = this.#server;
    if (server.busy !== undefined && !command.flags.includes("allow_busy")) return server.busy;
    if (session.access === undefined) {
      if (!command.flags.includes("no_auth")) return NOAUTH;
    } else {
      const denied = session.access.denial(command, session.args);
      if (denied !== undefined) {
        server.noteDenied(session, denied, session.transaction === undefined ? "toplevel" : "multi");
        return denied.message;
      }
    }
    if (server.following !== undefined) {
      if (server.following.isLoading && !command.flags.includes("loading")) return LOADING;
      if (this.#writes(session, command)) return READONLY;
    } else if (server.settings.maxMemory > 0 && !server.makeRoom() && this.#needsMemory(session, command))
      return OOM;
    if (server.cluster !== undefined) {
      const wrong =
        command.name === "exec" && session.transaction !== undefined
          ? server.cluster.transactionDenial(session.transaction.commands, new Args())
          : server.cluster.denial(command, session.args);
      if (wrong !== undefined) return wrong;
    }
    if (server.writesRefused !== undefined && this.#writes(session, command)) return server.writesRefused;
    return session.contextDenial(command);
  }

  #needsMemory(session: Client, command: RegisteredCommand<Client>): boolean {
    if (command.deniesOom) return true;
    return (
      command.name === "exec" &&
      (session.transaction?.commands.some((each) => each.command.deniesOom) ?? false)
    );
  }

  #writes(session: Client, command: RegisteredCommand<Client>): boolean {
    if (command.isWrite) return true;
    return (
      command.name === "exec" && (session.transaction?.commands.some((each) => each.command.isWrite) ?? false)
    );
  }

  #isHeld(session: Client, command: RegisteredCommand<Client>): boolean {
    const { args, transaction } = session;
    if (this.#waits(command, args.count > 1 ? args.view(1) : undefined)) return true;
    if (command.name !== "exec") return false;
    return transaction?.commands.some((each) => this.#waits(each.command, each.values[1])) ?? false;
  }

  /** Whether a command waits for the end of a pause; a script that says that it writes nothing does as a read does. */
  #waits(command: RegisteredCommand, first: Buffer | undefined): boolean {
    const { pausing, isReadOnlyScript } = this.#server;
    if (!pausing.holds(command)) return false;
    const isScript = command.group === "scripting" && first !== undefined;
    return pausing.holdsEverything || !isScript || !isReadOnlyScript(command.name, first);
  }

  #reject(session: Client, command: RegisteredCommand<Client> | undefined, error: string): void {
    if (command !== undefined) command.rejectedCalls++;
    if (session.transaction !== undefined) {
      if (command?.name === "exec") {
        session.discardTransaction();
        session.reply.error(`EXECABORT Transaction discarded because of: ${error}`);
        return;
      }
      session.transaction.isAborted = true;
    }
    session.reply.error(error);
  }
}

/**
 * A page in a browser can make it POST lines of its choice to this port; the connection ends before one of them is
 * taken for a command (Redis, securityWarningCommand).
 */
function isWebRequest(args: Args): boolean {
  return args.is(0, "POST") || args.is(0, "HOST:");
}

function unknownCommand(args: Args): string {
  let shown = "";
  for (let i = 1; i < args.count && shown.length < SHOWN_MAX; i++) {
    shown += `'${shownText(args, i).slice(0, SHOWN_MAX - shown.length)}' `;
  }
  return `ERR unknown command '${shownText(args, 0).slice(0, SHOWN_MAX)}', with args beginning with: ${shown}`;
}

/** An argument as error messages show it: up to its first NUL, where Redis's C strings end. */
function shownText(args: Args, index: number): string {
  return args.latin1(index).split("\0", 1)[0]!;
}

function unknownSubcommand(container: RegisteredCommand, args: Args): string {
  return `ERR unknown subcommand '${shownText(args, 1).slice(0, SHOWN_MAX)}'. Try ${container.name.toUpperCase()} HELP.`;
}
