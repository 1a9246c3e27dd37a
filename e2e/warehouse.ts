import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import type { ComposeProject } from "./compose-project.ts";

const Bucket = "warehouse";
const largeBytes = 3 * 1024 * 1024;

/** Objects of two sizes with versions, in the filestore engine of a project. */
export class Warehouse {
  readonly #client: S3Client;

  constructor(project: ComposeProject, port: number) {
    const password = readFileSync(join(project.folder, "secrets/filestore_password"), "utf8").trim();
    this.#client = new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: "weftkit", secretAccessKey: password },
    });
  }

  async write(count: number): Promise<void> {
    await this.#client.send(new CreateBucketCommand({ Bucket }));
    const VersioningConfiguration = { Status: "Enabled" as const };
    await this.#client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    for (let number = 0; number < count; number++) await this.#put(`small/${number}`, `object ${number}`);
    await this.#put("small/0", "object 0");
    await this.#put("large", contentOf("large"));
  }

  #put(Key: string, Body: string | Buffer) {
    return this.#client.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { about: Key } }));
  }

  /** What is not as it was written. */
  async differences(count: number): Promise<string[]> {
    const found: string[] = [];
    const listed = await this.#client.send(new ListObjectsV2Command({ Bucket, Prefix: "small/" }));
    if (listed.KeyCount !== count) found.push(`${listed.KeyCount} small objects`);
    for (let number = 0; number < count; number++) {
      const { Body, Metadata } = await this.#get(`small/${number}`);
      const text = await Body?.transformToString();
      if (text !== `object ${number}` || Metadata?.about !== `small/${number}`)
        found.push(`object ${number}`);
    }
    const large = await (await this.#get("large")).Body?.transformToByteArray();
    if (!contentOf("large").equals(large ?? Buffer.alloc(0))) found.push("the large object");
    return found;
  }

  #get(Key: string) {
    return this.#client.send(new GetObjectCommand({ Bucket, Key }));
  }

  close(): void {
    this.#client.destroy();
  }
}

/** Bytes that no compression makes small. */
function contentOf(seed: string): Buffer {
  const parts: Buffer[] = [];
  for (let bytes = 0, i = 0; bytes < largeBytes; bytes += 32, i++)
    parts.push(createHash("sha256").update(`${seed} ${i}`).digest());
  return Buffer.concat(parts);
}
