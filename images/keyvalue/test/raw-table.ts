import type { AttributeValue, Item } from "../src/items/attribute-value.ts";
import type { RawReply, RunningEngine } from "./running-engine.ts";

/** A table of a test's own, spoken to as the wire has it: for what a client would repair or hide. */
export class RawTable {
  static #count = 0;
  readonly engine: RunningEngine;
  readonly name: string;

  private constructor(engine: RunningEngine) {
    this.engine = engine;
    this.name = `raw-${++RawTable.#count}`;
  }

  /** A table with the key `pk` (and `sk`, a number, when `isSorted`), and what `more` says. */
  static async create(
    { engine }: { readonly engine: RunningEngine },
    isSorted = false,
    more: object = {},
  ): Promise<RawTable> {
    const table = new RawTable(engine);
    const sort = isSorted ? [{ AttributeName: "sk", AttributeType: "N" }] : [];
    const created = await table.call("CreateTable", {
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }, ...sort],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        ...sort.map(({ AttributeName }) => ({ AttributeName, KeyType: "RANGE" })),
      ],
      BillingMode: "PAY_PER_REQUEST",
      ...more,
    });
    if (created.status !== 200) throw new Error(created.text);
    return table;
  }

  call(operation: string, members: object): Promise<RawReply> {
    return this.engine.call(operation, { TableName: this.name, ...members });
  }

  /** The message of an error, or what is wrong when there is none. */
  async message(operation: string, members: object): Promise<string> {
    const { status, json, text } = await this.call(operation, members);
    return status === 400 ? (json.message ?? json.Message) : `${status} ${text}`;
  }

  async put(item: Item): Promise<void> {
    const { status, text } = await this.call("PutItem", { Item: item });
    if (status !== 200) throw new Error(text);
  }

  async get(key: Item): Promise<Item | undefined> {
    return (await this.call("GetItem", { Key: key })).json.Item;
  }

  async update(
    key: Item,
    expression: string,
    values: Record<string, AttributeValue> = {},
    more: object = {},
  ) {
    return this.call("UpdateItem", {
      Key: key,
      UpdateExpression: expression,
      ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
      ...more,
    });
  }
}
