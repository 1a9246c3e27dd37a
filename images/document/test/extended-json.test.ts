import * as bson from "bson";
import { expect, test } from "vitest";
import { extendedJson } from "../src/bson/extended-json.ts";
import { Doc } from "../src/bson/values.ts";

test("documents of all types are written as MongoDB's own library writes canonical Extended JSON", () => {
  const document = {
    int: new bson.Int32(-1),
    long: bson.Long.fromString("9223372036854775807"),
    double: new bson.Double(1.5),
    whole: new bson.Double(3),
    zero: new bson.Double(-0),
    infinite: new bson.Double(Number.POSITIVE_INFINITY),
    nan: new bson.Double(Number.NaN),
    decimal: bson.Decimal128.fromString("1.10"),
    id: new bson.ObjectId("0123456789abcdef01234567"),
    date: new Date(-5),
    bytes: new bson.Binary(Buffer.from([0, 255]), 5),
    timestamp: new bson.Timestamp({ t: 4_000_000_000, i: 7 }),
    regex: new bson.BSONRegExp("a/b", "i"),
    code: new bson.Code("f()"),
    scoped: new bson.Code("g()", { x: new bson.Int32(1) }),
    symbol: new bson.BSONSymbol("s"),
    min: new bson.MinKey(),
    max: new bson.MaxKey(),
    nested: { list: [null, true, "text", { a: new bson.Int32(1) }] },
  };
  const bytes = Buffer.from(bson.serialize(document));
  expect(JSON.parse(extendedJson(Doc.read(bytes)))).toEqual(
    JSON.parse(bson.EJSON.stringify(document, { relaxed: false })),
  );
});

test("a field named __proto__ is a field", () => {
  const bytes = Buffer.from(bson.serialize(JSON.parse('{"__proto__":"x"}') as object));
  expect(extendedJson(Doc.read(bytes))).toBe('{"__proto__":"x"}');
});
