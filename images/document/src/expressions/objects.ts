import { randomBytes } from "node:crypto";
import { hashOfValue } from "../bson/hash.ts";
import { show } from "../bson/show.ts";
import { isNullish, typeName } from "../bson/types.ts";
import { BinData, Doc, Double, ObjectId, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError, notSupported } from "../errors.ts";
import { define, defineFunction } from "./registry.ts";

/** Documents, and what fits nowhere else. */

defineFunction("$mergeObjects", [0, Number.POSITIVE_INFINITY], (values) => {
  const merged = new Map<string, Value>();
  for (const value of values) {
    if (isNullish(value)) continue;
    if (!(value instanceof Doc))
      throw new MongoError(
        40400,
        `$mergeObjects requires object inputs, but input ${show(value)} is of type ${typeName(value)}`,
      );
    for (const [name, field] of value) merged.set(name, field);
  }
  return Doc.from(merged);
});

define("$getField", (operand, context, parse) => {
  let field: Value = operand;
  let input: Value = "$$CURRENT";
  if (operand instanceof Doc && operand.firstKey?.startsWith("$") !== true) {
    for (const name of operand.keys()) {
      if (name !== "field" && name !== "input")
        throw new MongoError(3041701, `$getField found an unknown argument: ${name}`);
    }
    const [given, from] = [operand.get("field"), operand.get("input")];
    if (given === undefined) throw new MongoError(3041702, "$getField requires 'field' to be specified");
    if (from === undefined) throw new MongoError(3041703, "$getField requires 'input' to be specified");
    field = given;
    input = from;
  }
  const name = parse(field, context);
  const source = parse(input, context);
  if (name.isConstant) requireText(name.evaluate({ root: undefined, slots: [] }));
  return {
    isConstant: false,
    evaluate: (scope) => {
      const key = requireText(name.evaluate(scope));
      const value = source.evaluate(scope);
      if (value instanceof Doc) return value.get(key);
      return isNullish(value) ? (value === undefined ? undefined : null) : undefined;
    },
  };
});

function requireText(value: Value | undefined): string {
  if (typeof value === "string") return value;
  throw new MongoError(
    3041704,
    `$getField requires 'field' to evaluate to type String, but got ${typeName(value)}`,
  );
}

for (const name of ["$setField", "$unsetField"]) {
  define(name, (operand, context, parse) => {
    if (!(operand instanceof Doc))
      throw new MongoError(4161100, `${name} requires an object as an argument, found: ${typeName(operand)}`);
    const allowed = name === "$setField" ? ["field", "input", "value"] : ["field", "input"];
    for (const one of operand.keys()) {
      if (!allowed.includes(one)) throw new MongoError(4161101, `${name} found an unknown argument: ${one}`);
    }
    const [field, input, valueSpec] = [operand.get("field"), operand.get("input"), operand.get("value")];
    if (field === undefined) throw new MongoError(4161102, `${name} requires 'field' to be specified`);
    if (name === "$setField" && valueSpec === undefined)
      throw new MongoError(4161103, "$setField requires 'value' to be specified");
    if (input === undefined) throw new MongoError(4161109, `${name} requires 'input' to be specified`);
    if (typeof field === "string" && field.startsWith("$"))
      throw new MongoError(
        4161108,
        `A field path reference is not allowed in '${name}''s 'field' argument. Consider using {$literal}`,
      );
    const key = parse(field, context);
    if (!key.isConstant) throw new MongoError(4161106, `${name} requires 'field' to evaluate to a constant`);
    const fieldName = key.evaluate({ root: undefined, slots: [] });
    if (typeof fieldName !== "string")
      throw new MongoError(
        4161107,
        `${name} requires 'field' to evaluate to type String, but got ${typeName(fieldName)}`,
      );
    const [source, value] = [
      parse(input, context),
      valueSpec === undefined ? undefined : parse(valueSpec, context),
    ];
    return {
      isConstant: false,
      evaluate: (scope) => {
        const target = source.evaluate(scope);
        if (isNullish(target)) return null;
        if (!(target instanceof Doc))
          throw new MongoError(4161105, `${name} requires 'input' to evaluate to type Object`);
        const fields = new Map(target);
        const made = value?.evaluate(scope);
        if (made === undefined) fields.delete(fieldName);
        else fields.set(fieldName, made);
        return Doc.from(fields);
      },
    };
  });
}

defineFunction("$bsonSize", [1, 1], ([value]) => {
  if (isNullish(value)) return null;
  if (!(value instanceof Doc))
    throw new MongoError(31393, `$bsonSize requires a document input, found: ${typeName(value)}`);
  return writeDoc(value).length;
});

defineFunction("$binarySize", [1, 1], ([value]) => {
  if (isNullish(value)) return null;
  if (typeof value === "string") return Buffer.byteLength(value);
  if (value instanceof BinData) return value.bytes.length;
  throw new MongoError(51276, `$binarySize requires a string or BinData argument, found: ${typeName(value)}`);
});

defineFunction("$toHashedIndexKey", [1, 1], ([value]) => hashOfValue(value ?? null));

define("$rand", (operand) => {
  const isEmpty =
    (operand instanceof Doc && operand.isEmpty) || (Array.isArray(operand) && operand.length === 0);
  if (!isEmpty)
    throw new MongoError(
      operand instanceof Doc || Array.isArray(operand) ? 3040501 : 10065,
      "$rand does not currently accept arguments",
    );
  return { evaluate: () => new Double(Math.random()), isConstant: false };
});

define("$sampleRate", () => {
  throw new MongoError(168, "Unrecognized expression '$sampleRate'");
});

define("$createObjectId", (operand) => {
  if (!(operand instanceof Doc) || !operand.isEmpty)
    throw new MongoError(10532300, "$createObjectId does not accept arguments");
  return {
    evaluate: () => {
      const bytes = randomBytes(12);
      bytes.writeUInt32BE(Math.floor(Date.now() / 1000), 0);
      return new ObjectId(bytes);
    },
    isConstant: false,
  };
});

for (const name of ["$function", "$_internalJsEmit", "$accumulator"]) {
  define(name, () => {
    throw notSupported(name);
  });
}

const metadata = new Set([
  "textScore",
  "randVal",
  "searchScore",
  "searchHighlights",
  "geoNearDistance",
  "geoNearPoint",
  "recordId",
  "indexKey",
  "sortKey",
  "searchScoreDetails",
  "vectorSearchScore",
  "searchSequenceToken",
  "timeseriesBucketMinTime",
  "timeseriesBucketMaxTime",
  "score",
  "scoreDetails",
  "stream",
]);

define("$meta", (operand, context) => {
  if (typeof operand !== "string") throw new MongoError(17307, "$meta only supports string arguments");
  if (!metadata.has(operand)) throw new MongoError(17308, `Unsupported argument to $meta: ${operand}`);
  return {
    isConstant: false,
    evaluate: ({ root }) => {
      const found = root instanceof Doc ? context.metadata(root) : undefined;
      switch (operand) {
        case "textScore":
          if (found?.textScore === undefined)
            throw new MongoError(40218, "query requires text score metadata, but it is not available");
          return new Double(found.textScore);
        case "geoNearDistance":
          return found?.geoDistance === undefined ? undefined : new Double(found.geoDistance);
        case "geoNearPoint":
          return found?.geoPoint;
        case "randVal":
          return new Double(Math.random());
        case "sortKey":
          return found?.sortKey;
        case "recordId":
          return found?.recordId;
        case "indexKey":
          return found?.indexKey;
        default:
          return undefined;
      }
    },
  };
});
