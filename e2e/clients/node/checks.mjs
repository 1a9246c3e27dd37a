// Applications in JavaScript that live on Redis's scripts, streams and locks: what they promise their users, kept here too.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import BeeQueue from "bee-queue";
import Bull from "bull";
import { FlowProducer, Queue, QueueEvents, Worker } from "bullmq";
import { RedisStore } from "connect-redis";
import session from "express-session";
import IORedis from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { createClient } from "redis";
import Redlock from "redlock";

const connection = {
  host: "127.0.0.1",
  port: Number(process.env.WEFTKIT_TEST_PORT),
  username: process.env.WEFTKIT_TEST_USER,
  password: process.env.WEFTKIT_TEST_PASSWORD,
  maxRetriesPerRequest: null,
};
const url = `redis://${connection.username}:${connection.password}@127.0.0.1:${connection.port}`;

/** Waits until a condition holds; each check is ended by its caller when it never does. */
async function until(condition) {
  while (!(await condition())) await delay(20);
}

async function bullmq_runs_retries_delays_and_orders_jobs() {
  const queue = new Queue("jobs", { connection });
  const events = new QueueEvents("jobs", { connection });
  await events.waitUntilReady();
  let failures = 0;
  const done = [];
  const worker = new Worker(
    "jobs",
    async ({ data, attemptsMade }) => {
      if (data.fails && attemptsMade < 2) {
        failures++;
        throw new Error("again");
      }
      return data.i;
    },
    { connection, concurrency: 8 },
  );
  worker.on("completed", ({ id }) => done.push(id));
  await queue.addBulk(
    Array.from({ length: 100 }, (_, i) => ({
      name: "job",
      data: { i, fails: i % 10 === 0 },
      opts: { attempts: 3, backoff: { type: "fixed", delay: 20 }, priority: i % 3 },
    })),
  );
  const delayed = await queue.add("delayed", { i: 7 }, { delay: 100 });
  assert.equal(await delayed.waitUntilFinished(events), 7);
  await until(() => done.length === 101);
  assert.equal(failures, 20);
  assert.equal(await queue.getCompletedCount(), 101);
  await worker.close();
  await events.close();
  await queue.obliterate({ force: true });
  await queue.close();
}

async function bullmq_runs_a_parent_after_its_children() {
  const events = new QueueEvents("flow", { connection });
  await events.waitUntilReady();
  const worker = new Worker(
    "flow",
    async (job) => 1 + Object.values(await job.getChildrenValues()).reduce((sum, one) => sum + one, 0),
    { connection },
  );
  const flow = new FlowProducer({ connection });
  const child = { name: "child", queueName: "flow" };
  const { job } = await flow.add({ name: "parent", queueName: "flow", children: [child, child] });
  assert.equal(await job.waitUntilFinished(events), 3);
  await worker.close();
  await flow.close();
  await events.close();
}

async function bull_runs_jobs() {
  const queue = new Bull("bull", { redis: connection });
  let count = 0;
  void queue.process(4, async () => ++count);
  await Promise.all(Array.from({ length: 50 }, (_, i) => queue.add({ i })));
  await until(async () => (await queue.getJobCounts()).completed === 50);
  assert.equal(count, 50);
  await queue.close();
}

async function bee_queue_runs_jobs() {
  const queue = new BeeQueue("bee", { redis: { ...connection, user: connection.username } });
  queue.process(4, async ({ data }) => data.i * 2);
  const job = await queue.createJob({ i: 21 }).save();
  const result = await new Promise((resolve) => job.on("succeeded", resolve));
  assert.equal(result, 42);
  await queue.close();
}

async function redlock_lets_one_in_at_a_time() {
  const client = new IORedis(connection);
  const lock = new Redlock([client], { retryCount: 500, retryDelay: 5 });
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      const held = await lock.lock("resource", 5000);
      most = Math.max(most, ++inside);
      await delay(2);
      inside--;
      await held.unlock();
    }),
  );
  assert.equal(most, 1);
  client.disconnect();
}

async function rate_limiter_flexible_counts() {
  const client = new IORedis(connection);
  const limiter = new RateLimiterRedis({ storeClient: client, points: 5, duration: 60 });
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => limiter.consume("visitor")));
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 5);
  client.disconnect();
}

async function connect_redis_keeps_sessions() {
  const client = createClient({ url });
  await client.connect();
  const store = new RedisStore({ client, prefix: "session:" });
  assert.ok(store instanceof session.Store);
  await store.set("one", { cookie: {}, name: "ann" });
  assert.equal((await store.get("one")).name, "ann");
  assert.equal((await store.ids()).length, 1);
  await store.destroy("one");
  assert.equal(await store.length(), 0);
  client.destroy();
}

let failed = 0;
for (const check of [
  bullmq_runs_retries_delays_and_orders_jobs,
  bullmq_runs_a_parent_after_its_children,
  bull_runs_jobs,
  bee_queue_runs_jobs,
  redlock_lets_one_in_at_a_time,
  rate_limiter_flexible_counts,
  connect_redis_keeps_sessions,
]) {
  try {
    await check();
    console.log(`ok ${check.name}`);
  } catch (error) {
    failed++;
    console.log(
      `not ok ${check.name}: ${String(error.stack ?? error)
        .replaceAll("\n", " | ")
        .slice(0, 1000)}`,
    );
  }
}
process.exit(failed > 0 ? 1 : 0);
