/** Requests as they go over the wire, and the loads that are made of them. */

export const tableName = "bench";
/** The keys that single items are written to and read from. */
const keys = 100_000;
/** Items of the partition that is queried. */
export const queriedItems = 1000;
const batchItems = 25;
const transactionItems = 4;

export interface Load {
  readonly name: string;
  readonly operation: string;
  /** The body of the next request. */
  readonly body: (random: () => number, itemBytes: number) => object;
  /** Items that a request writes or reads, for those that have several. */
  readonly items: number;
}

function keyOf(number: number) {
  return { pk: { S: `key-${String(number).padStart(10, "0")}` }, sk: { N: "0" } };
}

function itemOf(number: number, bytes: number) {
  const filler = "x".repeat(Math.max(1, bytes - 80));
  return {
    ...keyOf(number),
    n: { N: String(number) },
    filler: { S: filler },
    list: { L: [{ S: "a" }, { BOOL: true }] },
  };
}

/** What puts an item under a key of its own, which none of the loads reads. */
export function newItem(number: number, bytes: number): object {
  const key = { pk: { S: `new-${String(number).padStart(10, "0")}` } };
  return { TableName: tableName, Item: { ...itemOf(number, bytes), ...key } };
}

const anyKey = (random: () => number) => Math.floor(random() * keys);

/** Different keys, as a batch must not have one twice. */
function someKeys(random: () => number, count: number): number[] {
  const first = anyKey(random);
  return Array.from({ length: count }, (_, i) => (first + i * 977) % keys);
}

export const loads: readonly Load[] = [
  {
    name: "put",
    operation: "PutItem",
    items: 1,
    body: (random, bytes) => ({ TableName: tableName, Item: itemOf(anyKey(random), bytes) }),
  },
  {
    name: "get",
    operation: "GetItem",
    items: 1,
    body: (random) => ({ TableName: tableName, Key: keyOf(anyKey(random)) }),
  },
  {
    name: "update",
    operation: "UpdateItem",
    items: 1,
    body: (random) => ({
      TableName: tableName,
      Key: keyOf(anyKey(random)),
      UpdateExpression: "SET touched = :t ADD hits :one",
      ConditionExpression: "attribute_not_exists(locked)",
      ExpressionAttributeValues: { ":t": { S: "now" }, ":one": { N: "1" } },
    }),
  },
  {
    name: "query",
    operation: "Query",
    items: queriedItems,
    body: () => ({
      TableName: tableName,
      KeyConditionExpression: "pk = :p",
      ExpressionAttributeValues: { ":p": { S: "partition" } },
    }),
  },
  {
    name: "batch",
    operation: "BatchWriteItem",
    items: batchItems,
    body: (random, bytes) => ({
      RequestItems: {
        [tableName]: someKeys(random, batchItems).map((number) => ({
          PutRequest: { Item: itemOf(number, bytes) },
        })),
      },
    }),
  },
  {
    name: "transact",
    operation: "TransactWriteItems",
    items: transactionItems,
    body: (random, bytes) => ({
      TransactItems: someKeys(random, transactionItems).map((number) => ({
        Put: { TableName: tableName, Item: itemOf(number, bytes) },
      })),
    }),
  },
];

/** What makes the table and the partition that is queried: 300 bytes an item, so that all fit on one page. */
export function setup(): readonly (readonly [operation: string, body: object])[] {
  const create = {
    TableName: tableName,
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    BillingMode: "PAY_PER_REQUEST",
  };
  const puts = Array.from({ length: queriedItems / batchItems }, (_, batch) => {
    const numbers = Array.from({ length: batchItems }, (__, i) => batch * batchItems + i);
    const requests = numbers.map((sk) => ({
      PutRequest: {
        Item: { ...itemOf(sk, 330), pk: { S: "partition" }, sk: { N: String(sk) } },
      },
    }));
    return ["BatchWriteItem", { RequestItems: { [tableName]: requests } }] as const;
  });
  return [["CreateTable", create], ...puts];
}

/** An HTTP request; nobody under test checks who has signed it. */
export function requestBytes(port: number, operation: string, body: object): Buffer {
  const text = Buffer.from(JSON.stringify(body));
  const head = [
    "POST / HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/x-amz-json-1.0",
    `X-Amz-Target: DynamoDB_20120810.${operation}`,
    "X-Amz-Date: 20260101T000000Z",
    "Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=b",
    `Content-Length: ${text.length}`,
    "",
    "",
  ].join("\r\n");
  return Buffer.concat([Buffer.from(head), text]);
}
