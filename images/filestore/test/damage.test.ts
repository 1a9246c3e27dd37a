import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { patientMs } from "@weftkit/testing/patience";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const Bucket = "damaged";

async function startWith(content: Buffer) {
  const lines: string[] = [];
  const engine = await RunningEngine.start({ logStream: { write: (line) => void lines.push(line) } });
  const client = engine.client();
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: "x", Body: content }));
  const files = join(engine.dataDir, "files");
  const name = readdirSync(files, { recursive: true, encoding: "utf8" }).find((path) =>
    /[0-9a-f]{64}$/.test(path),
  )!;
  return { engine, client, file: join(files, name), lines };
}

test("a byte that has changed on the volume is found, told, and never served", async () => {
  const content = randomBytes(3_000_000);
  const { engine, client, file, lines } = await startWith(content);
  const bytes = readFileSync(file);
  bytes[2_500_000]! ^= 1;
  writeFileSync(file, bytes);

  // Whole: what comes before it is right, then the connection breaks.
  const whole = await fetch(`${engine.url}/${Bucket}/x`).then(
    (response) => response.arrayBuffer().then(Buffer.from, () => undefined),
    () => undefined,
  );
  expect(whole).toBeUndefined();
  await expect(
    client.send(new GetObjectCommand({ Bucket, Key: "x" })).then(({ Body }) => Body!.transformToByteArray()),
  ).rejects.toThrow();

  // A range that has it is refused; others are served.
  const range = (Range: string) => client.send(new GetObjectCommand({ Bucket, Key: "x", Range }));
  await expect(range("bytes=2500000-2500000")).rejects.toMatchObject({ name: "InternalError" });
  const before = await range("bytes=0-599999");
  expect(Buffer.from(await before.Body!.transformToByteArray()).equals(content.subarray(0, 600_000))).toBe(
    true,
  );
  expect(lines.join("")).toContain("a content is damaged");

  // Put again, it is right again.
  await client.send(new PutObjectCommand({ Bucket, Key: "x", Body: content }));
});

test("a file that has become shorter is not served either", async () => {
  const { client, file } = await startWith(randomBytes(300_000));
  truncateSync(file, 200_000);
  const range = client.send(new GetObjectCommand({ Bucket, Key: "x", Range: "bytes=250000-250010" }));
  await expect(range).rejects.toMatchObject({ name: "InternalError" });
});

test("a content that was written for nothing is removed again", async () => {
  const { engine, client, file } = await startWith(randomBytes(300_000));
  const names = () => {
    const found = readdirSync(join(engine.dataDir, "files"), { recursive: true, encoding: "utf8" });
    return found
      .filter((path) => /[0-9a-f]{64}$/.test(path))
      .map((path) => join(engine.dataDir, "files", path));
  };
  const refused = client.send(
    new PutObjectCommand({ Bucket, Key: "x", Body: randomBytes(300_000), IfNoneMatch: "*" }),
  );
  await expect(refused).rejects.toMatchObject({ name: "PreconditionFailed" });
  await expect.poll(names, { timeout: patientMs(20_000) }).toEqual([file]);
});
