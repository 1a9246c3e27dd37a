import { createReadStream } from "node:fs";
import { basename } from "node:path";
import type { Readable } from "node:stream";
import type { Action } from "@weftkit/auth";
import type { Collection } from "../../collections/collection.ts";
import {
  type CollectionSnapshots,
  checksumOf,
  type SnapshotDescription,
} from "../../collections/collection-snapshots.ts";
import type { VectorDatabase } from "../../collections/vector-database.ts";
import { invalid, unsupported } from "../../errors.ts";
import { type Caller, requireRight } from "../caller.ts";
import { type Body, textOf } from "./requests.ts";

/** Qdrant's snapshots of a collection. */
export class SnapshotsApi {
  readonly #database: VectorDatabase;
  readonly #snapshots: CollectionSnapshots;

  constructor(database: VectorDatabase, snapshots: CollectionSnapshots) {
    this.#database = database;
    this.#snapshots = snapshots;
  }

  list(caller: Caller, name: string): Promise<SnapshotDescription[]> {
    return this.#snapshots.list(this.#of(caller, name, "read"));
  }

  create(caller: Caller, name: string): Promise<SnapshotDescription> {
    return this.#snapshots.create(this.#of(caller, name, "schema"));
  }

  async delete(caller: Caller, name: string, snapshot: string): Promise<void> {
    await this.#snapshots.delete(this.#of(caller, name, "schema"), snapshot);
  }

  async open(caller: Caller, name: string, snapshot: string): Promise<Readable> {
    return createReadStream(await this.#snapshots.path(this.#of(caller, name, "read"), snapshot));
  }

  /** Only from a snapshot of this server: `location` is its address or its name. */
  async recover(caller: Caller, name: string, body: Body): Promise<void> {
    const collection = this.#of(caller, name, "schema");
    const snapshot = basename(textOf(body.location, "location"));
    const isOwn = (await this.#snapshots.list(collection)).some((one) => one.name === snapshot);
    if (!isOwn) throw unsupported("recovery of anything but a snapshot that this collection has here");
    if (body.checksum != null) {
      const found = await checksumOf(await this.#snapshots.path(collection, snapshot));
      if (found !== body.checksum) throw invalid("the checksum of the snapshot is another one");
    }
    await this.#snapshots.recover(collection, snapshot);
  }

  #of(caller: Caller, name: string, action: Action): Collection {
    const collection = this.#database.require(name);
    requireRight(caller, action, collection.name);
    return collection;
  }
}

/** A snapshot as the REST interface tells it. */
export function jsonSnapshot({ name, createdAt, bytes }: SnapshotDescription): object {
  return { name, creation_time: createdAt.toISOString().replace(/\.\d+Z$/, ""), size: bytes, checksum: null };
}
