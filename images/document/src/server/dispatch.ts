import { WeftkitError } from "@weftkit/core";
import { exactInt64 } from "../bson/numbers.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { BinData, Doc, Double, Timestamp, type Value } from "../bson/values.ts";
import { codeName, MongoError, writeConflict } from "../errors.ts";
import { newCounters, type Run } from "../exec/run.ts";
import { type Collection, isOfDropped } from "../storage/collection.ts";
import { LockingWork } from "../storage/work.ts";
import type { Call, Command } from "./command.ts";
import type { ConnectionState } from "./connection-state.ts";
import { throwIfEnded } from "./deadline.ts";
import { collectionOf, requireCommandFields } from "./fields.ts";
import { maxTimeOf, requireReadConcern, requireWriteConcern } from "./generic-arguments.ts";
import type { Operation } from "./operation.ts";
import type { PointRead } from "./point-reads.ts";
import { requireRight } from "./rights.ts";
import type { Server } from "./server.ts";
import type { ClientSession } from "./sessions.ts";
import { ClientTransaction, noSuchTransaction } from "./transactions.ts";

/** A read goes on so long before others have their turn. */
const turnMsMax = 15;

/** Every command by its names. */
export type CommandTable = ReadonlyMap<string, Command>;

/**
 * Runs what a client sent. Gives the reply in any case: what went wrong is told in it.
 *
 * @param signal aborted when the client is gone
 */
export async function dispatch(
  server: Server,
  commands: CommandTable,
  connection: ConnectionState,
  body: Doc,
  signal: AbortSignal,
): Promise<Doc> {
  const name = body.firstKey ?? "";
  const command = commands.get(name);
  let session: ClientSession | undefined;
  let transaction: ClientTransaction | undefined;
  const failure = server.failPoints.take(command?.name ?? name, applicationOf(connection));
  if (failure !== undefined && failure.blockMs > 0)
    await new Promise((resolve) => setTimeout(resolve, failure.blockMs));
  if (failure?.closesConnection === true) throw closeConnection;
  const isRetryableWrite = body.has("txnNumber") && !body.has("autocommit");
  const statements = isRetryableWrite ? statementsOf(body) : 0;
  const write = isRetryableWrite ? server.failPoints.failureOfWrite(statements) : undefined;
  try {
    if (failure?.error !== undefined) throw failure.error;
    if (write?.code !== undefined) {
      server.failPoints.countWrite(statements);
      if (write.closesConnection) throw closeConnection;
      throw new MongoError(write.code, "Failing write via 'onPrimaryTransactionalWrite' failpoint");
    }
    const db = databaseOf(body);
    if (command === undefined) throw new MongoError(59, `no such command: '${name}'`);
    requireApiVersion(body);
    if (command.isAdminOnly === true && db !== "admin") {
      throw new MongoError(13, `${command.name} may only be run against the admin database.`);
    }
    requireLogin(server, command, connection);
    const lsid = body.get("lsid");
    // Where logins are off, one that was made all the same takes nothing away.
    const user = server.authenticator.anonymous ?? connection.user ?? nobody;
    if (lsid !== undefined) session = server.sessions.use(lsid, user.user);
    const { retry, current } = sessionState(server, command, body, session);
    transaction = current;
    requireReadConcern(command, body.get("readConcern"), transaction !== undefined);
    const unmet = requireWriteConcern(command, body.get("writeConcern"));
    maxTimeOf(body.get("maxTimeMS"));
    requireCommandFields(command, body);
    const collection = namedCollection(command, body, db);
    requireRight(command, user, db, collection, body);
    const reply = await runCommand(server, command, connection, {
      body,
      db,
      user,
      session,
      transaction,
      retry,
      collection,
      signal,
    });
    // What was only answered again has written nothing.
    if (isRetryableWrite && !reply.has("retriedStmtIds")) {
      server.failPoints.countWrite(statements);
      if (write?.closesConnection === true) throw closeConnection;
    }
    if (unmet !== undefined) reply.set("writeConcernError", writeConcernError(unmet));
    if (failure?.writeConcernError !== undefined) {
      reply.set("writeConcernError", failure.writeConcernError);
      if (failure.labels !== undefined) reply.set("errorLabels", [...failure.labels]);
    }
    return finished(server, reply);
  } catch (error) {
    if (error === closeConnection) throw error;
    const reply = failed(server, error, command, body, transaction);
    // As in MongoDB, failures that a test makes up do not have it.
    if (
      failure?.error === undefined &&
      resumableCodes.has(reply.get("code") as number) &&
      isOfChangeStream(server, body)
    )
      reply.set("errorLabels", [
        ...((reply.get("errorLabels") as Value[] | undefined) ?? []),
        "ResumableChangeStreamError",
      ]);
    if (failure?.labels !== undefined) {
      if (failure.labels.length === 0) reply.delete("errorLabels");
      else reply.set("errorLabels", [...failure.labels]);
    }
    return reply;
  }
}

function writeConcernError({ number, message, info }: MongoError): Doc {
  const error = Doc.of({ code: number, codeName: codeName(number), errmsg: message });
  if (info !== undefined) for (const [name, value] of info) error.set(name, value);
  return error;
}

/** How many writes a command is of. */
function statementsOf(body: Doc): number {
  for (const name of ["documents", "updates", "deletes", "ops"]) {
    const list = body.get(name);
    if (Array.isArray(list)) return list.length;
  }
  return 1;
}

/** Thrown when a test asks for the connection to be closed in place of an answer. */
export const closeConnection = Symbol("close the connection");

function applicationOf({ client }: ConnectionState): string | undefined {
  const application = client?.get("application");
  const name = application instanceof Doc ? application.get("name") : undefined;
  return typeof name === "string" ? name : undefined;
}

const nobody = { user: "", roles: [], can: () => false, scope: () => "none" as const };

function databaseOf(body: Doc): string {
  const db = body.get("$db");
  if (db === undefined) throw new MongoError(40571, "OP_MSG requests require a $db argument");
  if (typeof db !== "string")
    throw new MongoError(14, `BSON field '$db' is the wrong type '${typeName(db)}', expected type 'string'`);
  if (db === "" || /[/\\. "$\0]/.test(db) || Buffer.byteLength(db) > 63) {
    if (db === "$external") return db;
    throw new MongoError(73, `Invalid database name: '${db}'`);
  }
  return db;
}

function requireApiVersion(body: Doc): void {
  const version = body.get("apiVersion");
  if (version === undefined) {
    if (body.has("apiStrict") || body.has("apiDeprecationErrors")) {
      throw new MongoError(322, "Provided apiStrict or apiDeprecationErrors without passing apiVersion");
    }
    return;
  }
  if (version !== "1") throw new MongoError(322, 'API version must be "1"');
}

function requireLogin(server: Server, command: Command, connection: ConnectionState): void {
  if (command.right === "none" || connection.user !== undefined) return;
  if (server.authenticator.anonymous !== undefined) return;
  throw new MongoError(13, `Command ${command.name} requires authentication`);
}

function namedCollection(command: Command, body: Doc, db: string): string {
  const { right } = command;
  if (typeof right === "string" || right.on !== "collection") return "";
  const value = body.get(body.firstKey!);
  if (command.name === "aggregate" && isNumeric(value)) return "";
  if (command.name === "getMore" || command.name === "explain") return "";
  return collectionOf(body, body.firstKey!, db);
}

/** What the numbers of a session mean: a part of a transaction, a retryable write, or nothing. */
function sessionState(
  server: Server,
  command: Command,
  body: Doc,
  session: ClientSession | undefined,
): { retry: Call["retry"]; current: ClientTransaction | undefined } {
  const number = body.get("txnNumber");
  const none = { retry: undefined, current: undefined };
  const autocommit = body.get("autocommit");
  const start = body.get("startTransaction");
  if (number === undefined) {
    if (autocommit !== undefined)
      throw new MongoError(72, "'autocommit' field requires a transaction number to also be specified");
    if (start !== undefined)
      throw new MongoError(72, "'startTransaction' field requires a transaction number to also be specified");
    return none;
  }
  if (session === undefined)
    throw new MongoError(72, "Transaction number requires a session ID to also be specified");
  const txnNumber = exactInt64(number);
  if (txnNumber === undefined || txnNumber < 0n)
    throw new MongoError(72, "Transaction number cannot be negative");
  if (autocommit === undefined) {
    if (start !== undefined)
      throw new MongoError(72, "'startTransaction' field requires 'autocommit' field to also be specified");
    if (command.isRetryable !== true) {
      throw new MongoError(
        50768,
        `txnNumber may only be provided for multi-document transactions and retryable write commands. autocommit:false was not provided, and ${command.name} is not a retryable write command.`,
      );
    }
    if (txnNumber < session.txnNumber) throw tooOld(txnNumber, session);
    if (txnNumber > session.txnNumber) {
      session.transaction?.abort();
      session.transaction = undefined;
      session.txnNumber = txnNumber;
    }
    return { retry: { session: session.id, number: txnNumber }, current: undefined };
  }
  if (autocommit !== false) throw new MongoError(72, "Specifying autocommit=true is not allowed.");
  return { retry: undefined, current: transactionOf(server, command, body, session, txnNumber) };
}

function tooOld(number: bigint, session: ClientSession): MongoError {
  return new MongoError(
    225,
    `Cannot start transaction with number ${number} on session ${session.id.toString("hex")} because a newer transaction with number ${session.txnNumber} has already started on this session.`,
  );
}

function transactionOf(
  server: Server,
  command: Command,
  body: Doc,
  session: ClientSession,
  number: bigint,
): ClientTransaction {
  if (command.isTransactional !== true) {
    throw new MongoError(263, `Cannot run '${command.name}' in a multi-document transaction.`);
  }
  if (body.get("startTransaction") === true) {
    if (number < session.txnNumber) throw tooOld(number, session);
    if (number === session.txnNumber && session.transaction !== undefined) {
      throw new MongoError(
        251,
        `Cannot start a transaction at given transaction number ${number} a transaction with the same number is in state ${session.transaction.state}`,
        { labels: ["TransientTransactionError"] },
      );
    }
    session.transaction?.abort();
    session.txnNumber = number;
    session.transaction = new ClientTransaction(number, server.store, server.writes);
    return session.transaction;
  }
  if (body.has("readConcern") && !["commitTransaction", "abortTransaction"].includes(command.name)) {
    throw new MongoError(72, "Only the first command in a transaction may specify a readConcern");
  }
  const { transaction } = session;
  if (number < session.txnNumber) throw tooOld(number, session);
  if (transaction === undefined || transaction.number !== number) throw noSuchTransaction(number);
  const isEnding = command.name === "commitTransaction" || command.name === "abortTransaction";
  if (!isEnding && transaction.state !== "active") {
    if (transaction.state === "committed") {
      throw new MongoError(256, `Transaction with { txnNumber: ${number} } has been committed.`);
    }
    throw new MongoError(251, `Transaction with { txnNumber: ${number} } has been aborted.`, {
      labels: ["TransientTransactionError"],
    });
  }
  return transaction;
}

interface CallParts {
  readonly body: Doc;
  readonly db: string;
  readonly user: Call["user"];
  readonly session: ClientSession | undefined;
  readonly transaction: ClientTransaction | undefined;
  readonly retry: Call["retry"];
  readonly collection: string;
  readonly signal: AbortSignal;
}

async function runCommand(
  server: Server,
  command: Command,
  connection: ConnectionState,
  parts: CallParts,
): Promise<Doc> {
  const { body, db, transaction } = parts;
  const id = server.nextOperation();
  const killed = new AbortController();
  const maxTimeMs = maxTimeOf(body.get("maxTimeMS"));
  const reasons = [parts.signal, killed.signal];
  if (maxTimeMs > 0 && command.name !== "getMore") reasons.push(AbortSignal.timeout(maxTimeMs));
  const signal = AbortSignal.any(reasons);
  const operation: Operation = {
    id,
    startedMs: Date.now(),
    command: body,
    namespace: `${db}.${command.name === "getMore" ? String(body.get("collection")) : parts.collection}`,
    user: parts.user,
    connection,
    kill: (reason) => killed.abort(reason ?? new MongoError(11601, "operation was interrupted")),
  };
  server.operations.set(id, operation);
  const overlay = (collection: Collection) => transaction?.overlay(collection.table);
  const point = await pointOf(server, command, body, transaction);
  const call: Call = {
    server,
    point,
    command,
    connection,
    ...parts,
    signal,
    operation,
    read: async (work) => {
      throwIfEnded(signal);
      const turn = (database: Run["db"]) =>
        work({ db: database, untilMs: performance.now() + turnMsMax, overlay, counters: newCounters() });
      if (transaction !== undefined) return transaction.read(turn);
      return call.point === undefined ? server.store.read(turn) : server.pointReads.read(call.point, turn);
    },
    write: async (work) => {
      throwIfEnded(signal);
      server.tick();
      return transaction === undefined
        ? server.writes.perform(work)
        : transaction.run((within) => work(new LockingWork(within, true)));
    },
  };
  try {
    return await command.run(call);
  } finally {
    server.operations.delete(id);
  }
}

/** The moment that a read with the read concern "snapshot" is of: of now, or one that was told before. */
async function pointOf(
  server: Server,
  command: Command,
  body: Doc,
  transaction: ClientTransaction | undefined,
): Promise<PointRead | undefined> {
  const concern = body.get("readConcern");
  if (transaction !== undefined || command.takesSnapshot !== true || !(concern instanceof Doc))
    return undefined;
  if (concern.get("level") !== "snapshot") return undefined;
  const time = concern.get("atClusterTime");
  if (time instanceof Timestamp) return server.pointReads.at(time.bits);
  return server.pointReads.open(() => server.tick());
}

/** Adds what every reply has. */
function finished(server: Server, reply: Doc): Doc {
  if (!reply.has("ok")) reply.set("ok", new Double(1));
  addClock(server, reply);
  return reply;
}

function addClock(server: Server, reply: Doc): void {
  const time = new Timestamp(server.clock());
  reply.set(
    "$clusterTime",
    Doc.of({
      clusterTime: time,
      signature: Doc.of({ hash: new BinData(0, Buffer.alloc(20)), keyId: 0n }),
    }),
  );
  reply.set("operationTime", time);
}

function failed(
  server: Server,
  thrown: unknown,
  command: Command | undefined,
  body: Doc,
  transaction: ClientTransaction | undefined,
): Doc {
  const error = asMongoError(server, thrown);
  const isEnding = command?.name === "commitTransaction" || command?.name === "abortTransaction";
  const labels = new Set(error.labels);
  if (transaction !== undefined && !isEnding) {
    // MongoDB ends a transaction with the first error in it.
    if (error.number !== 256) transaction.abort();
  }
  const isInTransaction = body.get("autocommit") === false;
  if (isInTransaction && isTransient(error.number, isEnding)) labels.add("TransientTransactionError");
  if (isRetryable(error.number) && body.has("txnNumber") && (!isInTransaction || isEnding)) {
    labels.add("RetryableWriteError");
  }
  const reply = errorReply(error);
  if (labels.size > 0) reply.set("errorLabels", [...labels]);
  addClock(server, reply);
  return reply;
}

/** Conflicts, and what is gone: the whole transaction may be run again, whatever command of it has failed. */
const transientCodes = new Set([24, 112, 246, 251, 267]);

/** What a transaction that fails with it may be run again for; a commit that fails is only sent again. */
function isTransient(code: number, isEnding: boolean): boolean {
  return transientCodes.has(code) || (!isEnding && isRetryable(code));
}

/** What a change stream is resumed after. */
const resumableCodes = new Set([
  6, 7, 63, 89, 91, 133, 150, 189, 234, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436,
]);

function isOfChangeStream({ cursors }: Server, body: Doc): boolean {
  if (body.firstKey === "getMore") {
    const id = body.get("getMore");
    return typeof id === "bigint" && cursors.get(id)?.outlivesCollection === true;
  }
  const pipeline = body.firstKey === "aggregate" ? body.get("pipeline") : undefined;
  const first = Array.isArray(pipeline) ? pipeline[0] : undefined;
  return first instanceof Doc && first.firstKey === "$changeStream";
}

const retryableCodes = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

export function isRetryable(code: number): boolean {
  return retryableCodes.has(code);
}

/** The reply of a command that failed. */
export function errorReply(error: MongoError): Doc {
  const reply = Doc.of({
    ok: new Double(0),
    errmsg: error.message,
    code: error.number,
    codeName: codeName(error.number),
  });
  if (error.info !== undefined) for (const [name, value] of error.info) reply.set(name, value);
  return reply;
}

/** What the store and the machine report, in MongoDB's terms. */
export function asMongoError(server: Server, thrown: unknown): MongoError {
  if (thrown instanceof MongoError) return thrown;
  if (thrown instanceof WeftkitError) {
    switch (thrown.code) {
      case "lock_not_available":
      case "write_conflict":
      case "deadlock":
        return writeConflict();
      case "lock_timeout":
        return new MongoError(24, thrown.message);
      case "statement_timeout":
        return new MongoError(50, "operation exceeded time limit");
      case "canceled":
        return new MongoError(11601, "operation was interrupted");
      case "disk_full":
        return new MongoError(14031, thrown.message);
      case "closed":
        return new MongoError(91, "The server is in quiesce mode and will shut down");
      case "invalid_bson":
        return new MongoError(22, thrown.message);
      default:
        return new MongoError(1, thrown.message);
    }
  }
  if (isOfDropped(thrown))
    return new MongoError(175, "the collection or an index of it was dropped meanwhile");
  server.log.error({ err: thrown }, "a command ended by a defect");
  return new MongoError(1, thrown instanceof Error ? thrown.message : String(thrown));
}
