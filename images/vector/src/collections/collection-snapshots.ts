import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createZstdCompress, createZstdDecompress } from "node:zlib";
import { syncFile, syncFolder } from "@weftkit/core";
import { type Store, workerUrl } from "@weftkit/store";
import { invalid, VectorError } from "../errors.ts";
import { decodeVector, type VectorValue } from "../model/vector-value.ts";
import type { ExportedCollection, SnapshotHeader, SnapshotLine } from "../storage/export-collection.ts";
import type { Collection } from "./collection.ts";
import type { VectorDatabase } from "./vector-database.ts";
import { type NewPoint, parsed, writePoints } from "./write-points.ts";

export interface SnapshotDescription {
  readonly name: string;
  readonly createdAt: Date;
  readonly bytes: number;
}

/** In the source tree it is in its own folder; a bundle has it beside itself. */
const exportModule = import.meta.url.endsWith(".ts")
  ? new URL("../storage/export-collection.ts", import.meta.url)
  : workerUrl(import.meta.url, "export-collection");

const batchPoints = 500;
const ending = ".snapshot";

/** Snapshots of collections, in files beside the database: all points as of one moment, one a line, packed by zstd. */
export class CollectionSnapshots {
  readonly #store: Store;
  readonly #database: VectorDatabase;
  readonly #folder: string;

  constructor(database: VectorDatabase, folder: string) {
    this.#store = database.store;
    this.#database = database;
    this.#folder = folder;
  }

  async list(collection: Collection): Promise<SnapshotDescription[]> {
    const folder = this.#folderOf(collection);
    const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    });
    const snapshots = names.filter((name) => name.endsWith(ending)).sort();
    return Promise.all(snapshots.map((name) => this.#describe(folder, name)));
  }

  async create(collection: Collection): Promise<SnapshotDescription> {
    const folder = this.#folderOf(collection);
    await mkdir(folder, { recursive: true });
    const at = new Date().toISOString().replaceAll(/[:.]/g, "-");
    const name = `${collection.name}-${at}-${randomUUID().slice(0, 8)}${ending}`;
    const unfinished = join(folder, `${name}.new`);
    const argument: ExportedCollection = {
      collection: collection.number,
      definition: collection.definition,
      positions: collection.positions,
    };
    const lines = this.#store.streamInWorker<string>({
      module: exportModule,
      name: "exportCollection",
      argument,
    });
    await pipeline(Readable.from(lines), createZstdCompress(), createWriteStream(unfinished));
    await syncFile(unfinished);
    await rename(unfinished, join(folder, name));
    await syncFolder(folder);
    return this.#describe(folder, name);
  }

  async delete(collection: Collection, name: string): Promise<void> {
    await rm(await this.path(collection, name));
  }

  /** Where a snapshot is. @throws VectorError `not_found` */
  async path(collection: Collection, name: string): Promise<string> {
    const known = (await this.list(collection)).some((snapshot) => snapshot.name === name);
    if (!known) throw new VectorError("not_found", `Not found: Snapshot ${name} not found`);
    return join(this.#folderOf(collection), name);
  }

  /** Makes a collection what it was: in a new one, which then takes the place of the old. */
  async recover(collection: Collection, snapshot: string): Promise<void> {
    const file = await this.path(collection, snapshot);
    const lines = createInterface(createReadStream(file).pipe(createZstdDecompress()));
    const temporary = `recovering ${randomUUID()}`;
    let recovered: Collection | undefined;
    let points: NewPoint[] = [];
    const flush = async () => {
      if (points.length > 0) await writePoints(this.#store, recovered!, [{ do: "upsert", points }]);
      points = [];
    };
    try {
      for await (const line of lines) {
        if (recovered === undefined) {
          const header = JSON.parse(line) as SnapshotHeader;
          if (header.weftkit_snapshot !== 1) throw invalid("the file is no snapshot of a collection");
          recovered = await this.#database.create(temporary, header.definition);
          continue;
        }
        points.push(pointOf(recovered, JSON.parse(line) as SnapshotLine));
        if (points.length === batchPoints) await flush();
      }
      if (recovered === undefined) throw invalid("the snapshot is empty");
      await flush();
      await this.#database.replace(collection, recovered);
    } catch (error) {
      await this.#database.drop(temporary);
      throw error;
    }
    // The snapshots of the old one are the new one's.
    await rename(this.#folderOf(collection), this.#folderOf(recovered));
  }

  async #describe(folder: string, name: string): Promise<SnapshotDescription> {
    const { mtime, size } = await stat(join(folder, name));
    return { name, createdAt: mtime, bytes: size };
  }

  #folderOf({ number }: Collection): string {
    return join(this.#folder, String(number));
  }
}

/** SHA-256 of a file, in hexadecimal. */
export async function checksumOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

function pointOf(collection: Collection, { id, payload, vectors }: SnapshotLine): NewPoint {
  const values = new Map<string, VectorValue>();
  for (const [name, data] of Object.entries(vectors)) {
    const kind = collection.kindOf(name);
    if (kind !== undefined) values.set(name, decodeVector(kind, Buffer.from(data, "base64")));
  }
  return { key: Buffer.from(id, "base64"), payload: parsed(payload), vectors: values };
}
