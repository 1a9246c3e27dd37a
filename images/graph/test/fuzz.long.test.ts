import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { patientMs } from "@weftkit/testing/patience";
import { randomIntegers } from "@weftkit/testing/random-numbers";
import { clientHandshake } from "@weftkit/wire-bolt";
import { expect, test } from "vitest";
import { CypherError } from "../src/errors.ts";
import { OpenedGraph } from "./open-for-test.ts";
import { RunningEngine, rows } from "./running-engine.ts";
import { WireClient } from "./wire-client.ts";

const seed = Number(process.env.WEFTKIT_SEED ?? randomInt(2 ** 32));
const count = Number(process.env.WEFTKIT_FUZZ_COUNT ?? 4000);
const cases = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures/language.json"), "utf8")) as {
  readonly query: string;
}[];
const words = /[A-Za-z_]\w*|\d+(?:\.\d+)?|'[^']*'|\s+|./g;

/** Takes queries to pieces, and puts pieces of others between them. */
function mutated(random: (bound: number) => number): string {
  const pieces = [...(cases[random(cases.length)]!.query.match(words) ?? [])];
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(pieces.length + 1);
    const other = cases[random(cases.length)]!.query.match(words) ?? [];
    const from = random(other.length);
    switch (random(4)) {
      case 0:
        pieces.splice(at, 1 + random(3));
        break;
      case 1:
        pieces.splice(at, 0, ...other.slice(from, from + 1 + random(8)));
        break;
      case 2:
        pieces.splice(at, 1, ...other.slice(from, from + 1));
        break;
      default:
        pieces.splice(at, 0, ...pieces.slice(random(pieces.length), random(pieces.length)));
    }
  }
  return pieces.join("");
}

test(
  `whatever a query says, it is answered or refused with a reason (seed ${seed})`,
  { timeout: patientMs(60_000) },
  async () => {
    const random = randomIntegers(seed);
    const graph = await OpenedGraph.open();
    await graph.rows(
      "CREATE (a:Person {name: 'Ann', age: 30})-[:KNOWS {since: 1}]->(b:Person {name: 'Bob'})-[:KNOWS]->(:City)<-[:LIKES]-(a)",
    );
    for (let i = 0; i < count; i++) {
      const query = mutated(random);
      try {
        await graph.rows(query, new Map([["p", 1n]]), 2000);
      } catch (error) {
        expect(error, query).toBeInstanceOf(CypherError);
        expect(
          (error as CypherError).code,
          `${query}\n${(error as Error).stack}\n${String((error as Error).cause)}`,
        ).not.toBe("Neo.DatabaseError.General.UnknownError");
      }
      if (i % 500 === 499) await graph.rows("MATCH (n) WITH n SKIP 50 DETACH DELETE n");
    }
  },
);

test(`whatever bytes come, the server goes on (seed ${seed})`, { timeout: patientMs(60_000) }, async () => {
  const random = randomIntegers(seed);
  const engine = await RunningEngine.start();
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => random(256)));
  for (let i = 0; i < 60; i++) {
    const socket = connect(engine.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    socket.write(
      Buffer.concat([clientHandshake([{ major: 5, minor: 4, range: 0 }]), bytes(200 + random(400))]),
    );
    socket.end();
    await once(socket, "close");
    const client = await WireClient.ready(engine.port);
    // A message of our own with a few bytes changed.
    const message = Buffer.from("b3108a52455455524e202478a1817801a0", "hex");
    for (let changes = 1 + random(3); changes > 0; changes--) message[random(message.length)] = random(256);
    client.raw(Buffer.concat([Buffer.from([0, message.length]), message, Buffer.alloc(2)]));
    client.send("goodbye");
    if (!client.isClosed) await once(client.socket, "close");
  }
  expect(await rows(engine.driver(), "RETURN 1 AS x")).toEqual([{ x: 1 }]);
});
