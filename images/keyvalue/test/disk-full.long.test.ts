import { existsSync } from "node:fs";
import { join } from "node:path";
import { patientMs } from "@weftkit/testing/patience";
import { canMount, memoryVolume } from "@weftkit/testing/volume";
import { expect, test } from "vitest";
import { EngineProcess } from "./engine-process.ts";
import { callUrl } from "./running-engine.ts";

if (!canMount) console.log("not allowed to mount volumes: a full one is left out here");

const TableName = "full";
const filler = "x".repeat(100_000);

test.skipIf(!canMount)(
  "on a full volume items are deleted, and written again when there is room",
  { timeout: patientMs(180_000) },
  async () => {
    const dataDir = memoryVolume(64 * 1024 * 1024);
    const engine = await EngineProcess.start(dataDir);
    const call = (operation: string, members: object) =>
      callUrl(engine.url, operation, { TableName, ...members });
    const key = (n: number) => ({ pk: { S: `k${n}` } });
    const put = (n: number) => call("PutItem", { Item: { ...key(n), filler: { S: filler } } });
    const remove = (n: number) => call("DeleteItem", { Key: key(n) });
    await call("CreateTable", {
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    });
    await expect.poll(() => existsSync(join(dataDir, "keyvalue.db-reserve"))).toBe(true);

    const fill = async (from: number): Promise<number> => {
      for (let n = from; ; n++) {
        const { status, text } = await put(n);
        if (status === 200) continue;
        expect(status, text).toBe(503);
        return n;
      }
    };
    const count = await fill(0);
    expect(count).toBeGreaterThan(100);
    // Nobody else is let into the room that deleting has been given.
    expect((await remove(0)).status).toBe(200);
    expect((await put(count)).status).toBe(503);
    for (let n = 1; n < count / 2; n++) expect((await remove(n)).status, `item ${n}`).toBe(200);
    const half = Math.ceil(count / 2);
    expect((await call("GetItem", { Key: key(half) })).json.Item).toMatchObject(key(half));

    // What was freed is in the database, and is used again.
    expect((await put(count)).status).toBe(200);
    const again = await fill(count + 1);
    expect(again).toBeGreaterThan(count + 20);
    expect((await remove(half)).status).toBe(200);

    await engine.kill();
    const restarted = await EngineProcess.start(dataDir);
    const { json } = await callUrl(restarted.url, "Scan", { TableName, Select: "COUNT" });
    expect(json.LastEvaluatedKey ?? json.Count).toBeTruthy();
    const found = (n: number) => callUrl(restarted.url, "GetItem", { TableName, Key: key(n) });
    expect((await found(half)).json.Item).toBeUndefined();
    expect((await found(half + 1)).json.Item).toMatchObject(key(half + 1));
    expect((await found(again - 1)).json.Item).toMatchObject(key(again - 1));
    await restarted.terminate();
  },
);
