import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { hasChromium, hostile, OpenPage, useBrowser } from "./open-page.ts";
import { ApiClient, startEngine, startPlayground } from "./start-playground.ts";

describe.skipIf(!hasChromium)("the console of keyvalue in Chromium", () => {
  const browser = useBrowser();

  test("write, read, edit, indexes, PartiQL, error, big result, lost connection; values are never markup", async () => {
    const keyvalue = await startEngine("keyvalue");
    const { service } = await startPlayground([keyvalue.text]);
    const client = await ApiClient.loggedIn(service.port);
    const ask = async (operation: string, request: unknown) =>
      (await client.operate(keyvalue.text, "ask", { operation, request: JSON.stringify(request) })).body;
    const open = await OpenPage.loggedIn(browser.current, service.port);
    const { page } = open;
    await open.engine("keyvalue");
    const attribute = (AttributeName: string, AttributeType: string) => ({ AttributeName, AttributeType });
    const create = {
      TableName: "orders",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [attribute("customer", "S"), attribute("at", "N"), attribute("city", "S")],
      KeySchema: [
        { AttributeName: "customer", KeyType: "HASH" },
        { AttributeName: "at", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "by-city",
          KeySchema: [{ AttributeName: "city", KeyType: "HASH" }],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
    };
    await open.run("Request", JSON.stringify(create));
    await open.seen("TableDescription");
    for (let batch = 0; batch < 5; batch++) {
      const items = Array.from({ length: 25 }, (_, i) => ({
        PutRequest: {
          Item: {
            customer: { S: `c${i % 3}` },
            at: { N: String(batch * 25 + i) },
            city: { S: ["Oslo", "Rome"][i % 2] },
            lines: { L: [{ M: { sku: { S: hostile }, price: { N: "0.10000000000000000000001" } } }] },
          },
        },
      }));
      expect(await ask("BatchWriteItem", { RequestItems: { orders: items } })).toMatchObject({ body: {} });
    }
    await (await page.waitForSelector("::-p-aria(orders)"))!.click();
    await open.seen("50 items so far");
    await open.press("More items");
    await open.seen("100 items so far");
    await open.press("More items");
    await open.seen("125 items,");

    await open.fill("customer (S)", "c1");
    await page.select("form select:nth-of-type(1)", "");
    await open.fill("at (N)", "1");
    await open.press("Find items");
    await open.seen("1 items,");
    await page.click(".rows summary");
    await open.seen("0.10000000000000000000001");
    await open.press("Edit", ".rows");
    const text = await open.text("Item");
    await open.write("Item", text.replace('"Rome"', '"Lima"'));
    await open.press("Save", ".rows");
    await open.seen('"Lima"');
    await open.expectReadable("keyvalue");

    await page.select("form select", "by-city");
    await open.fill("city (S)", "Lima");
    await open.press("Find items");
    await page.waitForFunction(`document.querySelectorAll(".rows > li").length === 1`);

    await open.mode("partiql");
    await open.run("PartiQL", `SELECT * FROM "orders" WHERE customer = 'c1' AND "at" = 1`);
    await open.seen("1 items,");
    await open.run("PartiQL", "SELECT FROM");
    await open.seen("ValidationException");
    await open.mode("put");
    await open.run("New item", JSON.stringify({ customer: { S: "c1" }, at: { N: "1" } }));
    await open.seen("ConditionalCheckFailedException");
    await open.run("New item", JSON.stringify({ customer: { S: "new" }, at: { N: "1" } }));
    await open.seen("the item is written");

    await keyvalue.program.kill();
    await open.chord("Enter");
    await open.seen("the connection to the engine is lost");
    await open.expectHarmless();
  });

  test("who may only read is refused by the engine", async () => {
    const keyvalue = await startEngine("keyvalue");
    const { service } = await startPlayground([keyvalue.text]);
    const open = await OpenPage.loggedIn(browser.current, service.port, "rob");
    await open.engine("keyvalue");
    await open.focus("Request");
    await open.chord("Enter");
    await open.seen("AccessDeniedException");
  });

  test("a request that is not answered is given up, and the engine is told", async () => {
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const silent = createServer((request) => {
      // The page asks for the tables too, and does not give that up.
      if (request.headers["x-amz-target"] !== "DynamoDB_20120810.CreateTable") return;
      request.once("close", () => gone.resolve());
      asked.resolve();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    const { service } = await startPlayground([`keyvalue=127.0.0.1:${port}?admin=off`]);
    const open = await OpenPage.loggedIn(browser.current, service.port);
    await open.engine("keyvalue");
    await open.focus("Request");
    await open.chord("Enter");
    await asked.promise;
    await open.press("Cancel");
    await open.seen("it was given up");
    await gone.promise;
    silent.closeAllConnections();
    silent.close();
  });
});
