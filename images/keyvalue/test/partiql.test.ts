import { describe, expect, test } from "vitest";
import type { Item } from "../src/items/attribute-value.ts";
import { RawTable } from "./raw-table.ts";
import { RunningEngine } from "./running-engine.ts";

const running = RunningEngine.forFile();

async function withRows(): Promise<RawTable> {
  const table = await RawTable.create(running, true, {
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "N" },
      { AttributeName: "g", AttributeType: "S" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "idx",
        KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
        Projection: { ProjectionType: "ALL" },
      },
    ],
  });
  for (let sk = 1; sk <= 5; sk++) {
    await table.put({
      pk: { S: "a" },
      sk: { N: String(sk) },
      g: { S: sk % 2 === 0 ? "even" : "odd" },
      m: { M: { n: { L: [{ N: String(sk) }, { S: "it's ?" }] } } },
      ...(sk === 3 && { tags: { SS: ["x", "y"] } }),
    });
  }
  return table;
}

async function run(table: RawTable, statement: string, parameters?: object[], more: object = {}) {
  const reply = await table.engine.call("ExecuteStatement", {
    Statement: statement.replaceAll("$t", `"${table.name}"`),
    ...(parameters !== undefined && { Parameters: parameters }),
    ...more,
  });
  return reply.json;
}

describe("SELECT", () => {
  test.each([
    ["SELECT sk FROM $t WHERE pk = 'a'", [1, 2, 3, 4, 5]],
    ["select sk from $t where pk = 'a' and sk > 3", [4, 5]],
    ["SELECT sk FROM $t WHERE pk = 'a' AND sk BETWEEN 2 AND 3", [2, 3]],
    ["SELECT sk FROM $t WHERE pk = 'a' ORDER BY sk DESC", [5, 4, 3, 2, 1]],
    ["SELECT sk FROM $t WHERE pk IN ['a', 'b'] AND sk IN (1, 5)", [1, 5]],
    [`SELECT sk FROM $t."idx" WHERE g = 'even' -- a comment`, [2, 4]],
    ["SELECT sk FROM $t WHERE tags IS MISSING AND NOT sk = 1", [2, 4, 5]],
    ["SELECT sk FROM $t WHERE contains(tags, 'x') OR size(tags) > 5", [3]],
    ["SELECT sk FROM $t WHERE m.n[0] >= 4", [4, 5]],
    ["SELECT sk FROM $t WHERE m.n[1] = 'it''s ?' AND sk <> 1 AND sk != 2", [3, 4, 5]],
    ["SELECT sk FROM $t WHERE attribute_type(tags, 'SS')", [3]],
    ["SELECT sk FROM $t WHERE g = 'none'", []],
  ])("%s", async (statement, expected) => {
    const table = await withRows();
    const { Items, message } = await run(table, statement);
    expect(Items?.map(({ sk }: Item) => Number(sk!.N)) ?? message).toEqual(expected);
  });

  test("names its columns after the ends of their paths", async () => {
    const table = await withRows();
    const { Items } = await run(table, "SELECT m.n[1], pk, m.n FROM $t WHERE pk = ? AND sk = ?", [
      { S: "a" },
      { N: "2" },
    ]);
    expect(Items).toEqual([
      { "n[1]": { S: "it's ?" }, pk: { S: "a" }, n: { L: [{ N: "2" }, { S: "it's ?" }] } },
    ]);
  });

  test("goes on from its token, which holds for its statement only", async () => {
    const table = await withRows();
    const statement = "SELECT * FROM $t WHERE g = 'odd'";
    const found: string[] = [];
    let NextToken: string | undefined;
    let pages = 0;
    do {
      const page: { Items: Item[]; NextToken?: string } = await run(table, statement, undefined, {
        Limit: 2,
        NextToken,
      });
      found.push(...page.Items.map(({ sk }) => sk!.N!));
      NextToken = page.NextToken;
      pages++;
      if (NextToken !== undefined) {
        const other = await run(table, "SELECT * FROM $t", undefined, { NextToken });
        expect(other.message).toBe("Invalid NextToken");
      }
    } while (NextToken !== undefined);
    expect(found.sort()).toEqual(["1", "3", "5"]);
    expect(pages).toBe(3);
  });

  test.each([
    ["SELECT COUNT(*) FROM $t", "Unexpected path component at 1:8:5"],
    [
      "SELECTT * FROMM $t",
      "Statement wasn't well formed, can't be processed: Unexpected token after expression",
    ],
    ["SELECT * FROM $t WHERE", "Statement wasn't well formed, can't be processed: Unexpected term"],
    ["SELECT * FROM $t WHERE pk = ?", "Number of parameters in request and statement don't match."],
    ["SELECT * FROM $t ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."],
    [
      "SELECT * FROM $t WHERE pk = 'a' ORDER BY g",
      "Attribute g in ORDER BY clause must be part of the primary key",
    ],
    [`SELECT * FROM $t."none"`, "The table does not have the specified index"],
    ["SELECT * FROM nothing", "Requested resource not found"],
  ])("%s is refused", async (statement, message) => {
    expect((await run(await withRows(), statement)).message).toBe(message);
  });
});

describe("writes", () => {
  test("INSERT takes every literal, and no item that is there", async () => {
    const table = await withRows();
    const statement =
      "INSERT INTO $t VALUE {'pk': 'b', 'sk': 1, 'n': -1.50, 'yes': true, 'no': null, 'l': [1, 'two', {'x': ?}], 's': <<'b', 'a'>>, 'ns': <<2, 1>>}";
    expect(await run(table, statement, [{ B: "AAE=" }])).toEqual({ Items: [] });
    expect(await table.get({ pk: { S: "b" }, sk: { N: "1" } })).toEqual({
      pk: { S: "b" },
      sk: { N: "1" },
      n: { N: "-1.5" },
      yes: { BOOL: true },
      no: { NULL: true },
      l: { L: [{ N: "1" }, { S: "two" }, { M: { x: { B: "AAE=" } } }] },
      s: { SS: ["a", "b"] },
      ns: { NS: ["1", "2"] },
    });
    const again = await run(table, statement, [{ B: "AAE=" }]);
    expect([again.__type.split("#")[1], again.message]).toEqual([
      "DuplicateItemException",
      "Duplicate primary key exists in table",
    ]);
  });

  test("UPDATE changes one item that is there, and gives what it is asked for", async () => {
    const table = await withRows();
    const where = "WHERE pk = 'a' AND sk = 3";
    const { Items } = await run(
      table,
      `UPDATE $t SET a = 1 SET m.n = list_append(m.n, [9]) SET tags = set_add(tags, <<'z'>>) REMOVE g ${where} RETURNING ALL NEW *`,
    );
    expect(Items).toEqual([
      {
        pk: { S: "a" },
        sk: { N: "3" },
        a: { N: "1" },
        tags: { SS: ["x", "y", "z"] },
        m: { M: { n: { L: [{ N: "3" }, { S: "it's ?" }, { N: "9" }] } } },
      },
    ]);
    const modified = await run(table, `UPDATE $t SET a = a + 5 ${where} AND a = 1 RETURNING MODIFIED OLD *`);
    expect(modified.Items).toEqual([{ a: { N: "1" } }]);
    const failed = await run(table, `UPDATE $t SET a = 2 ${where} AND a = 1`);
    expect(failed.__type).toContain("ConditionalCheckFailedException");
    const missing = await run(table, "UPDATE $t SET a = 2 WHERE pk = 'none' AND sk = 1");
    expect(missing.__type).toContain("ConditionalCheckFailedException");
    expect((await run(table, "UPDATE $t SET a = 2 WHERE pk = 'a'")).message).toBe(
      "Where clause does not contain a mandatory equality on all key attributes",
    );
  });

  test("DELETE takes one item away, and minds no missing one", async () => {
    const table = await withRows();
    const statement = "DELETE FROM $t WHERE pk = 'a' AND sk = 1 RETURNING ALL OLD *";
    expect((await run(table, statement)).Items).toMatchObject([{ sk: { N: "1" } }]);
    expect(await run(table, statement)).toEqual({ Items: [] });
  });
});

describe("several statements", () => {
  const statements = (table: RawTable, ...texts: string[]) =>
    texts.map((each) => ({ Statement: each.replaceAll("$t", `"${table.name}"`) }));

  test("of a batch succeed and fail by themselves", async () => {
    const table = await withRows();
    const { json } = await table.engine.call("BatchExecuteStatement", {
      Statements: statements(
        table,
        "INSERT INTO $t VALUE {'pk': 'a', 'sk': 1}",
        "UPDATE $t SET a = 1 WHERE pk = 'a' AND sk = 2",
        "DELETE FROM nothing WHERE pk = 'a'",
        "UPDATE",
      ),
    });
    expect(json.Responses).toMatchObject([
      { Error: { Code: "DuplicateItem" }, TableName: table.name },
      { TableName: table.name },
      { Error: { Code: "ResourceNotFound" } },
      { Error: { Code: "ValidationError" } },
    ]);
    const mixed = await table.engine.call("BatchExecuteStatement", {
      Statements: statements(
        table,
        "SELECT * FROM $t WHERE pk = 'a' AND sk = 1",
        "DELETE FROM $t WHERE pk = 'a' AND sk = 1",
      ),
    });
    expect(mixed.json.message).toBe("Read and write requests together in the same batch is not supported.");
  });

  test("of a transaction are done all or none, and EXISTS decides", async () => {
    const table = await withRows();
    const transact = (...texts: string[]) =>
      table.engine.call("ExecuteTransaction", { TransactStatements: statements(table, ...texts) });
    const insert = "INSERT INTO $t VALUE {'pk': 'new', 'sk': 1}";
    const refused = await transact(
      insert,
      "EXISTS(SELECT * FROM $t WHERE pk = 'a' AND sk = 1 AND g = 'even')",
    );
    expect(refused.json.CancellationReasons.map(({ Code }: { Code: string }) => Code)).toEqual([
      "None",
      "ConditionalCheckFailed",
    ]);
    const done = await transact(insert, "EXISTS(SELECT * FROM $t WHERE pk = 'a' AND sk = 1 AND g = 'odd')");
    expect(done.json).toEqual({ Responses: [{}, {}] });
    const again = await transact(insert, "UPDATE $t SET a = 1 WHERE pk = 'a' AND sk = 1");
    expect(again.json.CancellationReasons.map(({ Code }: { Code: string }) => Code)).toEqual([
      "DuplicateItem",
      "None",
    ]);
    const read = await transact(
      "SELECT sk FROM $t WHERE pk = 'new' AND sk = 1",
      "SELECT * FROM $t WHERE pk = 'none' AND sk = 1",
    );
    expect(read.json).toEqual({ Responses: [{ Item: { sk: { N: "1" } } }, {}] });
  });
});
