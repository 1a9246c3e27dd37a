// Clients that send anything but requests: they cost themselves only.
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { credentials, makeGenericClientConstructor, type ServiceError, status } from "@grpc/grpc-js";
import { patientMs } from "@weftkit/testing/patience";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

const rounds = Number(process.env.WEFTKIT_FUZZ_ROUNDS ?? 300);

/** Calls methods with bytes that are no messages, or nearly. */
const RawClient = makeGenericClientConstructor(
  Object.fromEntries(
    [
      "weftkit.vector.v1.VectorService/SearchVectors",
      "weftkit.vector.v1.VectorService/UpsertVectors",
      "qdrant.Points/Query",
      "qdrant.Points/Upsert",
      "qdrant.Collections/Create",
    ].map((path) => [
      path,
      {
        path: `/${path}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    ]),
  ),
  "raw",
);

test(
  "random bytes on the port, as HTTP and as messages leave the engine as it was",
  { timeout: patientMs(120_000) },
  async () => {
    const seed = randomInt(2 ** 31);
    console.log("seed", seed);
    const integer = randomIntegers(seed);
    const engine = await RunningEngine.start();
    const { client } = engine;
    await client.call("CreateCollection", { name: "c", dimensions: 2 });
    await client.upsert("c", [{ id: "a", values: [1, 2] }]);
    const noise = (length: number) => Buffer.from(Array.from({ length }, () => integer(256)));
    const raw = new RawClient(engine.address, credentials.createInsecure()) as unknown as Record<
      string,
      (bytes: Buffer, done: (error: ServiceError | null) => void) => void
    >;
    const paths = Object.keys(RawClient.service);
    for (let round = 0; round < rounds; round++) {
      switch (integer(4)) {
        case 0: {
          const socket = connect(engine.image.port, "127.0.0.1");
          await once(socket, "connect");
          socket.on("error", () => {});
          socket.write(
            integer(2) === 0
              ? noise(1 + integer(200))
              : Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), noise(1 + integer(200))]),
          );
          socket.destroySoon();
          break;
        }
        case 1: {
          const body = noise(1 + integer(300));
          const target = [
            "/v1/SearchVectors",
            "/collections/c/points/query",
            "/collections/c/points",
            "/collections/x",
          ][integer(4)]!;
          const response = await fetch(engine.url + target, {
            method: integer(2) === 0 ? "POST" : "PUT",
            body: new Uint8Array(body),
          });
          expect(response.status).toBeGreaterThanOrEqual(400);
          expect(response.status).toBeLessThan(500);
          break;
        }
        case 2: {
          // JSON of the right form with values that are wrong.
          const value = [null, -1, 1e300, "x", [], {}, [[]], true][integer(8)];
          const name = [
            "query",
            "limit",
            "filter",
            "prefetch",
            "using",
            "params",
            "score_threshold",
            "with_payload",
          ][integer(8)]!;
          const response = await fetch(`${engine.url}/collections/c/points/query`, {
            method: "POST",
            body: JSON.stringify({ query: [1, 2], [name]: value }),
          });
          const answer = (await response.json()) as { status: unknown };
          expect(answer.status, `${name}: ${JSON.stringify(value)}`).toBeDefined();
          expect(response.status, `${name}: ${JSON.stringify(value)} ${JSON.stringify(answer)}`).not.toBe(
            500,
          );
          break;
        }
        default: {
          const path = paths[integer(paths.length)]!;
          const error = await new Promise<ServiceError | null>((resolve) =>
            raw[path]!(noise(integer(100)), resolve),
          );
          expect(error?.code).not.toBe(status.UNAVAILABLE);
        }
      }
    }
    expect(await client.search("c", [1, 2])).toHaveLength(1);
    (raw as unknown as { close(): void }).close();
  },
);

test(
  "a message of 60 MiB is taken, one above 64 MiB is RESOURCE_EXHAUSTED",
  { timeout: patientMs(120_000) },
  async () => {
    const { client } = await RunningEngine.start();
    await client.call("CreateCollection", { name: "large", dimensions: 1024, distance: "euclidean" });
    const vectors = (mebibytes: number) =>
      Array.from({ length: mebibytes * 255 }, (_, i) => ({
        id: `v${i}`,
        values: Array.from({ length: 1024 }, () => i),
      }));
    expect((await client.upsert("large", vectors(60))).upserted_count).toBe(60 * 255);
    const error = await client.failure("UpsertVectors", { collection: "large", vectors: vectors(66) });
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toContain(String(64 * 1024 * 1024));
    expect(await client.call("CountVectors", { collection: "large" })).toEqual({ count: 60 * 255 });
  },
);
