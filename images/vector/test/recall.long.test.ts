// Recall against comparing with all, at the default ef: without and with filters, after deletes, updates and restarts.
import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, onTestFinished, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { type DistanceName, nearest, RandomVectors, recall } from "./random-vectors.ts";
import { VectorClient } from "./vector-client.ts";

const count = Number(process.env.WEFTKIT_RECALL_VECTORS ?? 14_000);
const dimensions = 24;
const queriesCount = 40;
const batch = 1000;
const least = 0.95;
/** The share of the vectors that match each value of `share`. */
const shares = { half: 0.5, tenth: 0.1, hundredth: 0.01, thousandth: 0.001 };

interface Known {
  readonly vector: Float32Array;
  readonly metadata: Record<string, string>;
}

/** What the engine should know, and a client of it. */
class Subject {
  readonly known = new Map<string, Known>();
  readonly vectors: RandomVectors;
  client!: VectorClient;
  #engine!: EngineProcess;
  readonly #distance: DistanceName;
  readonly #dataDir: string;
  readonly #collection = "recalled";

  constructor(seed: number, distance: DistanceName, dataDir: string) {
    this.vectors = new RandomVectors(seed, dimensions);
    this.#distance = distance;
    this.#dataDir = dataDir;
  }

  async start(): Promise<void> {
    this.#engine = await EngineProcess.start(this.#dataDir);
    this.client = new VectorClient(`127.0.0.1:${this.#engine.port}`);
  }

  async restart(how: "stop" | "kill"): Promise<void> {
    this.client.close();
    if (how === "stop") await this.#engine.terminate();
    else await this.#engine.kill();
    await this.start();
  }

  async create(): Promise<void> {
    await this.client.call("CreateCollection", {
      name: this.#collection,
      dimensions,
      distance: this.#distance,
    });
  }

  async write(ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += batch) {
      const vectors = ids.slice(at, at + batch).map((id) => {
        const vector = this.vectors.next();
        const metadata: Record<string, string> = { side: vector[0]! > 0 ? "positive" : "negative" };
        for (const [name, share] of Object.entries(shares))
          metadata[name] = this.vectors.random() < share ? "yes" : "no";
        this.known.set(id, { vector, metadata });
        return { id, values: Array.from(vector), metadata };
      });
      await this.client.upsert(this.#collection, vectors);
    }
  }

  async delete(ids: readonly string[]): Promise<void> {
    await this.client.call("DeleteVectors", { collection: this.#collection, ids });
    for (const id of ids) this.known.delete(id);
  }

  /** Until all are linked. */
  async linked(): Promise<void> {
    await expect
      .poll(
        async () => {
          const { vectors_count, indexed_count } = await this.client.call("DescribeCollection", {
            name: this.#collection,
          });
          return vectors_count - indexed_count;
        },
        { timeout: patientMs(60_000), interval: 50 },
      )
      .toBe(0);
  }

  /** The mean recall of some queries, and whether each was answered as many as there are. */
  async recall(
    filter: Record<string, string>,
    query: () => Float32Array = () => this.vectors.next(),
  ): Promise<number> {
    const matching = new Map(
      [...this.known]
        .filter(([, { metadata }]) =>
          Object.entries(filter).every(([name, value]) => metadata[name] === value),
        )
        .map(([id, { vector }]) => [id, vector]),
    );
    let sum = 0;
    for (let i = 0; i < queriesCount; i++) {
      const vector = query();
      const found = await this.client.search(this.#collection, vector, { filter });
      const ids = found.map(({ id }) => id as string);
      expect(new Set(ids).size).toBe(Math.min(10, matching.size));
      for (const id of ids) expect(matching.has(id), `${id} does not match`).toBe(true);
      sum += recall(ids, nearest(this.#distance, matching, vector, 10));
    }
    return sum / queriesCount;
  }

  async expectRecall(when: string): Promise<void> {
    const filters: Record<string, string>[] = [{}, ...Object.keys(shares).map((name) => ({ [name]: "yes" }))];
    const found: Record<string, number> = {};
    for (const filter of filters) found[Object.keys(filter)[0] ?? "all"] = await this.recall(filter);
    // Those that match lie where the query is, or where it is not.
    const positive = () => {
      const vector = this.vectors.next();
      vector[0] = Math.abs(vector[0]!) + 1;
      return vector;
    };
    found.correlated = await this.recall({ side: "positive" }, positive);
    found.anticorrelated = await this.recall({ side: "negative" }, positive);
    console.log(when, JSON.stringify(found));
    for (const [what, value] of Object.entries(found))
      expect(value, `${what}, ${when}`).toBeGreaterThanOrEqual(least);
  }
}

test.each(["cosine", "euclidean", "dot_product"] as const)(
  "at least 0.95 is found, of the nearest by %s",
  { timeout: patientMs(300_000) },
  async (distance) => {
    const seed = randomInt(2 ** 31);
    console.log("seed", seed);
    const dataDir = temporaryFolder();
    const subject = new Subject(seed, distance, dataDir);
    await subject.start();
    onTestFinished(() => subject.client.close());
    await subject.create();
    const ids = Array.from({ length: count }, (_, i) => `v${i}`);
    await subject.write(ids);
    expect(await subject.recall({})).toBeGreaterThanOrEqual(least);
    await subject.linked();
    await subject.expectRecall("linked");
    await subject.restart("stop");
    await subject.linked();
    await subject.expectRecall("restarted");
    if (distance !== "cosine") return;
    await subject.delete(ids.filter((_, i) => i % 2 === 0));
    await subject.expectRecall("half deleted");
    await subject.write(ids.filter((_, i) => i % 2 === 1));
    await subject.expectRecall("all updated");
    await subject.restart("kill");
    await subject.linked();
    await subject.expectRecall("killed");
    await subject.write(ids.filter((_, i) => i % 2 === 0));
    await subject.restart("kill");
    rmSync(join(dataDir, "indexes"), { recursive: true });
    await subject.restart("kill");
    await subject.linked();
    await subject.expectRecall("without what was saved");
  },
);
