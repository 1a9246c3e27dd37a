// kill -9 while many write, and while graphs are made: what was acknowledged is found by its own search.
import { randomInt } from "node:crypto";
import { status } from "@grpc/grpc-js";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { RandomVectors } from "./random-vectors.ts";
import { VectorClient } from "./vector-client.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 20);
const writersCount = 8;
const writesMin = 30;
const writesMax = 200;
const dimensions = 16;
const collection = "killed";
/** More than this, and there is a graph. */
const baseCount = 5000;
const idsOfWriter = 40;

interface Known {
  acknowledged: Float32Array | undefined;
  /** What was on its way; "none" when nothing was. */
  pending: Float32Array | undefined | "none";
}

/** Writes and deletes its own ids. */
class Writer {
  readonly known = new Map<string, Known>();
  readonly #name: string;
  readonly #vectors: RandomVectors;

  constructor(index: number, vectors: RandomVectors) {
    this.#name = `w${index}`;
    this.#vectors = vectors;
  }

  async write(client: VectorClient, isOver: () => boolean, acknowledged: () => void): Promise<void> {
    while (!isOver()) {
      const id = `${this.#name}-${Math.floor(this.#vectors.random() * idsOfWriter)}`;
      const known = this.known.get(id) ?? { acknowledged: undefined, pending: "none" };
      this.known.set(id, known);
      const isDelete = this.#vectors.random() < 0.25;
      known.pending = isDelete ? undefined : this.#vectors.next();
      try {
        if (known.pending === undefined) await client.call("DeleteVectors", { collection, ids: [id] });
        else await client.upsert(collection, [{ id, values: Array.from(known.pending) }]);
      } catch (error) {
        // The engine is gone; anything that it has said itself is a fault.
        if ((error as { code: number }).code === status.UNAVAILABLE || isOver()) return;
        throw error;
      }
      known.acknowledged = known.pending as Float32Array | undefined;
      known.pending = "none";
      acknowledged();
    }
  }

  async verify(client: VectorClient): Promise<void> {
    for (const [id, known] of this.known) {
      const vector = await client
        .call("GetVector", { collection, id })
        .then(({ vector: told }) => Float32Array.from(told.values as number[]))
        .catch((error: { code: number }) => {
          if (error.code === status.NOT_FOUND) return undefined;
          throw error;
        });
      const allowed = [known.acknowledged, ...(known.pending === "none" ? [] : [known.pending])];
      expect(allowed, id).toContainEqual(vector);
      if (vector !== undefined) {
        const [match] = await client.search(collection, vector, { top_k: 1 });
        expect(match.id, "found by its own vector").toBe(id);
      }
      known.acknowledged = vector;
      known.pending = "none";
    }
  }
}

test(
  `${rounds} kills under ${writersCount} writers: every acknowledged vector is found by its own search`,
  { timeout: patientMs(30_000 + rounds * 10_000) },
  async () => {
    const seed = randomInt(2 ** 31);
    console.log("seed", seed);
    const vectors = new RandomVectors(seed, dimensions);
    const dataDir = temporaryFolder();
    const writers = Array.from({ length: writersCount }, (_, index) => new Writer(index, vectors));
    let engine = await EngineProcess.start(dataDir);
    let client = new VectorClient(`127.0.0.1:${engine.port}`);
    await client.call("CreateCollection", { name: collection, dimensions, distance: "euclidean" });
    await client.upsert(
      collection,
      Array.from({ length: baseCount }, (_, i) => ({ id: `base${i}`, values: Array.from(vectors.next()) })),
    );
    for (let round = 0; round < rounds; round++) {
      let isOver = false;
      let written = 0;
      const wanted = randomInt(writesMin, writesMax);
      const enough = Promise.withResolvers<void>();
      const running = writers.map((writer) =>
        writer.write(
          client,
          () => isOver,
          () => {
            if (++written === wanted) enough.resolve();
          },
        ),
      );
      await Promise.race([enough.promise, Promise.all(running)]);
      // Every third ends in order, so that what it saves is met by the next kill.
      if (round % 3 === 2) await engine.terminate();
      else await engine.kill();
      isOver = true;
      await Promise.all(running);
      client.close();
      engine = await EngineProcess.start(dataDir);
      client = new VectorClient(`127.0.0.1:${engine.port}`);
      for (const writer of writers) await writer.verify(client);
      const living = writers
        .flatMap(({ known }) => [...known.values()])
        .filter(({ acknowledged }) => acknowledged !== undefined);
      expect(await client.call("CountVectors", { collection })).toEqual({ count: baseCount + living.length });
    }
    client.close();
  },
);
