import { PutObjectCommand } from "@aws-sdk/client-s3";
import { randomNumbers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

interface Page {
  readonly objects: readonly { readonly key: string }[];
  readonly next?: string;
}

test("finds objects by what is known of them, and refuses what it cannot read", async () => {
  const engine = await RunningEngine.start();
  const { url } = engine;
  const client = engine.client();
  const headers = { "content-type": "application/json" };
  await fetch(`${url}/v1/buckets`, { method: "POST", headers, body: '{"name":"papers"}' });
  const put = (
    Key: string,
    ContentType: string,
    size: number,
    Tagging?: string,
    Metadata?: Record<string, string>,
  ) =>
    client.send(
      new PutObjectCommand({
        Bucket: "papers",
        Key,
        Body: Buffer.alloc(size, 1),
        ContentType,
        Tagging,
        Metadata,
      }),
    );
  await put("2026/Report.pdf", "application/pdf", 500, "state=final&team=weft", { author: "Ada" });
  await put("2026/photo.png", "image/png", 2000, "team=weft");
  await put("2025/photo.jpg", "image/jpeg", 9000, undefined, { author: "Grace" });
  const search = async (query: string) => {
    const response = await fetch(`${url}/v1/buckets/papers/search?${query}`);
    expect(response.status, query).toBe(200);
    return ((await response.json()) as Page).objects.map(({ key }) => key);
  };
  expect(await search("type=image/*")).toEqual(["2025/photo.jpg", "2026/photo.png"]);
  expect(await search("name=report.*")).toEqual(["2026/Report.pdf"]);
  expect(await search("tags=team")).toEqual(["2026/Report.pdf", "2026/photo.png"]);
  expect(await search("tags=team=weft,state=final")).toEqual(["2026/Report.pdf"]);
  expect(await search("attributes=author=G*")).toEqual(["2025/photo.jpg"]);
  expect(await search("min_size=1000&max_size=5000")).toEqual(["2026/photo.png"]);
  expect(await search("prefix=2025/&type=image/*")).toEqual(["2025/photo.jpg"]);
  expect(await search("modified_before=2020-01-01")).toEqual([]);
  const first = (await (await fetch(`${url}/v1/buckets/papers/search?limit=1`)).json()) as Page;
  expect(first.objects).toHaveLength(1);
  expect(await search(`limit=1&cursor=${first.next}`)).toEqual(["2026/Report.pdf"]);
  for (const wrong of ["modified_after=soon", "tags=,", "min_size=-1", "color=red", "cursor=abc"]) {
    expect((await fetch(`${url}/v1/buckets/papers/search?${wrong}`)).status, wrong).toBe(400);
  }
  // Whatever is asked is found or refused.
  const seed = Date.now() % 1_000_000;
  const random = randomNumbers(seed);
  const letters = "*?=,&%/aeß\u0000".split("");
  for (let round = 0; round < 200; round++) {
    const text = Array.from(
      { length: 1 + Math.floor(random() * 12) },
      () => letters[Math.floor(random() * letters.length)],
    );
    const name = ["name", "type", "tags", "attributes", "prefix", "modified_after"][Math.floor(random() * 6)];
    const response = await fetch(
      `${url}/v1/buckets/papers/search?${name}=${encodeURIComponent(text.join(""))}`,
    );
    expect([200, 400], `seed ${seed}: ${name} ${text.join("")}`).toContain(response.status);
    await response.text();
  }
});
