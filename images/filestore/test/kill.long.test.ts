import { randomBytes, randomInt } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { patientMs } from "@weftkit/testing/patience";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { clientOptions } from "./running-engine.ts";

const rounds = Number(process.env.WEFTKIT_KILL_ROUNDS ?? 20);
const writersCount = 6;
/** Acknowledged changes after which a round is killed, at the least and at the most. */
const changesMin = 5;
const changesMax = 60;
const Bucket = "killed";
const keysOfWriter = 3;
const nothing = Symbol("nothing");

type Content = Buffer | undefined;

interface Known {
  acknowledged: Content;
  /** What is on its way; `nothing` when nothing is. */
  pending: Content | typeof nothing;
}

/** Puts, completes and deletes its own objects. */
class Writer {
  readonly objects = new Map<string, Known>();
  readonly #name: string;
  #count = 0;

  constructor(index: number) {
    this.#name = `writer-${index}`;
  }

  async write(client: S3Client, isOver: () => boolean, acknowledged: () => void): Promise<void> {
    while (!isOver()) {
      this.#count++;
      const Key = `${this.#name}/${this.#count % keysOfWriter}`;
      const known = this.objects.get(Key) ?? { acknowledged: undefined, pending: nothing };
      this.objects.set(Key, known);
      try {
        switch (this.#count % 7) {
          case 0:
            known.pending = undefined;
            await client.send(new DeleteObjectCommand({ Bucket, Key }));
            break;
          case 1:
            await this.#complete(client, Key, known);
            break;
          default: {
            const Body = randomBytes(randomInt(this.#count % 2 === 0 ? 20_000 : 400_000));
            known.pending = Body;
            await client.send(new PutObjectCommand({ Bucket, Key, Body }));
          }
        }
      } catch (error) {
        // The engine is gone; anything that it has said itself is a fault.
        if ((error as { $response?: unknown }).$response === undefined || isOver()) return;
        throw error;
      }
      known.acknowledged = known.pending as Content;
      known.pending = nothing;
      acknowledged();
    }
  }

  async #complete(client: S3Client, Key: string, known: Known): Promise<void> {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const content = randomBytes(5 * 1024 * 1024 + 1000);
    const parts = [content.subarray(0, 5 * 1024 * 1024), content.subarray(5 * 1024 * 1024)];
    const Parts: { PartNumber: number; ETag: string | undefined }[] = [];
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1;
      const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    }
    known.pending = content;
    await client.send(
      new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
    );
  }

  /** What is there is what was acknowledged, or what was on its way. */
  async verify(client: S3Client): Promise<void> {
    for (const [Key, known] of this.objects) {
      const found = await read(client, Key);
      const { pending } = known;
      const isPending = pending !== nothing && isSame(found, pending);
      if (!isPending)
        expect(isSame(found, known.acknowledged), `${Key} is neither the old one nor the new one`).toBe(true);
      known.acknowledged = found;
      known.pending = nothing;
    }
  }
}

function isSame(a: Content, b: Content): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

async function read(client: S3Client, Key: string): Promise<Content> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from(await Body!.transformToByteArray());
  } catch (error) {
    if ((error as Error).name === "NoSuchKey") return undefined;
    throw error;
  }
}

/** Names of the files of contents. */
function contentFiles(dataDir: string): string[] {
  return readdirSync(join(dataDir, "files"), { recursive: true, encoding: "utf8" }).filter((name) =>
    /^[0-9a-f]{2}\/[0-9a-f]{64}$/.test(name),
  );
}

test(
  `${rounds} kills under ${writersCount} writers: each object is the old one or the new one, and nothing is left over`,
  { timeout: patientMs(30_000 + rounds * 10_000) },
  async () => {
    const dataDir = temporaryFolder();
    const writers = Array.from({ length: writersCount }, (_, index) => new Writer(index));
    // Uploads that a kill has left are given up at the next start.
    const environment = { WEFTKIT_FILESTORE_MULTIPART_RETENTION: "1ms" };
    let engine = await EngineProcess.start(dataDir);
    let client = new S3Client(clientOptions(engine.url));
    await client.send(new CreateBucketCommand({ Bucket }));
    for (let round = 0; round < rounds; round++) {
      let isOver = false;
      let changed = 0;
      const wanted = randomInt(changesMin, changesMax);
      const enough = Promise.withResolvers<void>();
      const running = writers.map((writer) =>
        writer.write(
          client,
          () => isOver,
          () => {
            if (++changed === wanted) enough.resolve();
          },
        ),
      );
      await Promise.race([enough.promise, Promise.all(running)]);
      await engine.kill();
      isOver = true;
      await Promise.all(running);
      client.destroy();
      engine = await EngineProcess.start(dataDir);
      client = new S3Client(clientOptions(engine.url));
      for (const writer of writers) await writer.verify(client);
    }
    client.destroy();
    await engine.terminate();
    engine = await EngineProcess.start(dataDir, environment);
    client = new S3Client(clientOptions(engine.url));
    const there = new Set<string>();
    for (const writer of writers) for (const [Key] of writer.objects) there.add(Key);
    for (const Key of there) await client.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect.poll(() => contentFiles(dataDir), { timeout: patientMs(20_000), interval: 50 }).toEqual([]);
    client.destroy();
  },
);
