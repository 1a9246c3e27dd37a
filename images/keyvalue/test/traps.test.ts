import { describe, expect, test } from "vitest";
import { RawTable } from "./raw-table.ts";
import { RunningEngine } from "./running-engine.ts";

/** What other stand-ins got wrong, with AWS's own answers. */

const running = RunningEngine.forFile();
const pk = { pk: { S: "k" } };

describe("numbers", () => {
  test.each([
    ["00042", "42"],
    ["-0", "0"],
    ["1.5E2", "150"],
    ["1.0", "1"],
    ["0.000", "0"],
    ["+7", "7"],
    [".5", "0.5"],
    ["1e-3", "0.001"],
    ["1000000000000000000000000000000000000000", "1000000000000000000000000000000000000000"],
    ["0.00000000000000000000000000000000000000012", "0.00000000000000000000000000000000000000012"],
    ["99999999999999999999999999999999999999", "99999999999999999999999999999999999999"],
  ])("%s comes back as %s", async (given, found) => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, n: { N: given } });
    expect((await table.get(pk))!.n).toEqual({ N: found });
  });

  test.each([
    ["1E126", "Number overflow. Attempting to store a number with magnitude larger than supported range"],
    ["1E-131", "Number underflow. Attempting to store a number with magnitude smaller than supported range"],
    [
      "123456789012345678901234567890123456789",
      "Attempting to store more than 38 significant digits in a Number",
    ],
    ["abc", "The parameter cannot be converted to a numeric value: abc"],
    ["", "The parameter cannot be converted to a numeric value"],
    ["1 ", "The parameter cannot be converted to a numeric value: 1 "],
    ["0x10", "The parameter cannot be converted to a numeric value: 0x10"],
    ["Infinity", "The parameter cannot be converted to a numeric value: Infinity"],
  ])("%j is refused", async (given, message) => {
    const table = await RawTable.create(running);
    expect(await table.message("PutItem", { Item: { ...pk, n: { N: given } } })).toBe(
      `1 validation error detected: ${message}`,
    );
  });

  test("sums are exact beyond 2^53, and sets know the same number in another form", async () => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, n: { N: "9007199254740993" } });
    await table.update(pk, "ADD n :one", { ":one": { N: "1" } });
    expect((await table.get(pk))!.n).toEqual({ N: "9007199254740994" });
    await table.update(pk, "SET n = :a - :b", { ":a": { N: "0.3" }, ":b": { N: "0.1" } });
    expect((await table.get(pk))!.n).toEqual({ N: "0.2" });
    await table.update(pk, "ADD s :s", { ":s": { NS: ["1.0", "2"] } });
    await table.update(pk, "ADD s :s", { ":s": { NS: ["1", "1e1"] } });
    expect((await table.get(pk))!.s).toEqual({ NS: ["1", "2", "10"] });
    expect(await table.message("PutItem", { Item: { ...pk, s: { NS: ["1", "1.0"] } } })).toContain(
      "duplicates",
    );
  });
});

describe("sizes", () => {
  test("an item may have 409,600 bytes, names and all", async () => {
    const table = await RawTable.create(running);
    // pk, k, t and the text.
    const room = 409_600 - 2 - 1 - 1;
    expect((await table.call("PutItem", { Item: { ...pk, t: { S: "x".repeat(room) } } })).status).toBe(200);
    expect(await table.message("PutItem", { Item: { ...pk, t: { S: "x".repeat(room + 1) } } })).toBe(
      "Item size has exceeded the maximum allowed size",
    );
    // A number: a byte, and one for two digits.
    const number = { n: { N: "-12345" } };
    const rest = room - 1 - 1 - 3 - 1;
    expect(
      (await table.call("PutItem", { Item: { ...pk, ...number, t: { S: "x".repeat(rest) } } })).status,
    ).toBe(200);
    expect(
      (await table.call("PutItem", { Item: { ...pk, ...number, t: { S: "x".repeat(rest + 1) } } })).status,
    ).toBe(400);
  });

  test("an update that makes it larger is refused, and in a transaction has a reason", async () => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, t: { S: "x".repeat(300_000) } });
    const more = { ":u": { S: "y".repeat(200_000) } };
    const refused = "Item size to update has exceeded the maximum allowed size";
    expect((await table.update(pk, "SET u = :u", more)).json.message).toBe(refused);
    const Update = {
      TableName: table.name,
      Key: pk,
      UpdateExpression: "SET u = :u",
      ExpressionAttributeValues: more,
    };
    const canceled = await table.call("TransactWriteItems", { TransactItems: [{ Update }] });
    expect(canceled.json.CancellationReasons).toEqual([{ Code: "ValidationError", Message: refused }]);
    const Put = { TableName: table.name, Item: { ...pk, t: { S: "x".repeat(410_000) } } };
    expect(await table.message("TransactWriteItems", { TransactItems: [{ Put }] })).toBe(
      "Item size has exceeded the maximum allowed size",
    );
  });
});

describe("updates", () => {
  test("every clause sees the item as it was", async () => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, a: { N: "1" }, b: { N: "2" }, l: { L: [{ S: "0" }, { S: "1" }, { S: "2" }] } });
    await table.update(pk, "SET a = b, b = a, c = if_not_exists(c, :i) + :i, d = :i + if_not_exists(d, :i)", {
      ":i": { N: "10" },
    });
    expect(await table.get(pk)).toMatchObject({
      a: { N: "2" },
      b: { N: "1" },
      c: { N: "20" },
      d: { N: "20" },
    });
    await table.update(pk, "SET l[7] = :x, l[5] = :y REMOVE l[0], l[1]", {
      ":x": { S: "x" },
      ":y": { S: "y" },
    });
    expect((await table.get(pk))!.l).toEqual({ L: [{ S: "2" }, { S: "y" }, { S: "x" }] });
  });

  test("two parts of one map may be set, a part and the whole may not", async () => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, d: { M: {} } });
    const values = { ":a": { N: "1" }, ":b": { N: "2" } };
    await table.update(pk, "SET d.a = :a, d.b = :b", values);
    expect((await table.get(pk))!.d).toEqual({ M: { a: { N: "1" }, b: { N: "2" } } });
    expect((await table.update(pk, "SET d = :a, d.b = :b", values)).json.message).toBe(
      "1 validation error detected: Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [d], path two: [d, b]",
    );
    expect((await table.update(pk, "SET d.b = :a, d[0] = :b", values)).json.message).toContain(
      "conflict with each other",
    );
  });

  test.each([
    ["ADD a :n ADD b :n", 'The "ADD" section can only be used once in an update expression;'],
    ["SET a = :n,", 'Syntax error; token: "<EOF>", near: ","'],
    ["SET a = :n b = :n", 'Syntax error; token: "b", near: ":n b ="'],
    ["SET size = :n", "Attribute name is a reserved keyword; reserved keyword: size"],
    ["SET a = nope(:n)", "Invalid function name; function: nope"],
    [
      "SET a = list_append(:n)",
      "Incorrect number of operands for operator or function; operator or function: list_append, number of operands: 1",
    ],
    [
      "SET a = list_append(:n, :n)",
      "Incorrect operand type for operator or function; operator or function: list_append, operand type: N",
    ],
    [
      "DELETE a :n",
      "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND",
    ],
    ["SET a = :m", "An expression attribute value used in expression is not defined; attribute value: :m"],
    [
      "SET #a = :n",
      "An expression attribute name used in the document path is not defined; attribute name: #a",
    ],
    [`SET ${"a".repeat(4096)} = :n`, "Expression size has exceeded the maximum allowed size;"],
    ["", "The expression can not be empty;"],
  ])("%s is refused", async (expression, message) => {
    const table = await RawTable.create(running);
    const { json } = await table.update(pk, expression, { ":n": { N: "1" } });
    expect(json.message).toBe(`1 validation error detected: Invalid UpdateExpression: ${message}`);
  });

  test.each([
    ["SET a.b = :n", "The document path provided in the update expression is invalid for update"],
    ["SET a = absent", "The provided expression refers to an attribute that does not exist in the item"],
    ["SET a = t + :n", "An operand in the update expression has an incorrect data type"],
    ["ADD t :n", "An operand in the update expression has an incorrect data type"],
    [
      "SET pk = :n",
      "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
    ],
    [
      "REMOVE pk.a",
      "One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
    ],
  ])("%s is refused by the item", async (expression, message) => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, t: { S: "text" } });
    const values = expression.includes(":n") ? { ":n": { N: "1" } } : {};
    expect((await table.update(pk, expression, values)).json.message).toBe(message);
  });

  test("of several faults an operand of a wrong type is told first", async () => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, t: { S: "text" }, n: { N: "1" } });
    const values = { ":n": { N: "1" } };
    const wrongType = "An operand in the update expression has an incorrect data type";
    for (const clause of ["SET a = absent", "SET a.b = :n", "REMOVE a.b"])
      expect((await table.update(pk, `${clause} ADD t :n`, values)).json.message).toBe(wrongType);
    const set = await table.update(pk, "SET a = absent DELETE t :s", { ":s": { SS: ["x"] } });
    expect(set.json.message).toBe(wrongType);
  });

  test("what was not in a list is not removed, though something was appended there", async () => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, l: { L: [{ N: "1" }] } });
    await table.update(pk, "SET l[7] = :x REMOVE l[1]", { ":x": { S: "x" } });
    await table.update(pk, "SET l[9] = :y ADD l[8] :n", { ":y": { S: "y" }, ":n": { N: "8" } });
    expect((await table.get(pk))!.l).toEqual({ L: [{ N: "1" }, { S: "x" }, { N: "8" }, { S: "y" }] });
  });

  test("what is returned of an update is what is at its paths", async () => {
    const table = await RawTable.create(running);
    await table.put({
      ...pk,
      m: { M: { a: { N: "1" }, b: { N: "2" } } },
      l: { L: [{ N: "1" }, { N: "2" }] },
    });
    const values = { ":n": { N: "9" } };
    const fresh = await table.update(pk, "SET m.a = :n, l[1] = :n", values, { ReturnValues: "UPDATED_NEW" });
    expect(fresh.json.Attributes).toEqual({ m: { M: { a: { N: "9" } } }, l: { L: [{ N: "9" }] } });
    const old = await table.update(pk, "REMOVE m.b, absent", {}, { ReturnValues: "UPDATED_OLD" });
    expect(old.json.Attributes).toEqual({ m: { M: { b: { N: "2" } } } });
    const none = await table.update({ pk: { S: "new" } }, "SET a = :n", values, { ReturnValues: "ALL_OLD" });
    expect(none.json).toEqual({});
  });
});

describe("conditions", () => {
  test.each([
    ["((a = :a))", "The expression has redundant parentheses;"],
    [
      "contains(a, a)",
      "The first operand must be distinct from the remaining operands for this operator or function; operator: contains, first operand: [a]",
    ],
    [
      "a = a",
      "The first operand must be distinct from the remaining operands for this operator or function; operator: =, first operand: [a]",
    ],
    [
      "a BETWEEN :b AND :a",
      "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower bound operand: AttributeValue: {S:b}, upper bound operand: AttributeValue: {S:a}",
    ],
    ["size(a)", "The function is not allowed to be used this way in an expression; function: size"],
    [
      "a = attribute_exists(b)",
      "The function is not allowed to be used this way in an expression; function: attribute_exists",
    ],
    [
      "attribute_exists(:a)",
      "Operator or function requires a document path; operator or function: attribute_exists",
    ],
    [
      "attribute_type(a, :a)",
      "Invalid attribute type name found; type: a, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
    ],
    ["nope(a)", "Invalid function name; function: nope"],
    ["a", 'Syntax error; token: "<EOF>", near: "a"'],
    ["a & b", 'Syntax error; token: "&", near: "a &"'],
    ["a = :a AND", 'Syntax error; token: "<EOF>", near: "AND"'],
    ["name = :a", "Attribute name is a reserved keyword; reserved keyword: name"],
  ])("%s is refused", async (condition, message) => {
    const table = await RawTable.create(running);
    const values = { ":a": { S: "a" }, ":b": { S: "b" } };
    const used = Object.entries(values).filter(([name]) => condition.includes(name));
    const found = await table.message("PutItem", {
      Item: pk,
      ConditionExpression: condition,
      ...(used.length > 0 && { ExpressionAttributeValues: Object.fromEntries(used) }),
    });
    expect(found).toBe(`1 validation error detected: Invalid ConditionExpression: ${message}`);
  });

  test("a failed one gives the item to those who ask for it", async () => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, a: { N: "1" } });
    const { json } = await table.call("PutItem", {
      Item: pk,
      ConditionExpression: "attribute_not_exists(pk)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    expect(json).toMatchObject({ Item: { ...pk, a: { N: "1" } } });
    expect(json.__type).toContain("ConditionalCheckFailedException");
  });

  test("unused names and values are told, and a name stands for any text", async () => {
    const table = await RawTable.create(running);
    const put = (members: object) => table.message("PutItem", { Item: pk, ...members });
    expect(
      await put({
        ConditionExpression: "attribute_not_exists(a)",
        ExpressionAttributeNames: { "#visible": "v" },
      }),
    ).toBe(
      "1 validation error detected: Value provided in ExpressionAttributeNames unused in expressions: keys: {#visible}",
    );
    await table.put({ ...pk, "a.b c": { N: "1" }, __proto: { N: "1" } });
    const { json } = await table.call("GetItem", {
      Key: pk,
      ProjectionExpression: "#x, #c, #p",
      ExpressionAttributeNames: { "#x": "a.b c", "#c": "constructor", "#p": "__proto__" },
    });
    expect(json.Item).toEqual({ "a.b c": { N: "1" } });
  });
});

test("attributes may have names that JavaScript's objects have members of", async () => {
  const table = await RawTable.create(running);
  const text =
    '{"pk":{"S":"k"},"__proto__":{"S":"p"},"constructor":{"S":"c"},"m":{"M":{"__proto__":{"N":"1"}}}}';
  await table.engine.call("PutItem", `{"TableName":"${table.name}","Item":${text}}`);
  expect((await table.call("GetItem", { Key: pk })).text).toBe(`{"Item":${text}}`);
  await table.update(
    pk,
    "SET #p = :v, m.#p = m.#p + :one",
    { ":v": { S: "q" }, ":one": { N: "1" } },
    {
      ExpressionAttributeNames: { "#p": "__proto__" },
    },
  );
  const found = (await table.call("GetItem", { Key: pk })).text;
  expect(found).toContain('"__proto__":{"S":"q"}');
  expect(found).toContain('"m":{"M":{"__proto__":{"N":"2"}}}');
});

test("a document path has 32 levels at the most", async () => {
  const table = await RawTable.create(running);
  const read = (levels: number) =>
    table.call("GetItem", { Key: pk, ProjectionExpression: `a${".b".repeat(levels - 1)}` });
  expect((await read(32)).status).toBe(200);
  expect((await read(33)).json.message).toBe(
    "Invalid ProjectionExpression: The document path has too many nesting levels; nesting levels: 33",
  );
});

describe("batches and transactions", () => {
  test("one wrong member means that nothing is written", async () => {
    const table = await RawTable.create(running);
    const requests = [
      { PutRequest: { Item: { pk: { S: "good" } } } },
      { PutRequest: { Item: { pk: { N: "1" } } } },
    ];
    expect(await table.message("BatchWriteItem", { RequestItems: { [table.name]: requests } })).toBe(
      "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N",
    );
    expect(await table.get({ pk: { S: "good" } })).toBeUndefined();
  });

  test("the same request under the same token is done once, whatever the order of its members", async () => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, n: { N: "0" } });
    const ask = (Update: object) =>
      table.engine.call("TransactWriteItems", { TransactItems: [{ Update }], ClientRequestToken: "token" });
    const values = { ":i": { N: "1" } };
    const expression = "SET n = n + :i";
    const first = {
      TableName: table.name,
      Key: pk,
      UpdateExpression: expression,
      ExpressionAttributeValues: values,
    };
    const again = {
      ExpressionAttributeValues: values,
      UpdateExpression: expression,
      Key: pk,
      TableName: table.name,
    };
    expect((await ask(first)).status).toBe(200);
    expect((await ask(again)).status).toBe(200);
    expect((await table.get(pk))!.n).toEqual({ N: "1" });
    const other = await ask({ ...first, ExpressionAttributeValues: { ":i": { N: "2" } } });
    expect(other.json.__type).toContain("IdempotentParameterMismatchException");
  });

  test("every action has its reason, in order, with the item for those who ask", async () => {
    const table = await RawTable.create(running);
    await table.put({ ...pk, n: { N: "1" } });
    const fails = { TableName: table.name, Key: pk, ConditionExpression: "attribute_not_exists(pk)" };
    const { json } = await table.call("TransactWriteItems", {
      TransactItems: [
        { Put: { TableName: table.name, Item: { pk: { S: "new" } } } },
        { ConditionCheck: { ...fails, ReturnValuesOnConditionCheckFailure: "ALL_OLD" } },
        { Put: { TableName: table.name, Item: { pk: { N: "1" } } } },
        {
          Delete: {
            TableName: table.name,
            Key: { pk: { S: "none" } },
            ConditionExpression: "attribute_exists(pk)",
            ReturnValuesOnConditionCheckFailure: "ALL_OLD",
          },
        },
      ],
    });
    expect(json.Message).toBe(
      "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed, ValidationError, ConditionalCheckFailed]",
    );
    expect(json.CancellationReasons).toEqual([
      { Code: "None" },
      {
        Code: "ConditionalCheckFailed",
        Message: "The conditional request failed",
        Item: { ...pk, n: { N: "1" } },
      },
      {
        Code: "ValidationError",
        Message: "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: N",
      },
      { Code: "ConditionalCheckFailed", Message: "The conditional request failed" },
    ]);
    expect(await table.get({ pk: { S: "new" } })).toBeUndefined();
  });
});
