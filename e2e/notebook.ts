import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Collection, MongoClient } from "mongodb";
import type { ComposeProject } from "./compose-project.ts";

interface Note {
  readonly _id: number;
  readonly title: string;
  readonly tags: readonly string[];
  readonly score: number;
}

function noteOf(number: number): Note {
  return { _id: number, title: `note ${number}`, tags: [`t${number % 7}`, "all"], score: number / 4 };
}

/** Documents with indexes, in the document engine of a project. */
export class Notebook {
  readonly #client: MongoClient;

  constructor(project: ComposeProject, port: number) {
    const password = readFileSync(join(project.folder, "secrets/document_password"), "utf8").trim();
    const login = `weftkit:${encodeURIComponent(password)}`;
    this.#client = new MongoClient(`mongodb://${login}@127.0.0.1:${port}/?directConnection=true`);
  }

  get #notes(): Collection<Note> {
    return this.#client.db("notebook").collection<Note>("notes");
  }

  async write(count: number): Promise<void> {
    await this.#notes.createIndex({ title: 1 }, { unique: true });
    await this.#notes.createIndex({ tags: 1, score: -1 });
    await this.#notes.insertMany(Array.from({ length: count }, (_, number) => noteOf(number)));
  }

  /** What is not as it was written. */
  async differences(count: number): Promise<string[]> {
    const found: string[] = [];
    const notes = await this.#notes.find().sort({ _id: 1 }).toArray();
    if (notes.length !== count) found.push(`${notes.length} notes`);
    for (const [number, note] of notes.entries())
      if (JSON.stringify(note) !== JSON.stringify(noteOf(number))) found.push(`note ${number}`);
    const indexes = (await this.#notes.indexes()).map(({ name }) => name).sort();
    if (indexes.join() !== "_id_,tags_1_score_-1,title_1") found.push(`the indexes ${indexes.join()}`);
    const duplicate = await this.#notes.insertOne(noteOf(0)).catch((error) => error.code);
    if (duplicate !== 11_000) found.push("the unique index");
    return found;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}
