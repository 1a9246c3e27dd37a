import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { adoptPayload, RdbFileWriter, type RdbPart } from "@weftkit/inmemory/rdb-file";
import type { Redis } from "ioredis";
import { Failure } from "../../terminal/failure.ts";

/** A batch is sent when it has so many keys, or so many bytes. */
const batchKeys = 500;
const batchBytes = 4 << 20;
const shownKeys = 10;

/** What became of the parts. */
export interface Copied {
  keys: number;
  databases: Set<number>;
  libraries: number;
  /** Keys whose time was over. */
  expired: number;
}

/** Where parts are copied to. */
export interface Destination {
  readonly copied: Copied;
  add(part: RdbPart): Promise<void>;
  /** Brings the rest there; nothing is added afterwards. */
  end(): Promise<void>;
  /** Gives up: what can be undone is. */
  abandon(): void;
}

const nothing = (): Copied => ({ keys: 0, databases: new Set(), libraries: 0, expired: 0 });

/** A server. Keys of the same name are replaced. @throws Failure with the key when the server refuses one */
export function serverDestination(redis: Redis): Destination {
  const copied = nothing();
  const newer: Buffer[] = [];
  let batch: (RdbPart & { kind: "key" })[] = [];
  let bytes = 0;
  let database = -1;
  const flush = async () => {
    const keys = batch;
    [batch, bytes] = [[], 0];
    if (keys.length === 0) return;
    const pipeline = redis.pipeline();
    const asked: ((RdbPart & { kind: "key" }) | undefined)[] = [];
    for (const part of keys) {
      if (part.database !== database) {
        pipeline.select(part.database);
        asked.push(undefined);
        database = part.database;
      }
      pipeline.call("RESTORE", ...restoreArguments(part));
      asked.push(part);
    }
    const replies = (await pipeline.exec())!;
    for (const [index, [error]] of replies.entries()) {
      const part = asked[index];
      if (error === null) continue;
      const what = part === undefined ? "SELECT" : `RESTORE of ${JSON.stringify(part.key.toString())}`;
      throw new Failure("failed", `${what}: ${error.message}`, hintFor(error.message));
    }
    for (const part of keys) copied.databases.add(part.database);
    copied.keys += keys.length;
  };
  return {
    copied,
    async add(part) {
      if (part.kind === "library") {
        await redis.call("FUNCTION", "LOAD", "REPLACE", part.code);
        copied.libraries++;
        return;
      }
      if (part.expiresAt !== undefined && part.expiresAt <= Date.now()) {
        copied.expired++;
        return;
      }
      const payload = part.payload === undefined ? undefined : adoptPayload(part.payload);
      if (payload === undefined) {
        newer.push(part.key);
        return;
      }
      batch.push({ ...part, payload });
      bytes += payload.length;
      if (batch.length >= batchKeys || bytes >= batchBytes) await flush();
    },
    async end() {
      await flush();
      if (newer.length === 0) return;
      const shown = newer.slice(0, shownKeys).map((key) => JSON.stringify(key.toString()));
      throw new Failure(
        "failed",
        `${newer.length} hashes have fields that expire, which weftkit/inmemory does not know: ${shown.join(", ")}${newer.length > shownKeys ? " ..." : ""}`,
        "Everything else was copied. HPERSIST of these fields at the source, or leave them.",
      );
    },
    abandon() {},
  };
}

function restoreArguments({ key, expiresAt, payload, idleSeconds, frequency }: RdbPart & { kind: "key" }) {
  const words: (string | Buffer)[] = [key, String(expiresAt ?? 0), payload!, "REPLACE", "ABSTTL"];
  if (idleSeconds !== undefined) words.push("IDLETIME", String(idleSeconds));
  else if (frequency !== undefined) words.push("FREQ", String(frequency));
  return words;
}

function hintFor(message: string): string | undefined {
  if (/DB index/.test(message))
    return "Give the engine more databases: inmemory.databases in its configuration.";
  if (/^OOM/.test(message)) return "Give the engine more memory: inmemory.maxmemory in its configuration.";
  return undefined;
}

/** An RDB file, which is there under its name only when it is whole. */
export function fileDestination(path: string): Destination {
  const copied = nothing();
  const partial = `${path}.partial`;
  const file = openSync(partial, "w", 0o600);
  let isOpen = true;
  let writer: RdbFileWriter | undefined;
  const write = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  };
  const opened = (payload?: Buffer) => {
    writer ??= new RdbFileWriter(write, payload?.readUInt16LE(payload.length - 10));
    return writer;
  };
  const libraries: Buffer[] = [];
  // SCAN may tell of a key twice when others write, and no server loads such a file.
  const known = new Map<number, Set<string>>();
  const isKnown = (database: number, key: Buffer) => {
    const keys = known.get(database) ?? new Set();
    known.set(database, keys);
    const { size } = keys;
    return keys.add(key.toString("latin1")).size === size;
  };
  const putLibraries = (to: RdbFileWriter) => {
    for (const code of libraries.splice(0)) to.library(code);
  };
  return {
    copied,
    async add(part) {
      if (part.kind === "library") {
        // The version of the file is that of the payloads, the first of which comes after them.
        libraries.push(part.code);
        copied.libraries++;
        return;
      }
      if (isKnown(part.database, part.key)) return;
      const to = opened(part.payload);
      putLibraries(to);
      to.key(part.database, part.key, part.expiresAt, part.payload!);
      copied.keys++;
      copied.databases.add(part.database);
    },
    async end() {
      const to = opened();
      putLibraries(to);
      to.end();
      fsyncSync(file);
      closeSync(file);
      isOpen = false;
      renameSync(partial, path);
    },
    abandon() {
      if (isOpen) closeSync(file);
      rmSync(partial, { force: true });
    },
  };
}
