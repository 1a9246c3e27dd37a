import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { Consumer, MessagesStreamModes, stringDeserializers } from "@platformatic/kafka";
import { patientMs } from "@weftkit/testing/patience";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { openNotes, until } from "./cdc-for-test.ts";
import {
  kafkaMissing,
  natsMissing,
  type RealBroker,
  realKafka,
  realNats,
  realRedis,
  redisMissing,
} from "./real-brokers.ts";

interface Taken {
  readonly key: string | undefined;
  readonly event: { readonly after: { readonly k: number; readonly n: number } };
}

interface Contender {
  readonly missing: string | undefined;
  start(): Promise<RealBroker>;
  readonly settings: Readonly<Record<string, unknown>>;
  /** All events that the broker has, in its order; undefined while it may have more. */
  readAll(broker: RealBroker, count: number): Promise<Taken[]>;
  /** Larger than this is refused; undefined where there is no such bound. */
  readonly refusedBytes: number | undefined;
}

const natsLogin = { user: "app", pass: "only for this test" };

const contenders: Readonly<Record<string, Contender>> = {
  redis: {
    missing: redisMissing,
    start: realRedis,
    settings: {},
    refusedBytes: undefined,
    readAll: async ({ port }) => {
      const redis = new Redis({ port, host: "127.0.0.1" });
      onTestFinished(() => redis.disconnect());
      const entries = await redis.xrange("weftkit.changes", "-", "+");
      return entries.map(([, fields]) => ({
        key: fields[3],
        event: JSON.parse(fields[5]!) as Taken["event"],
      }));
    },
  },
  nats: {
    missing: natsMissing,
    start: realNats,
    settings: { username: "app", password: "only for this test" },
    refusedBytes: 1_048_576,
    readAll: async ({ address }) => {
      const connection = await connectNats({ servers: address, ...natsLogin });
      onTestFinished(() => connection.close());
      const manager = await jetstreamManager(connection);
      const { state } = await manager.streams.info("WEFTKIT_CHANGES");
      const { name } = await manager.consumers.add("WEFTKIT_CHANGES", { ack_policy: AckPolicy.None });
      const consumer = await jetstream(connection).consumers.get("WEFTKIT_CHANGES", name);
      const taken: Taken[] = [];
      while (taken.length < state.messages) {
        for await (const message of await consumer.fetch({ max_messages: 500, expires: 1000 })) {
          const key = message.headers?.get("Weftkit-Key");
          taken.push({
            key: key === undefined ? undefined : Buffer.from(key, "base64").toString(),
            event: message.json(),
          });
        }
      }
      return taken;
    },
  },
  kafka: {
    missing: kafkaMissing,
    start: realKafka,
    settings: {},
    refusedBytes: 200_000,
    readAll: async ({ address }, count) => {
      const consumer = new Consumer({
        clientId: "test",
        groupId: `test-${Math.random()}`,
        bootstrapBrokers: [address],
        deserializers: stringDeserializers,
        // A new group's coordinator is not there at once (NOT_COORDINATOR).
        retries: 30,
        retryDelay: 200,
      });
      onTestFinished(() => consumer.close(true));
      const stream = await consumer.consume({
        topics: ["weftkit.changes"],
        mode: MessagesStreamModes.EARLIEST,
        autocommit: false,
        maxWaitTime: 100,
      });
      const taken: Taken[] = [];
      const seen = new Set<number>();
      for await (const { key, value } of stream) {
        taken.push({ key, event: JSON.parse(value!) as Taken["event"] });
        seen.add(taken.at(-1)!.event.after?.n);
        if (seen.size >= count) break;
      }
      return taken;
    },
  },
};

/** Notes of some keys, each with a number that ascends. */
const note = (n: number) => JSON.stringify({ k: n % 7, n });
const keyOf = (body: string) => String((JSON.parse(body) as { k: number }).k);

describe.each(Object.entries(contenders))("%s", (emitter, contender) => {
  const { missing, settings, refusedBytes } = contender;
  if (missing !== undefined) {
    test.skip(missing);
    return;
  }

  test(
    "every event is there, those of a key in order, though the broker is killed and away",
    {
      timeout: patientMs(60_000),
    },
    async () => {
      const broker = await contender.start();
      const notes = await openNotes({}, keyOf);
      // Nobody is there yet: the engine begins all the same.
      const cdc = await notes.cdc({
        emitter,
        broker: broker.address,
        retry_max: "300ms",
        batch_events: 20,
        ...settings,
      });
      let n = 0;
      const write = async (count: number) => {
        for (const end = n + count; n < end; n++) await notes.write(note(n));
      };
      await write(30);
      await until(() => cdc.status().state === "retrying");
      await broker.start();
      await until(() => cdc.status().sent >= 30);
      for (let round = 0; round < Number(process.env.WEFTKIT_CDC_ROUNDS ?? 2); round++) {
        const writing = write(100);
        await broker.kill();
        await writing;
        await write(20);
        await broker.start();
        await until(() => cdc.status().sent >= n);
      }
      const taken = await contender.readAll(broker, n);
      const numbers = new Map<string | undefined, number[]>();
      for (const { key, event } of taken) {
        const known = numbers.get(key) ?? [];
        // At least once: what was sent again is one that was there, or goes on behind it.
        known.push(event.after.n);
        numbers.set(key, known);
      }
      expect(numbers.size).toBe(7);
      expect(new Set(taken.map(({ event }) => event.after.n)).size).toBe(n);
      for (const ofKey of numbers.values()) {
        const first = [...new Set(ofKey)];
        expect(first).toEqual(first.toSorted((a, b) => a - b));
        // After the last time that something was sent again the newest is the last.
        expect(ofKey.at(-1)).toBe(Math.max(...ofKey));
      }
      expect(cdc.status()).toMatchObject({ state: "sending", deadLetters: 0, lost: 0 });
      expect(notes.fatal).toEqual([]);
    },
  );

  test.skipIf(refusedBytes === undefined)(
    "an event that is too large for the broker is a dead letter",
    {
      timeout: patientMs(60_000),
    },
    async () => {
      const broker = await contender.start();
      await broker.start();
      const notes = await openNotes({}, keyOf);
      const cdc = await notes.cdc({
        emitter,
        broker: broker.address,
        retry_max: "300ms",
        ...settings,
      });
      const large = JSON.stringify({ k: 1, n: 1, text: "x".repeat(refusedBytes! + 1) });
      await notes.write(note(0), large, note(2), note(3));
      await until(() => cdc.status().sent === 3);
      expect(cdc.status()).toMatchObject({ state: "sending", deadLetters: 1 });
      const taken = await contender.readAll(broker, 3);
      // Others of the same sending may have been stored at the first try.
      expect([...new Set(taken.map(({ event }) => event.after.n))].toSorted()).toEqual([0, 2, 3]);
    },
  );
});
