import { findNativeModule, type NativeSupport } from "@weftkit/core";
import type { Database, Statement } from "better-sqlite3";
import { openDatabase } from "./open-database.ts";

/**
 * Ends statements that run too long. better-sqlite3 cannot, so a small SQLite extension does (native/interrupt.c): a
 * watchdog thread interrupts the connection at its deadline, or when any thread of the process asks for it.
 */

/** What ended a work early. */
export type InterruptReason = "deadline" | "canceled";

/** The bits of weftkit_watch_disarm(). */
const deadlineBit = 1;

interface Control {
  readonly arm: Statement;
  readonly disarm: Statement;
  readonly cancel: Statement;
}

let loaded: { readonly control?: Control; readonly file?: string; readonly why?: string } | undefined;

/** Opened at the first use, one for each thread; it holds nothing but the functions, and ends with the thread. */
function load(): NonNullable<typeof loaded> {
  if (loaded !== undefined) return loaded;
  const found = findNativeModule("weftkit-interrupt", "so", import.meta.dirname);
  if ("why" in found) {
    loaded = found;
    return loaded;
  }
  const { file } = found;
  try {
    const db = openDatabase(":memory:");
    loadExtension(db, file, "weftkit_control_init");
    const prepare = (sql: string) => db.prepare(sql).pluck();
    const control = {
      arm: prepare("SELECT weftkit_watch_arm(?, ?)"),
      disarm: prepare("SELECT weftkit_watch_disarm(?)"),
      cancel: prepare("SELECT weftkit_watch_cancel(?)"),
    };
    loaded = { control, file };
  } catch (error) {
    loaded = { why: `${file} cannot be loaded (${String(error)}): build it again on this machine` };
  }
  return loaded;
}

/** better-sqlite3 takes an entry point, which its types do not say. */
function loadExtension(db: Database, file: string, entryPoint: string): void {
  (db.loadExtension as (file: string, entryPoint: string) => void).call(db, file, entryPoint);
}

/** Whether deadlines reach statements that run; shown by `weftkit doctor`. */
export function interruptSupport(): NativeSupport {
  const { control, why } = load();
  return control === undefined
    ? { available: false, ...(why === undefined ? {} : { why }) }
    : { available: true };
}

/** A connection whose work can be ended from outside. */
export class WatchedConnection {
  /** Names the connection in the whole process, for `cancelWork` in another thread. Never used again. */
  readonly token: number;
  readonly #control: Control;

  private constructor(token: number, control: Control) {
    this.token = token;
    this.#control = control;
  }

  /** Watches a connection until it is closed, or returns undefined when nothing can be interrupted here. */
  static of(db: Database): WatchedConnection | undefined {
    const { control, file } = load();
    if (control === undefined || file === undefined) return undefined;
    loadExtension(db, file, "weftkit_watched_init");
    return new WatchedConnection(db.prepare("SELECT weftkit_watch_token()").pluck().get() as number, control);
  }

  /**
   * The work begins. From `afterMs` on (never, when undefined) its statements end with SQLITE_INTERRUPT, until
   * `end` is called, which must be in any case.
   */
  begin(afterMs?: number): void {
    this.#control.arm.get(this.token, afterMs === undefined ? -1 : Math.ceil(afterMs));
  }

  /** The work has ended; returns what interrupted it, if something did. */
  end(): InterruptReason | undefined {
    const why = this.#control.disarm.get(this.token) as number;
    if (why === 0) return undefined;
    return (why & deadlineBit) !== 0 ? "deadline" : "canceled";
  }
}

/**
 * Ends the work that runs under a `WatchedConnection` of any thread of this process with SQLITE_INTERRUPT. Returns
 * whether there was such a work.
 */
export function cancelWork(token: number): boolean {
  return load().control?.cancel.get(token) === 1;
}
