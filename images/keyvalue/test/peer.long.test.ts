import { DeleteItemCommand, DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { patientMs } from "@weftkit/testing/patience";
import { afterAll, expect, test } from "vitest";
import { operations } from "../src/operations/registry.ts";
import { requestShapes } from "./aws-schemas.ts";
import { createModelTable, ModelRun, modelTableName } from "./model-run.ts";
import { type Client, type Difference, PeerClient } from "./peer-client.ts";
import { isDecided } from "./peer-differences.ts";
import { callUrl, clientOptions, type RawReply, RunningEngine } from "./running-engine.ts";
import { wrongTypes } from "./wrong-types.ts";

/**
 * The same requests to this engine and to another server of DynamoDB's API; every difference is one that was looked up and decided, see
 * `peer-differences.ts`. `WEFTKIT_DYNAMODB_PEER` is its URL: `dynoxide serve --port 8001`, then `http://127.0.0.1:8001`.
 */
const peer = process.env.WEFTKIT_DYNAMODB_PEER;
const requests = Number(process.env.WEFTKIT_PEER_REQUESTS ?? 2000);
const seed = Number(process.env.WEFTKIT_MODEL_SEED ?? 20_261_130);

if (peer === undefined)
  console.log("WEFTKIT_DYNAMODB_PEER is not set: there is nothing to compare answers with");

/** Those of the same kind are told once, with how many there were. */
const undecided = new Map<string, { count: number; first: Difference }>();

function note(difference: Difference): void {
  if (isDecided(difference)) return;
  const kind = [difference.operation, difference.ours, difference.peers].map(withoutValues).join("\n");
  const known = undecided.get(kind);
  if (known === undefined) undecided.set(kind, { count: 1, first: difference });
  else known.count++;
}

function withoutValues(text: string): string {
  return text.replace(/"[^"]*"|'[^']*'|\d+/g, "_").slice(0, 400);
}

afterAll(() => {
  for (const { count, first } of undecided.values()) {
    console.log(`${count} x ${first.operation} ${first.request.slice(0, 600)}`);
    console.log(`  ours  ${first.ours.slice(0, 600)}\n  peers ${first.peers.slice(0, 600)}`);
  }
});

test.skipIf(peer === undefined)(
  `${requests} random requests are answered as by the peer, but for what was decided`,
  { timeout: patientMs(60_000 + requests * 100) },
  async () => {
    const engine = await RunningEngine.start();
    const ours = engine.client();
    const theirs = new DynamoDBClient(clientOptions(peer!));
    const pair = new PeerClient(ours, theirs, () => copy(ours, theirs));
    await callUrl(peer!, "DeleteTable", { TableName: modelTableName });
    await createModelTable(pair);
    await new ModelRun(pair, seed).run(requests);
    for (const difference of pair.differences) note(difference);
    theirs.destroy();
    expect([...undecided.keys()]).toEqual([]);
  },
);

/** Gives the peer the items that ours has, and no others. */
async function copy(ours: Client, theirs: Client): Promise<void> {
  const [{ Items: there = [] }, { Items: wanted = [] }] = await Promise.all([
    theirs.send(new ScanCommand({ TableName: modelTableName })),
    ours.send(new ScanCommand({ TableName: modelTableName })),
  ]);
  for (const { pk, sk } of there)
    await theirs.send(new DeleteItemCommand({ TableName: modelTableName, Key: { pk: pk!, sk: sk! } }));
  for (const Item of wanted) await theirs.send(new PutItemCommand({ TableName: modelTableName, Item }));
}

test.skipIf(peer === undefined)(
  "members of wrong types are refused as by the peer, but for what was decided",
  { timeout: patientMs(600_000) },
  async () => {
    const engine = await RunningEngine.start();
    for (const [target, shape] of requestShapes()) {
      if (!operations.has(target)) continue;
      const known = await callUrl(peer!, target, {});
      if (known.text.includes("UnknownOperationException")) continue;
      for (const [path, body] of wrongTypes(shape, "")) {
        const [one, two] = await Promise.all([engine.call(target, body), callUrl(peer!, target, body)]);
        const [mine, other] = [textOf(one), textOf(two)];
        if (mine === other) continue;
        note({ operation: target.split(".")[1]!, request: path, ours: mine, peers: other });
      }
    }
    expect([...undecided.keys()]).toEqual([]);
  },
);

function textOf({ status, json, text }: RawReply): string {
  if (json?.__type === undefined) return `${status} ${text}`;
  return `${status} ${String(json.__type).split("#").at(-1)}: ${json.message ?? json.Message ?? ""}`;
}
