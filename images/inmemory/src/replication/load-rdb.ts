import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { WeftkitError } from "@weftkit/core";
import { type RdbPart, readRdbFile } from "../rdb/file.ts";
import type { ClientSession, Server } from "../server/server.ts";
import { runBeside } from "./run-beside.ts";

/** After so long others get their turn. */
const SLICE_MS = 20;

export interface LoadOptions {
  readonly server: Server;
  readonly signal: AbortSignal;
  /** The file is sound, and what was there is removed now. */
  began(): void;
  /** Others get their turn. */
  paused(): void;
}

/**
 * Puts what an RDB file holds in the place of everything. The file is read through first: one that is damaged, or has what cannot
 * be kept here, changes nothing. The journal gets it as one unit.
 *
 * @throws PayloadError, WeftkitError `replication`
 */
export async function loadRdb(path: string, options: LoadOptions): Promise<void> {
  const { server, signal, began, paused } = options;
  const each = async (use: (part: RdbPart) => void) => {
    let sliceEnd = performance.now() + SLICE_MS;
    for (const part of partsOf(path)) {
      use(part);
      if (performance.now() < sliceEnd) continue;
      paused();
      await nextTurn();
      if (signal.aborted) throw new WeftkitError("replication", "was stopped while it was loading");
      sliceEnd = performance.now() + SLICE_MS;
    }
  };
  await each((part) => requireStorable(part, server));
  began();
  const session = server.createFollowingSession();
  const end = server.propagation.begin();
  server.isLoading = true;
  try {
    run(session, ["FLUSHALL"]);
    run(session, ["FUNCTION", "FLUSH"]);
    let database = 0;
    await each((part) => {
      if (part.kind === "library") {
        run(session, ["FUNCTION", "LOAD", "REPLACE", part.code]);
        return;
      }
      if (part.database !== database) run(session, ["SELECT", String(part.database)]);
      database = part.database;
      run(session, restoring(part));
    });
  } catch (error) {
    // What is on the disk stays as it was: nobody is served before another load has replaced everything.
    server.propagation.dropUnit();
    throw error;
  } finally {
    server.isLoading = false;
    server.closeSession(session);
    end();
  }
  server.propagation.endUnit();
  paused();
}

function* partsOf(path: string): Generator<RdbPart> {
  const file = openSync(path, "r");
  try {
    const read = (count: number) => {
      const bytes = Buffer.allocUnsafe(count);
      return bytes.subarray(0, readSync(file, bytes, 0, count, null));
    };
    yield* readRdbFile(read, fstatSync(file).size);
  } finally {
    closeSync(file);
  }
}

function requireStorable(part: RdbPart, { databases }: Server): void {
  if (part.kind !== "key") return;
  if (part.payload === undefined)
    throw new WeftkitError(
      "replication",
      `the primary has what cannot be kept here: the hash "${part.key.toString()}" has fields that expire`,
    );
  if (part.database < databases.length) return;
  throw new WeftkitError(
    "replication",
    `the primary uses database ${part.database}, and there are ${databases.length} here: set inmemory.databases`,
  );
}

function restoring({ key, payload, expiresAt, idleSeconds, frequency }: RdbPart & { kind: "key" }): Word[] {
  const access =
    idleSeconds !== undefined
      ? ["IDLETIME", String(idleSeconds)]
      : frequency !== undefined
        ? ["FREQ", String(frequency)]
        : [];
  return ["RESTORE", key, String(expiresAt ?? 0), payload!, "REPLACE", "ABSTTL", ...access];
}

type Word = string | Buffer;

function run(session: ClientSession, words: readonly Word[]): void {
  session.args.load(words.map((word) => (typeof word === "string" ? Buffer.from(word) : word)));
  const error = runBeside(session);
  if (error !== undefined)
    throw new WeftkitError("replication", `${words[0]} of what the primary sent failed: ${error}`);
}
