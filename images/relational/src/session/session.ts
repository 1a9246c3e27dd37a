import type { SecurityContext } from "@weftkit/auth";
import type { LockOwner } from "@weftkit/store";
import type { Catalog } from "../catalog/catalog.ts";
import { type ErrorDetails, PgError } from "../errors.ts";
import type { pg } from "../parse/ast.ts";
import { type ParsedStatement, parse, positionOf } from "../parse/parse.ts";
import type { ReplicationCommand } from "../replication/grammar.ts";
import type { PluginContext } from "../replication/output-plugin.ts";
import type { Datum } from "../types/datum.ts";
import { typeOps } from "../types/registry.ts";
import type { IoContext } from "../types/type-ops.ts";
import { SessionAuthority } from "./authority.ts";
import type { Block } from "./block.ts";
import { nowMicros } from "./clock.ts";
import { startCopyIn, startCopyOut } from "./copy.ts";
import type { CurrentRow } from "./current-rows.ts";
import { toPgError } from "./errors.ts";
import { decodeParameters } from "./parameters.ts";
import { openPortal } from "./portal.ts";
import { checkNotFailed, type PreparedStatement, prepareStatement } from "./prepare.ts";
import { pluginContext, replicate, requireSender } from "./replication.ts";
import { SessionSettings, settingsOfRole } from "./session-settings.ts";
import type { SessionDatabase, SessionState } from "./state.ts";
import { dropTemporary } from "./temporary.ts";
import { TransactionControl } from "./transaction-control.ts";
import type {
  CopyIn,
  CopyOut,
  Portal,
  Prepared,
  ReplicationResult,
  Session,
  SessionEvents,
  SessionOptions,
  TransactionStatus,
} from "./types.ts";

/** See `Session`. */
export class SqlSession implements Session, SessionState {
  readonly processId: number;
  readonly database: SessionDatabase;
  readonly user: SecurityContext;
  readonly authority: SessionAuthority;
  readonly events: SessionEvents;
  readonly settings: SessionSettings;
  readonly transactions: TransactionControl;
  readonly clientAddress: string | undefined;
  readonly clientPort: number | undefined;
  readonly startedAt = Date.now();
  readonly statements = new Map<string, Prepared>();
  readonly cursors = new Map<string, Portal>();
  readonly currentRows = new Map<string, CurrentRow>();
  readonly lastValues = new Map<number, bigint>();
  readonly listening = new Set<string>();
  lastSequence: number | undefined;
  exportedSnapshot: string | undefined;
  /** For pg_stat_activity. */
  currentQuery = "";
  queryStartedAt: number | undefined;
  #abort: AbortController | undefined;
  #pending: { from: number; channel: string; payload: string }[] = [];
  #isClosed = false;

  constructor(database: SessionDatabase, processId: number, options: SessionOptions) {
    this.database = database;
    this.processId = processId;
    this.user = options.user;
    this.events = options.events;
    this.clientAddress = options.clientAddress;
    this.clientPort = options.clientPort;
    this.transactions = new TransactionControl(this);
    this.authority = new SessionAuthority(options.user, this.#authoritySource());
    this.settings = new SessionSettings(options, processId, {
      tell: (name, value) => this.events.parameterStatus(name, value),
      authority: this.authority,
      defaults: settingsOfRole(this.catalog, options.user.user),
      refused: (error) => this.events.notice({ severity: "WARNING", error }),
    });
  }

  #authoritySource() {
    const session = this;
    return {
      get catalog() {
        return session.catalog;
      },
      // While the settings are made, nobody has become another one yet.
      setting: (name: "role" | "session_authorization") =>
        (session.settings as SessionSettings | undefined)?.get(name) ??
        (name === "role" ? "none" : session.user.user),
      configured: (role: number) => session.database.configured.get(role),
    };
  }

  get block(): Block | undefined {
    return this.transactions.block;
  }

  get status(): TransactionStatus {
    const { block } = this;
    if (block === undefined || !block.isExplicit) return "I";
    return block.isFailed ? "E" : "T";
  }

  /** Definitions as this session sees them. */
  get catalog(): Catalog {
    return this.block?.catalog ?? this.database.catalog;
  }

  get io(): IoContext {
    return this.settings.io(this.catalog, this.block?.start ?? nowMicros());
  }

  reportedSettings(): ReadonlyMap<string, string> {
    return this.settings.reported();
  }

  parse(text: string): readonly ParsedStatement[] {
    this.#withdrawExport();
    return parse(text);
  }

  async prepare(
    statement: ParsedStatement | undefined,
    parameterOids: readonly number[],
    text: string,
  ): Promise<Prepared> {
    try {
      return prepareStatement(this, statement, parameterOids, text);
    } catch (error) {
      await this.fail();
      throw this.report(error, statement, text);
    }
  }

  async bind(
    prepared: Prepared,
    values: readonly (Uint8Array | null)[],
    formats: readonly number[],
  ): Promise<Portal> {
    try {
      const own = prepared as PreparedStatement;
      return openPortal(this, own, decodeParameters(this, own, values, formats));
    } catch (error) {
      await this.fail();
      throw this.report(error, prepared.statement, (prepared as PreparedStatement).source);
    }
  }

  /** What a replication command has exported is there until the next command. */
  #withdrawExport(): void {
    if (this.exportedSnapshot !== undefined) this.database.exports.withdraw(this.exportedSnapshot);
    this.exportedSnapshot = undefined;
  }

  pluginContext(): PluginContext {
    return pluginContext(this);
  }

  requireSender(): void {
    requireSender(this);
  }

  async replicate(command: ReplicationCommand): Promise<ReplicationResult> {
    try {
      this.#withdrawExport();
      checkNotFailed(this, undefined);
      return await replicate(this, command);
    } catch (error) {
      await this.fail();
      throw this.report(error, undefined, "");
    }
  }

  copyIn(prepared: Prepared): Promise<CopyIn> {
    return this.#copying(prepared, startCopyIn);
  }

  copyOut(prepared: Prepared): Promise<CopyOut> {
    return this.#copying(prepared, startCopyOut);
  }

  async #copying<T>(prepared: Prepared, start: (session: SessionState, stmt: pg.CopyStmt) => T): Promise<T> {
    const { statement } = prepared;
    try {
      checkNotFailed(this, statement?.node);
      return start(this, statement?.node.CopyStmt ?? {});
    } catch (error) {
      await this.fail();
      throw this.report(error, statement, (prepared as PreparedStatement).source);
    }
  }

  encode(typeOid: number, value: Datum, format: 0 | 1): Uint8Array | null {
    if (value === null) return null;
    const ops = typeOps(this.catalog, typeOid);
    return format === 1 ? ops.send(value, this.io) : Buffer.from(ops.output(value, this.io));
  }

  preparedByName(name: string): Prepared | undefined {
    return this.statements.get(name);
  }

  savePrepared(name: string, prepared: Prepared): void {
    this.statements.set(name, prepared as PreparedStatement);
  }

  async finish(): Promise<void> {
    try {
      await this.transactions.finish();
    } catch (error) {
      throw this.report(error, undefined, "");
    }
    this.#deliverPending();
  }

  async fail(): Promise<void> {
    await this.transactions.fail();
  }

  /** Cursors without HOLD end with their transaction; notifications that waited are told. */
  transactionEnded(_isCommitted: boolean): void {
    for (const [name, cursor] of this.cursors) {
      if (cursor.isKept === true) continue;
      cursor.close();
      this.cursors.delete(name);
    }
  }

  #advisoryOwner: LockOwner | undefined;

  advisoryOwner(): LockOwner {
    this.#advisoryOwner ??= this.database.store.locks.newOwner(`session ${this.processId}`);
    return this.#advisoryOwner;
  }

  releaseAdvisory(): void {
    if (this.#advisoryOwner !== undefined) this.database.store.locks.releaseAll(this.#advisoryOwner);
  }

  /** Runs what can be canceled from outside. */
  async cancelable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#abort = controller;
    try {
      return await work(controller.signal);
    } finally {
      this.#abort = undefined;
    }
  }

  get isRunning(): boolean {
    return this.#abort !== undefined;
  }

  cancel(): void {
    this.#abort?.abort();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#withdrawExport();
    this.cancel();
    for (const cursor of this.cursors.values()) cursor.close();
    await this.transactions.rollback();
    this.releaseAdvisory();
    try {
      await dropTemporary(this);
      await this.transactions.finish();
      await this.database.slots?.dropTemporary(this.processId);
    } catch {
      // What is left is removed when the database is opened.
    }
    this.database.sessions.delete(this.processId);
  }

  /** A notification for this session, if it listens; told when no transaction is open. */
  deliver(from: number, channel: string, payload: string): void {
    if (!this.listening.has(channel)) return;
    this.#pending.push({ from, channel, payload });
    if (this.block === undefined) this.#deliverPending();
  }

  #deliverPending(): void {
    if (this.block !== undefined) return;
    for (const { from, channel, payload } of this.#pending.splice(0))
      this.events.notification(from, channel, payload);
  }

  notice(
    severity: "NOTICE" | "WARNING" | "INFO" | "LOG" | "DEBUG",
    message: string,
    code?: string,
    details: ErrorDetails = {},
  ): void {
    const rank = ["DEBUG", "LOG", "NOTICE", "WARNING", "INFO"];
    const least = this.settings.get("client_min_messages").toUpperCase().replace(/\d/, "");
    if (severity !== "INFO" && rank.indexOf(severity) < rank.indexOf(least)) return;
    if (least === "ERROR" && severity !== "INFO") return;
    this.events.notice({
      severity,
      error: new PgError(code ?? (severity === "WARNING" ? "01000" : "00000"), message, details),
    });
  }

  /** An error as clients get it: with a SQLSTATE, and a position in characters of the whole text. */
  report(error: unknown, statement: ParsedStatement | undefined, text: string): PgError {
    const given = toPgError(error);
    if (given.location === undefined || given.details.position !== undefined || text === "") return given;
    void statement;
    const position = positionOf(text, given.location);
    const reported = new PgError(given.code, given.message, { ...given.details, position });
    if (given.stack !== undefined) reported.stack = given.stack;
    return reported;
  }
}
