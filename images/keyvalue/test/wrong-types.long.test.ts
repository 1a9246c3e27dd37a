import { patientMs } from "@weftkit/testing/patience";
import { expect, test } from "vitest";
import { operations } from "../src/operations/registry.ts";
import { requestShapes } from "./aws-schemas.ts";
import { RawTable } from "./raw-table.ts";
import { RunningEngine } from "./running-engine.ts";
import { wrongTypes } from "./wrong-types.ts";

test(
  "a member of a wrong type, anywhere in a request of AWS's model, is refused by the parser",
  { timeout: patientMs(180_000) },
  async () => {
    const engine = await RunningEngine.start();
    const different: string[] = [];
    let count = 0;
    for (const [target, shape] of requestShapes()) {
      const isSupported = Object.keys(operations.get(target)?.members ?? {}).length > 0;
      for (const [name, body] of wrongTypes(shape, "")) {
        count++;
        const { status, json, text } = await engine.call(target, body);
        const type = json?.__type?.split("#")[1];
        const isRefused = isSupported
          ? status === 400 && type === "SerializationException"
          : status < 500 && (status === 200 || type !== undefined);
        if (!isRefused) different.push(`${target}${name} => ${status} ${text}`);
      }
    }
    expect(count).toBeGreaterThan(10_000);
    expect(different).toEqual([]);
  },
);

test.each([
  ["CreateTable", "VectorIndexes", [{ IndexName: "vectors" }], "vectors are searched by weftkit/vector"],
  ["CreateTable", "GlobalTableSourceArn", "arn:aws:x", "there is one copy of a table, in one place"],
  ["UpdateTable", "MultiRegionConsistency", "STRONG", "there is one copy of a table, in one place"],
])("%s says that it has no %s", async (operation, member, value, reason) => {
  const engine = await RunningEngine.start();
  const { json } = await engine.call(operation, {
    TableName: "things",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    ...(operation === "CreateTable" && { KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }] }),
    BillingMode: "PAY_PER_REQUEST",
    [member]: value,
  });
  expect(json.message).toBe(`${member} is not supported by this endpoint: ${reason}`);
});

test("a shard of a stream has no children", async () => {
  const table = await RawTable.create({ engine: await RunningEngine.start() }, false, {
    StreamSpecification: { StreamEnabled: true, StreamViewType: "KEYS_ONLY" },
  });
  const { json } = await table.call("DescribeTable", {});
  const ask = async (more: object) => {
    const body = { StreamArn: json.Table.LatestStreamArn, ...more };
    const reply = await table.engine.call("DynamoDBStreams_20120810.DescribeStream", body);
    return reply.json.StreamDescription.Shards as readonly { readonly ShardId: string }[];
  };
  const [shard] = await ask({});
  expect(await ask({ ShardFilter: { Type: "CHILD_SHARDS", ShardId: shard!.ShardId } })).toEqual([]);
});
