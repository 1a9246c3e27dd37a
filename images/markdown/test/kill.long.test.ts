import { randomInt } from "node:crypto";
import { patientMs } from "@weftkit/testing/patience";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { callUrl, type Reply, temporaryFolder } from "./running-engine.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 3);
const writersCount = 32;
const readersCount = 64;
/** Acknowledged writes after which a round is killed, at the least and at the most. */
const writesMin = 200;
const writesMax = 1200;
const documentsOfWriter = 5;
const wiki = "/collections/wiki";

/** What a writer knows of one of its documents: the text at least acknowledged, and those that may be there as well. */
interface Known {
  acknowledged: string | undefined;
  version: number;
  /** Sent and not answered when the engine was killed: it may have been written, or not. */
  pending: string | undefined | "none";
}

/** Writes its own documents: creates, replaces, deletes, restores; each links to a document of another writer. */
class Writer {
  readonly #name: string;
  readonly documents = new Map<string, Known>();
  #count = 0;

  constructor(index: number) {
    this.#name = `w${index}`;
  }

  async write(url: string, isOver: () => boolean, acknowledged: () => void): Promise<void> {
    while (!isOver()) {
      const id = `${this.#name}-${this.#count % documentsOfWriter}`;
      const known = this.documents.get(id) ?? { acknowledged: undefined, version: 0, pending: "none" };
      this.documents.set(id, known);
      this.#count++;
      const isDelete = known.acknowledged !== undefined && this.#count % 7 === 0;
      const text = isDelete
        ? undefined
        : `---\nwriter: ${this.#name}\nn: ${this.#count}\n---\n[[w${this.#count % writersCount}-0]] ${this.#count}\n`;
      known.pending = text;
      let reply: Reply;
      try {
        reply = isDelete
          ? await callUrl("DELETE", `${url}${wiki}/documents/${id}`)
          : await callUrl("PUT", `${url}${wiki}/documents/${id}`, { body: text, type: "text/markdown" });
      } catch {
        return;
      }
      expect([200, 201, 204], reply.text).toContain(reply.status);
      known.acknowledged = text;
      if (text !== undefined) known.version = reply.json.meta.version;
      known.pending = "none";
      acknowledged();
    }
  }

  /** Compares with what is there, which is then what is known. */
  async verify(url: string): Promise<void> {
    for (const [id, known] of this.documents) {
      const reply = await callUrl("GET", `${url}${wiki}/documents/${id}`, {
        headers: { accept: "text/markdown" },
      });
      expect([200, 404]).toContain(reply.status);
      const found = reply.status === 200 ? reply.text : undefined;
      const possible = known.pending === "none" ? [known.acknowledged] : [known.acknowledged, known.pending];
      expect(possible, id).toContain(found);
      const versions = await callUrl("GET", `${url}${wiki}/versions/${id}?limit=1`);
      if (versions.status === 200) {
        const [newest] = versions.json.versions;
        const isPendingWritten =
          known.pending !== "none" && known.pending !== undefined && found === known.pending;
        expect(newest.version, id).toBe(
          known.version + (isPendingWritten && found !== known.acknowledged ? 1 : 0),
        );
        known.version = newest.version;
      } else {
        expect(known.version, id).toBe(0);
      }
      known.acknowledged = found;
      known.pending = "none";
    }
  }
}

async function read(url: string, isOver: () => boolean): Promise<void> {
  const paths = [
    `${wiki}/documents?limit=20&sort=-n`,
    `${wiki}/documents?filter=writer%20=%20w${randomInt(writersCount)}`,
    `${wiki}/backlinks/w${randomInt(writersCount)}-0`,
    `${wiki}/documents/w${randomInt(writersCount)}-0`,
    wiki,
  ];
  for (let i = 0; !isOver(); i++) {
    try {
      const { status, text } = await callUrl("GET", `${url}${paths[i % paths.length]}`);
      expect([200, 404], text).toContain(status);
    } catch (error) {
      if (error instanceof TypeError) return;
      throw error;
    }
  }
}

/** Every document of the collection, its text and the links that lead to it. */
async function verifyDerived(url: string): Promise<void> {
  const texts = new Map<string, string>();
  let cursor = "";
  do {
    const { documents, next } = (await callUrl("GET", `${url}${wiki}/documents?limit=100${cursor}`)).json;
    for (const { id } of documents) {
      const document = (await callUrl("GET", `${url}${wiki}/documents/${id}`)).json;
      texts.set(id, document.content);
      const found = await callUrl(
        "GET",
        `${url}${wiki}/documents?filter=${encodeURIComponent(`writer = ${document.writer} and n = ${document.n}`)}`,
      );
      expect(found.json.documents.map((listed: { id: string }) => listed.id)).toContain(id);
    }
    cursor = next === null ? "" : `&cursor=${next}`;
  } while (cursor !== "");
  const { documents, links } = (await callUrl("GET", `${url}${wiki}`)).json;
  expect([documents, links]).toEqual([texts.size, texts.size]);
  for (const target of texts.keys()) {
    const expected = [...texts].filter(([, text]) => text.includes(`[[${target}]]`)).map(([id]) => id);
    const { backlinks } = (await callUrl("GET", `${url}${wiki}/backlinks/${target}?limit=1000`)).json;
    expect(backlinks.map(({ id }: { id: string }) => id)).toEqual(expected.toSorted());
  }
}

test(
  `${rounds} kills under ${writersCount} writers and ${readersCount} readers: no acknowledged write is missing, and all that is drawn from the texts agrees with them`,
  { timeout: patientMs(60_000 + rounds * 30_000) },
  async () => {
    const dataDir = temporaryFolder();
    const writers = Array.from({ length: writersCount }, (_, index) => new Writer(index));
    let engine = await EngineProcess.start(dataDir);
    expect((await callUrl("POST", `${engine.url}/collections`, { body: { name: "wiki" } })).status).toBe(201);
    for (let round = 0; round < rounds; round++) {
      const { url } = engine;
      let isOver = false;
      let written = 0;
      const wanted = randomInt(writesMin, writesMax);
      const enough = Promise.withResolvers<void>();
      const running = [
        ...writers.map((writer) =>
          writer.write(
            url,
            () => isOver,
            () => {
              if (++written === wanted) enough.resolve();
            },
          ),
        ),
        ...Array.from({ length: readersCount }, () => read(url, () => isOver)),
      ];
      await Promise.race([enough.promise, Promise.all(running)]);
      await engine.kill();
      isOver = true;
      await Promise.all(running);
      engine = await EngineProcess.start(dataDir);
      for (const writer of writers) await writer.verify(engine.url);
      await verifyDerived(engine.url);
    }
    expect(await engine.terminate()).toBe(0);
  },
);
