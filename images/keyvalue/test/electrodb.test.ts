import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { Entity, Service } from "electrodb";
import { expect, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

/** A shop in one table, as ElectroDB lays it out: customers and orders in one collection, orders also by their state. */

const table = "shop";

async function createTable(client: DynamoDBClient): Promise<void> {
  const names = ["pk", "sk", "gsi1pk", "gsi1sk"];
  await client.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: "gsi1",
          KeySchema: [
            { AttributeName: "gsi1pk", KeyType: "HASH" },
            { AttributeName: "gsi1sk", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      ],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
}

function shop(client: DynamoDBDocumentClient) {
  const customers = new Entity(
    {
      model: { entity: "customer", version: "1", service: "shop" },
      attributes: {
        customer: { type: "string", required: true },
        name: { type: "string", required: true },
        points: { type: "number", default: 0 },
        tags: { type: "set", items: "string" },
        address: { type: "map", properties: { city: { type: "string" }, zip: { type: "string" } } },
      },
      indexes: {
        byId: {
          collection: "account",
          pk: { field: "pk", composite: ["customer"] },
          sk: { field: "sk", composite: [] },
        },
      },
    },
    { client, table },
  );
  const orders = new Entity(
    {
      model: { entity: "order", version: "1", service: "shop" },
      attributes: {
        customer: { type: "string", required: true },
        order: { type: "string", required: true },
        state: { type: ["open", "paid", "sent"] as const, default: "open", required: true },
        cents: { type: "number", required: true },
        lines: {
          type: "list",
          items: { type: "map", properties: { article: { type: "string" }, count: { type: "number" } } },
        },
      },
      indexes: {
        byCustomer: {
          collection: "account",
          pk: { field: "pk", composite: ["customer"] },
          sk: { field: "sk", composite: ["order"] },
        },
        byState: {
          index: "gsi1",
          pk: { field: "gsi1pk", composite: ["state"] },
          sk: { field: "gsi1sk", composite: ["order"] },
        },
      },
    },
    { client, table },
  );
  return { customers, orders, service: new Service({ customers, orders }, { client, table }) };
}

test("a shop on ElectroDB", async () => {
  const client = (await RunningEngine.start()).client();
  await createTable(client);
  const { customers, orders, service } = shop(DynamoDBDocumentClient.from(client));

  await customers
    .create({ customer: "ann", name: "Ann", tags: ["new"], address: { city: "Köln", zip: "50667" } })
    .go();
  await expect(customers.create({ customer: "ann", name: "Another" }).go()).rejects.toThrow();
  const numbers = Array.from({ length: 30 }, (_, i) => String(i).padStart(3, "0"));
  const written = await orders
    .put(
      numbers.map((order) => ({
        customer: "ann",
        order,
        cents: Number(order) * 100,
        lines: [{ article: "a", count: 1 }],
      })),
    )
    .go();
  expect(written.unprocessed).toEqual([]);

  // One collection, several kinds of items, in pages.
  const account = await service.collections.account({ customer: "ann" }).go({ pages: "all" });
  expect(account.data.customers).toEqual([
    { customer: "ann", name: "Ann", points: 0, tags: ["new"], address: { city: "Köln", zip: "50667" } },
  ]);
  expect(account.data.orders.map(({ order }) => order)).toEqual(numbers);
  const pages: string[][] = [];
  let cursor: string | null = null;
  do {
    const page: { data: { order: string }[]; cursor: string | null } = await orders.query
      .byCustomer({ customer: "ann" })
      .between({ order: "005" }, { order: "015" })
      .go({ limit: 4, cursor, order: "desc" });
    pages.push(page.data.map(({ order }) => order));
    cursor = page.cursor;
  } while (cursor !== null);
  expect(pages.flat()).toEqual(numbers.slice(5, 16).reverse());

  // Updates of all kinds, with conditions; the index follows.
  await orders
    .patch({ customer: "ann", order: "007" })
    .set({ state: "paid" })
    .append({ lines: [{ article: "b", count: 2 }] })
    .where(({ state }, { eq }) => eq(state, "open"))
    .go();
  await expect(
    orders
      .patch({ customer: "ann", order: "007" })
      .set({ state: "sent" })
      .where(({ state }, { eq }) => eq(state, "open"))
      .go(),
  ).rejects.toThrow("The conditional request failed");
  const updated = await customers
    .update({ customer: "ann" })
    .add({ points: 7, tags: ["good"] })
    .data((attributes, { set }) => set(attributes.address.city, "Bonn"))
    .go({ response: "all_new" });
  expect(updated.data).toMatchObject({
    points: 7,
    tags: ["good", "new"],
    address: { city: "Bonn", zip: "50667" },
  });
  const paid = await orders.query.byState({ state: "paid" }).go();
  expect(paid.data.map(({ order, lines }) => [order, lines?.length])).toEqual([["007", 2]]);

  const some = await orders.get(["003", "004", "nope"].map((order) => ({ customer: "ann", order }))).go();
  expect(some.data.map(({ order }) => order).sort()).toEqual(["003", "004"]);
  const dear = await orders.scan.where(({ cents }, { gte }) => gte(cents, 2500)).go({ pages: "all" });
  expect(dear.data.length).toBe(5);

  const transaction = await service.transaction
    .write(({ customers: people, orders: all }) => [
      people
        .check({ customer: "ann" })
        .where(({ points }, { gt }) => gt(points, 5))
        .commit(),
      all.patch({ customer: "ann", order: "008" }).set({ state: "sent" }).commit(),
      all.remove({ customer: "ann", order: "009" }).commit(),
    ])
    .go();
  expect(transaction.canceled).toBe(false);
  const canceled = await service.transaction
    .write(({ customers: people, orders: all }) => [
      people
        .check({ customer: "ann" })
        .where(({ points }, { gt }) => gt(points, 500))
        .commit(),
      all.remove({ customer: "ann", order: "010" }).commit(),
    ])
    .go();
  expect(canceled.canceled).toBe(true);
  const left = await orders.query.byCustomer({ customer: "ann" }).go({ pages: "all" });
  expect(left.data.map(({ order }) => order)).toEqual(numbers.filter((order) => order !== "009"));
});
