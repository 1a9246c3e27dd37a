import { Slots, type WeftkitError } from "@weftkit/core";
import { parseJson } from "../contract/json.ts";
import type { Manifest } from "../contract/manifest.ts";
import type { Head } from "../contract/messages.ts";
import { parseManifest } from "../contract/parse-manifest.ts";
import { partBytesCeiling, readHead } from "../contract/parse-messages.ts";
import { sha256 } from "../contract/signing.ts";
import { ContractFailure } from "./contract-failure.ts";
import { layout } from "./layout.ts";
import type { ObjectFacts, ObjectStore, PutCondition, StoredObject } from "./object-store.ts";

const headBytesMax = 16 * 1024;
const manifestBytesMax = 64 * 1024 * 1024;
/** Requests to the store at the same time, for one request of an engine. */
const concurrencyMax = 32;
/** Each is in memory as a whole. */
const partsReadAtOnce = 4;

/** A head and what proves that it has not changed since it was read. */
export interface ReadHead {
  readonly head: Head;
  readonly etag: string;
}

/** A head that is there and cannot be read. */
export interface DamagedHead {
  readonly etag: string;
  readonly damage: WeftkitError;
}

export interface ReadManifest {
  readonly manifest: Manifest;
  readonly text: string;
}

/**
 * One subtree's objects. Whatever the store fails with, or holds that cannot be read, is `store_failed`: an outage or
 * damage never looks like something that is not there.
 */
export class SubtreeStore {
  // What is there but not as it should be is `damaged`, which no later attempt changes.
  readonly subtree: string;
  readonly #store: ObjectStore;

  constructor(store: ObjectStore, subtree: string) {
    this.#store = store;
    this.subtree = subtree;
  }

  /** @throws ContractFailure `damaged` when there is one that cannot be read */
  async readHead(): Promise<ReadHead | undefined> {
    const read = await this.readHeadOrDamage();
    if (read !== undefined && "damage" in read) throw read.damage;
    return read;
  }

  /** As `readHead`; of a damaged one what a repair needs. */
  async readHeadOrDamage(): Promise<ReadHead | DamagedHead | undefined> {
    const object = await this.#get("head", layout.head(this.subtree), headBytesMax);
    if (object === undefined) return undefined;
    const { etag } = object;
    try {
      return { head: readHead(parseJson(object.body, "the head"), "head"), etag };
    } catch (error) {
      return { etag, damage: damaged("the head in the store cannot be read", error) };
    }
  }

  /** Whether the head was changed; false when somebody else was quicker. */
  async swapHead(before: Pick<ReadHead, "etag"> | undefined, head: Head): Promise<boolean> {
    const condition: PutCondition = before === undefined ? { ifAbsent: true } : { ifMatch: before.etag };
    const body = Buffer.from(JSON.stringify(head));
    const put = this.#store.put(layout.head(this.subtree), body, condition);
    return (await this.#trying("the head could not be written", put)) !== undefined;
  }

  /** Undefined when there is none. */
  async findManifest(name: string): Promise<ReadManifest | undefined> {
    const object = await this.#get("manifest", layout.manifest(this.subtree, name), manifestBytesMax);
    if (object === undefined) return undefined;
    if (sha256(object.body) !== name) throw damaged(`manifest ${name} in the store is damaged`);
    const text = Buffer.from(object.body).toString("utf8");
    try {
      return { manifest: parseManifest(text), text };
    } catch (error) {
      throw damaged(`manifest ${name} in the store cannot be read`, error);
    }
  }

  /** A manifest that the head or a kept state names, so that it must be there. */
  async readManifest(name: string): Promise<ReadManifest> {
    const manifest = await this.findManifest(name);
    if (manifest === undefined) throw damaged(`manifest ${name} is named but is not in the store`);
    return manifest;
  }

  async writeManifest(name: string, text: string): Promise<void> {
    const put = this.#store.put(layout.manifest(this.subtree, name), Buffer.from(text));
    await this.#trying("the manifest could not be written", put);
  }

  async writePart(name: string, body: Uint8Array): Promise<void> {
    await this.#trying(
      "the part could not be written",
      this.#store.put(layout.part(this.subtree, name), body),
    );
  }

  /** Undefined when there is none; what is there is as its name says. */
  async readPart(name: string, bytesMax: number): Promise<Uint8Array | undefined> {
    const object = await this.#get("part", layout.part(this.subtree, name), bytesMax);
    if (object !== undefined && sha256(object.body) !== name) {
      throw damaged(`part ${name} in the store is damaged`);
    }
    return object?.body;
  }

  /** A part that a manifest or a list names. @throws ContractFailure `damaged` when it is not there */
  async readNamedPart(name: string): Promise<Uint8Array> {
    const body = await this.readPart(name, partBytesCeiling);
    if (body === undefined) throw damaged(`part ${name} is named but is not in the store`);
    return body;
  }

  /** Those of the parts that are stored and are not as their names say, a few at a time as each is read whole. */
  async damagedParts(names: Iterable<string>, bytesMax: number): Promise<readonly string[]> {
    const found: string[] = [];
    await forEachAtOnce(
      names,
      async (name) => {
        try {
          await this.readPart(name, bytesMax);
        } catch (error) {
          if ((error as { code?: string }).code !== "damaged") throw error;
          found.push(name);
        }
      },
      partsReadAtOnce,
    );
    return found;
  }

  /** What is stored of these parts, many at a time. */
  async partFacts(names: Iterable<string>): Promise<Map<string, ObjectFacts>> {
    const facts = new Map<string, ObjectFacts>();
    await forEachAtOnce(names, async (name) => {
      const found = await this.#facts(layout.part(this.subtree, name));
      if (found !== undefined) facts.set(name, found);
    });
    return facts;
  }

  /** Deletes an object unless it was written after `sinceMs`; whether it is not there any more. */
  async deleteUnlessYoung(kind: "manifest" | "part", name: string, sinceMs: number): Promise<boolean> {
    const key = layout[kind](this.subtree, name);
    const found = await this.#facts(key);
    if (found === undefined) return true;
    if (found.modifiedMs > sinceMs) return false;
    await this.#trying(`a ${kind} could not be deleted`, this.#store.delete(key));
    return true;
  }

  #facts(key: string): Promise<ObjectFacts | undefined> {
    return this.#trying("the store does not say what it holds", this.#store.head(key));
  }

  #get(what: string, key: string, bytesMax: number): Promise<StoredObject | undefined> {
    return this.#trying(
      `the ${what} could not be read`,
      this.#store.get(key, bytesMax).catch((error: unknown) => {
        if ((error as { code?: string }).code !== "object_too_large") throw error;
        throw damaged(`the ${what} in the store is longer than it can be`, error);
      }),
    );
  }

  async #trying<Result>(what: string, work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof ContractFailure) throw error;
      throw storeFailed(what, error);
    }
  }
}

/** Calls `work` for each item, many at a time; the first failure is thrown when all have ended. */
export async function forEachAtOnce<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
  atOnce = concurrencyMax,
): Promise<void> {
  const slots = new Slots(atOnce);
  let failed = false;
  const results = await Promise.allSettled(
    Array.from(items, (item) =>
      slots.run(async () => {
        if (failed) return;
        try {
          await work(item);
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    ),
  );
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

function damaged(what: string, cause?: unknown): WeftkitError {
  return new ContractFailure("damaged", what, { cause });
}

/** The reason goes to the log, not to the client. */
function storeFailed(what: string, cause?: unknown): WeftkitError {
  return new ContractFailure("store_failed", `${what}; the function's log says why`, { cause });
}
