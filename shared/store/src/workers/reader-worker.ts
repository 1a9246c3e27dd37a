// A thread that reads: one connection, one task at a time (reader-workers.ts).
import { parentPort, workerData } from "node:worker_threads";
import { Deadline, WeftkitError } from "@weftkit/core";
import type { Database } from "better-sqlite3";
import { Connection } from "../connection.ts";
import { openDatabase } from "../open-database.ts";
import { canceledError, sqliteCode } from "../store-error.ts";
import type { FromWorker, ReaderData, ToWorker, WorkerError } from "./messages.ts";

/** A function of an engine that reads; a generator gives its parts one by one. */
type Reads = (db: Database, argument: unknown) => unknown;

interface Current {
  readonly task: number;
  readonly parts: Iterator<unknown>;
  readonly deadline: Deadline | undefined;
}

const port = parentPort!;
const { file, prepare, statementsMax } = workerData as ReaderData;
/** Never aborted: it makes the connection interruptible, which another thread does by its token. */
const { signal } = new AbortController();
let current: Current | undefined;
/** Messages wait for the module of a task. */
let last: Promise<void> = Promise.resolve();

const prepared =
  prepare === undefined ? undefined : ((await import(prepare)) as { prepare: (db: Database) => void });
const connection = new Connection(openDatabase(file, { readonly: true }), {
  ...(prepared === undefined ? {} : { prepare: prepared.prepare }),
  ...(statementsMax === undefined ? {} : { statementsMax }),
});
say({ say: "open", token: connection.watchToken });
port.on("message", (message: ToWorker) => {
  last = last.then(() => handle(message));
});

function say(message: FromWorker): void {
  port.postMessage(message);
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.do) {
    case "run":
      return run(message);
    case "more":
      if (current?.task === message.task) next(current);
      return;
    case "cancel":
      if (current?.task === message.task) fail(current, canceledError());
      return;
    case "close":
      if (current !== undefined) end(current);
      connection.close();
      port.close();
  }
}

async function run({ task, module, name, argument, remainingMs }: ToWorker & { do: "run" }): Promise<void> {
  const deadline = remainingMs === undefined ? undefined : Deadline.after(remainingMs);
  try {
    const reads = ((await import(module)) as Record<string, Reads>)[name];
    if (reads === undefined) throw new TypeError(`${module} has no export ${name}`);
    connection.begin();
    const value = connection.run((db) => reads(db, argument), { signal, ...(deadline && { deadline }) });
    if (isIterator(value)) {
      current = { task, parts: value, deadline };
      next(current);
      return;
    }
    connection.rollback();
    deadline?.dispose();
    say({ say: "done", task, value });
  } catch (error) {
    connection.rollback();
    deadline?.dispose();
    say({ say: "failed", task, error: describe(error) });
  }
}

/** Gives one part more, or the end. */
function next(of: Current): void {
  const { task, parts, deadline } = of;
  try {
    const step = connection.run(() => parts.next(), { signal, ...(deadline && { deadline }) });
    if (step.done === true) end(of);
    say({ say: step.done === true ? "done" : "part", task, value: step.value });
  } catch (error) {
    fail(of, error);
  }
}

function fail(of: Current, error: unknown): void {
  end(of);
  say({ say: "failed", task: of.task, error: describe(error) });
}

/** Lets a task go, with all that it has open. */
function end({ parts, deadline }: Current): void {
  current = undefined;
  deadline?.dispose();
  try {
    parts.return?.();
  } catch {
    // Why the task has ended is told already.
  }
  connection.rollback();
}

function isIterator(value: unknown): value is Iterator<unknown> {
  return typeof value === "object" && value !== null && "next" in value && typeof value.next === "function";
}

function describe(error: unknown): WorkerError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof WeftkitError) return { kind: "coded", code: error.code, message };
  const code = sqliteCode(error);
  return code === undefined ? { kind: "other", code: undefined, message } : { kind: "sqlite", code, message };
}
