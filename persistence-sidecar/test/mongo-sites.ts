import { randomInt } from "node:crypto";
import { BSON, MongoClient } from "mongodb";
import { onTestFinished } from "vitest";
import { type Write, Writer } from "./history.ts";
import { type Database, Engine } from "./sites.ts";

/** weftkit/document. As a remote it is known by MongoDB's protocol alone. */
export class DocumentEngine extends Engine {
  static start(environment: Readonly<Record<string, string>> = {}): Promise<DocumentEngine> {
    return new DocumentEngine("document", environment).begin();
  }

  get endpoint(): string {
    return `mongodb://127.0.0.1:${this.port}/shop`;
  }

  override get variables(): Readonly<Record<string, string>> {
    return { WEFTKIT_PERSISTENCE_REMOTE_ENDPOINT: this.endpoint };
  }
}

/** A client that is there as long as the test. */
export function connectMongo({ endpoint }: Pick<Database, "endpoint">): MongoClient {
  const client = new MongoClient(endpoint, { serverSelectionTimeoutMS: 5000 });
  onTestFinished(() => client.close());
  return client;
}

/** All documents but the sidecars' own, as texts with the types of their values, in order. */
export async function documentsOf({ endpoint }: Pick<Database, "endpoint">): Promise<string[]> {
  const client = new MongoClient(endpoint, { serverSelectionTimeoutMS: 5000, promoteValues: false });
  try {
    const names = (await client.db().listCollections().toArray())
      .map(({ name }) => String(name))
      .filter((name) => !name.startsWith("weftkit_sync."));
    const all = await Promise.all(
      names.map(async (name) => {
        const documents = await client.db().collection(name).find().toArray();
        return documents.map((one) => `${name} ${BSON.EJSON.stringify(one, { relaxed: false })}`);
      }),
    );
    return all.flat().toSorted();
  } finally {
    await client.close();
  }
}

interface Note {
  _id: number;
  body: string;
}

/** Writes documents that others write too, on what it has read of them, and some of its own, and notes what it did. */
export class MongoHistoryWriter extends Writer<MongoClient> {
  readonly writes: Write[] = [];
  /** Of documents that only this one has written, acknowledged. */
  readonly own: string[] = [];
  readonly #database: Pick<Database, "endpoint">;
  readonly #name: string;
  readonly #documents: number;
  #count = 0;

  constructor(database: Pick<Database, "endpoint">, name: string, documents: number) {
    super();
    this.#database = database;
    this.#name = name;
    this.#documents = documents;
    this.begin();
  }

  get acknowledged(): number {
    return this.own.length + this.writes.filter((write) => write.isAcknowledged).length;
  }

  protected open(): MongoClient {
    return new MongoClient(this.#database.endpoint, {
      serverSelectionTimeoutMS: 2000,
      retryWrites: false,
      retryReads: false,
    });
  }

  protected connect(client: MongoClient): Promise<unknown> {
    return client.connect();
  }

  protected close(client: MongoClient): Promise<unknown> {
    return client.close();
  }

  protected write(client: MongoClient): Promise<void> {
    return randomInt(3) === 0 ? this.#own(client) : this.#shared(client);
  }

  async #own(client: MongoClient): Promise<void> {
    const _id = `${this.#name}:${++this.#count}`;
    await client.db().collection<{ _id: string; by: string }>("own").insertOne({ _id, by: this.#name });
    this.own.push(_id);
  }

  async #shared(client: MongoClient): Promise<void> {
    const _id = randomInt(this.#documents);
    const body = `${this.#name} ${++this.#count}`;
    const notes = client.db().collection<Note>("note");
    const before = (await notes.findOne({ _id }))?.body ?? null;
    let isAcknowledged = false;
    let isRefused = false;
    try {
      if (before === null) {
        await notes.insertOne({ _id, body });
        isAcknowledged = true;
      } else {
        // Somebody may have written it meanwhile.
        isAcknowledged =
          (await notes.updateOne({ _id, body: before }, { $set: { body } })).matchedCount === 1;
        isRefused = !isAcknowledged;
      }
    } catch (error) {
      isRefused = (error as { code?: unknown }).code === 11_000;
      if (!isRefused) throw error;
    } finally {
      if (!isRefused) this.writes.push({ id: _id, before, body, isAcknowledged });
    }
  }
}
