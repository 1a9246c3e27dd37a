import dynamoose from "dynamoose";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

/** A blog on Dynamoose, which makes its table and its indexes itself. */
test("a blog on Dynamoose", async () => {
  const engine = await RunningEngine.start();
  const client = new dynamoose.aws.ddb.DynamoDB({
    endpoint: engine.url,
    region: "eu-central-1",
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
  });
  dynamoose.aws.ddb.set(client);
  const schema = new dynamoose.Schema(
    {
      author: { type: String, hashKey: true },
      slug: { type: String, rangeKey: true },
      title: { type: String, required: true },
      topic: { type: String, index: { name: "byTopic", rangeKey: "slug", type: "global" } },
      stars: { type: Number, default: 0 },
      labels: { type: Set, schema: [String] },
      comments: { type: Array, schema: [{ type: Object, schema: { by: String, text: String } }] },
      publishedAt: Date,
    },
    { timestamps: true },
  );
  const Post = dynamoose.model("Post", schema);
  new dynamoose.Table("blog", [Post], {
    throughput: "ON_DEMAND",
    expires: { ttl: 3_600_000, attribute: "expires" },
    waitForActive: { enabled: true, check: { timeout: 30_000, frequency: 100 } },
  });

  const publishedAt = new Date("2026-01-02T03:04:05Z");
  for (let i = 0; i < 12; i++) {
    await Post.create({
      author: i % 3 === 0 ? "ann" : "bob",
      slug: `post-${String(i).padStart(2, "0")}`,
      title: `Title ${i}`,
      topic: i % 2 === 0 ? "weaving" : "looms",
      labels: new Set(["draft", `l${i % 2}`]),
      publishedAt,
    });
  }
  await expect(Post.create({ author: "ann", slug: "post-00", title: "again" })).rejects.toThrow();

  const first = await Post.get({ author: "ann", slug: "post-00" });
  expect(first).toMatchObject({ title: "Title 0", stars: 0, publishedAt, labels: new Set(["draft", "l0"]) });
  expect(first.expires.getTime()).toBeGreaterThan(Date.now());

  const updated = await Post.update(
    { author: "ann", slug: "post-00" },
    {
      $ADD: { stars: 5 },
      $SET: { title: "Better" },
      $DELETE: { labels: new Set(["draft"]) },
    },
  );
  expect(updated).toMatchObject({ stars: 5, title: "Better", labels: new Set(["l0"]) });
  await Post.update({ author: "ann", slug: "post-00" }, { $SET: { comments: [{ by: "bob", text: "yes" }] } });
  const post = await Post.get({ author: "ann", slug: "post-00" });
  expect(post.comments).toEqual([{ by: "bob", text: "yes" }]);
  expect(post.updatedAt >= post.createdAt).toBe(true);

  const bobs = await Post.query("author")
    .eq("bob")
    .where("slug")
    .ge("post-05")
    .sort("descending")
    .limit(3)
    .exec();
  expect(bobs.map(({ slug }) => slug)).toEqual(["post-11", "post-10", "post-08"]);
  const more = await Post.query("author")
    .eq("bob")
    .where("slug")
    .ge("post-05")
    .sort("descending")
    .startAt(bobs.lastKey)
    .exec();
  expect(more.map(({ slug }) => slug)).toEqual(["post-07", "post-05"]);
  const weaving = await Post.query("topic").eq("weaving").using("byTopic").all().exec();
  expect(weaving.length).toBe(6);
  const starred = await Post.scan().filter("stars").gt(0).and().filter("title").contains("Bet").exec();
  expect(starred.count).toBe(1);
  expect((await Post.scan().count().exec()).count).toBe(12);

  await Post.batchPut([
    { author: "cat", slug: "a", title: "A" },
    { author: "cat", slug: "b", title: "B" },
  ]);
  const cats = await Post.batchGet([
    { author: "cat", slug: "a" },
    { author: "cat", slug: "b" },
    { author: "cat", slug: "c" },
  ]);
  expect(cats.map(({ title }) => title).sort()).toEqual(["A", "B"]);
  await dynamoose.transaction([
    Post.transaction.update({ author: "cat", slug: "a" }, { $ADD: { stars: 1 } }),
    Post.transaction.delete({ author: "cat", slug: "b" }),
    Post.transaction.create({ author: "cat", slug: "d", title: "D" }),
  ]);
  await expect(
    dynamoose.transaction([
      Post.transaction.create({ author: "cat", slug: "d", title: "again" }),
      Post.transaction.delete({ author: "cat", slug: "a" }),
    ]),
  ).rejects.toThrow("ConditionalCheckFailed");
  const left = await Post.query("author").eq("cat").exec();
  expect(left.map(({ slug, stars }) => [slug, stars])).toEqual([
    ["a", 1],
    ["d", 0],
  ]);
  await left[0]!.delete();
  expect(await Post.get({ author: "cat", slug: "a" })).toBeUndefined();
});
