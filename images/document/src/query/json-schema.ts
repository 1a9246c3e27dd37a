import { remainder } from "../bson/decimal-arithmetic.ts";
import { Decimal128 } from "../bson/decimal128.ts";
import { identityOf } from "../bson/key-bytes.ts";
import { exactInt64, isNaNValue, toDecimal, toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { compileRegex } from "../bson/regex.ts";
import { isNumeric, typeName, typeNumber } from "../bson/types.ts";
import { Doc, type Numeric, type Value } from "../bson/values.ts";
import { badValue, failedToParse, MongoError, typeMismatch } from "../errors.ts";
import { parseSchemaTypes } from "./schema-types.ts";

/** Whether a document keeps a schema (JSON Schema draft 4, with `bsonType`, as MongoDB reads it). */
export type SchemaCheck = (value: Value) => boolean;

type Keyword = (operand: Value, schema: Doc, keyword: string) => SchemaCheck | undefined;

/** @throws MongoError for a schema that MongoDB refuses */
export function parseSchema(schema: Doc, _options?: unknown): SchemaCheck {
  const checks: SchemaCheck[] = [];
  for (const [keyword, operand] of schema) {
    const make = keywords[keyword];
    if (make === undefined) {
      if (unsupported.has(keyword)) {
        throw failedToParse(`$jsonSchema keyword '${keyword}' is not currently supported`);
      }
      throw failedToParse(`Unknown $jsonSchema keyword: ${keyword}`);
    }
    const check = make(operand, schema, keyword);
    if (check !== undefined) checks.push(check);
  }
  return (value) => checks.every((check) => check(value));
}

const unsupported = new Set(["$ref", "$schema", "default", "definitions", "format", "id"]);

function requireDoc(value: Value, keyword: string): Doc {
  if (value instanceof Doc) return value;
  throw typeMismatch(`$jsonSchema keyword '${keyword}' must be an object`);
}

function requireNumber(value: Value, keyword: string) {
  if (isNumeric(value)) return value;
  throw typeMismatch(`$jsonSchema keyword '${keyword}' must be a number`);
}

function requireCount(value: Value, keyword: string): number {
  if (!isNumeric(value)) throw failedToParse(`$jsonSchema keyword '${keyword}' must be a number`);
  const count = exactInt64(value);
  if (count === undefined) throw failedToParse(`$jsonSchema keyword '${keyword}' must be a 64-bit integer`);
  if (count < 0n) throw failedToParse(`$jsonSchema keyword '${keyword}' cannot be negative`);
  return Number(count);
}

function requireSchemas(value: Value, keyword: string): SchemaCheck[] {
  if (!Array.isArray(value)) throw typeMismatch(`$jsonSchema keyword '${keyword}' must be an array`);
  if (value.length === 0) {
    throw new MongoError(2, `$jsonSchema keyword '${keyword}' must be a non-empty array`);
  }
  return value.map((one) => {
    if (one instanceof Doc) return parseSchema(one);
    throw typeMismatch(
      `$jsonSchema keyword '${keyword}' must be an array of objects, but found an element of type ${typeName(one)}`,
    );
  });
}

function requireFlag(value: Value, keyword: string): boolean {
  if (typeof value === "boolean") return value;
  throw typeMismatch(`$jsonSchema keyword '${keyword}' must be a boolean`);
}

function requireText(value: Value, keyword: string): string {
  if (typeof value === "string") return value;
  throw typeMismatch(`$jsonSchema keyword '${keyword}' must be a string`);
}

/** A check of values of one type; those of others pass, as JSON Schema has it. */
const ofNumbers =
  (check: (value: Value) => boolean): SchemaCheck =>
  (value) =>
    !isNumeric(value) || check(value);
const ofTexts =
  (check: (text: string) => boolean): SchemaCheck =>
  (value) =>
    typeof value !== "string" || check(value);
const ofArrays =
  (check: (values: Value[]) => boolean): SchemaCheck =>
  (value) =>
    !Array.isArray(value) || check(value);
const ofDocs =
  (check: (doc: Doc) => boolean): SchemaCheck =>
  (value) =>
    !(value instanceof Doc) || check(value);

const textLength = (text: string) => [...text].length;

const keywords: Readonly<Record<string, Keyword>> = {
  type: (operand) => typeCheck(parseSchemaTypes(operand, "type")),
  bsonType: (operand) => typeCheck(parseSchemaTypes(operand, "bsonType")),
  enum: (operand) => {
    if (!Array.isArray(operand)) throw typeMismatch("$jsonSchema keyword 'enum' must be an array");
    if (operand.length === 0) throw failedToParse("$jsonSchema keyword 'enum' cannot be an empty array");
    const allowed = new Set(operand.map((one) => identityOf(one)));
    if (allowed.size !== operand.length) {
      throw failedToParse("$jsonSchema keyword 'enum' array cannot contain duplicate values.");
    }
    return (value) => allowed.has(identityOf(value));
  },
  maximum: (operand, schema, keyword) => {
    const bound = requireNumber(operand, keyword);
    const isExclusive = schema.get("exclusiveMaximum") === true;
    return ofNumbers(
      (value) =>
        !isNaNValue(value) &&
        (isExclusive ? compareValues(value, bound) < 0 : compareValues(value, bound) <= 0),
    );
  },
  minimum: (operand, schema, keyword) => {
    const bound = requireNumber(operand, keyword);
    const isExclusive = schema.get("exclusiveMinimum") === true;
    return ofNumbers((value) =>
      isExclusive ? compareValues(value, bound) > 0 : compareValues(value, bound) >= 0,
    );
  },
  exclusiveMaximum: (operand, schema, keyword) => {
    requireFlag(operand, keyword);
    if (!schema.has("maximum")) {
      throw failedToParse("$jsonSchema keyword 'maximum' must be a present if exclusiveMaximum is present");
    }
    return undefined;
  },
  exclusiveMinimum: (operand, schema, keyword) => {
    requireFlag(operand, keyword);
    if (!schema.has("minimum")) {
      throw failedToParse("$jsonSchema keyword 'minimum' must be a present if exclusiveMinimum is present");
    }
    return undefined;
  },
  multipleOf: (operand, _schema, keyword) => {
    const divisor = requireNumber(operand, keyword);
    if (!(toDouble(divisor) > 0))
      throw failedToParse("$jsonSchema keyword 'multipleOf' must have a positive value");
    return ofNumbers((value) => isNumeric(value) && isMultiple(value, divisor));
  },
  maxLength: (operand, _schema, keyword) => {
    const max = requireCount(operand, keyword);
    return ofTexts((text) => textLength(text) <= max);
  },
  minLength: (operand, _schema, keyword) => {
    const min = requireCount(operand, keyword);
    return ofTexts((text) => textLength(text) >= min);
  },
  pattern: (operand, _schema, keyword) => {
    const regex = schemaRegex(requireText(operand, keyword));
    return ofTexts((text) => regex.test(text));
  },
  allOf: (operand, _schema, keyword) => {
    const schemas = requireSchemas(operand, keyword);
    return (value) => schemas.every((check) => check(value));
  },
  anyOf: (operand, _schema, keyword) => {
    const schemas = requireSchemas(operand, keyword);
    return (value) => schemas.some((check) => check(value));
  },
  oneOf: (operand, _schema, keyword) => {
    const schemas = requireSchemas(operand, keyword);
    return (value) => schemas.filter((check) => check(value)).length === 1;
  },
  not: (operand, _schema, keyword) => {
    const check = parseSchema(requireDoc(operand, keyword));
    return (value) => !check(value);
  },
  required: (operand) => {
    if (!Array.isArray(operand)) throw typeMismatch("$jsonSchema keyword 'required' must be an array");
    if (operand.length === 0) throw failedToParse("$jsonSchema keyword 'required' cannot be an empty array");
    const names = operand.map((one) => {
      if (typeof one === "string") return one;
      throw typeMismatch(
        `$jsonSchema keyword 'required' must be an array of strings, but found an element of type: '${typeName(one)}'`,
      );
    });
    if (new Set(names).size !== names.length) {
      throw failedToParse("$jsonSchema keyword 'required' array cannot contain duplicate values");
    }
    return ofDocs((doc) => names.every((name) => doc.has(name)));
  },
  properties: (operand, _schema, keyword) => {
    const properties = [...requireDoc(operand, keyword)].map(([name, schema]) => {
      if (!(schema instanceof Doc)) {
        throw typeMismatch(`Nested schema for $jsonSchema property '${name}' must be an object`);
      }
      return [name, parseSchema(schema)] as const;
    });
    return ofDocs((doc) =>
      properties.every(([name, check]) => {
        const value = doc.get(name);
        return value === undefined || check(value);
      }),
    );
  },
  patternProperties: (operand, _schema, keyword) => {
    const patterns = [...requireDoc(operand, keyword)].map(([pattern, schema]) => {
      if (!(schema instanceof Doc)) {
        throw typeMismatch(
          `$jsonSchema keyword 'patternProperties' has property '${pattern}' which is not an object`,
        );
      }
      return [schemaRegex(pattern), parseSchema(schema)] as const;
    });
    return ofDocs((doc) =>
      [...doc].every(([name, value]) =>
        patterns.every(([regex, check]) => !regex.test(name) || check(value)),
      ),
    );
  },
  additionalProperties: (operand, schema) => {
    if (typeof operand !== "boolean" && !(operand instanceof Doc)) {
      throw typeMismatch(
        "$jsonSchema keyword 'additionalProperties' must be either an object or a boolean, but got an element of type " +
          typeName(operand),
      );
    }
    if (operand === true) return undefined;
    const check = operand === false ? () => false : parseSchema(operand);
    const properties = schema.get("properties");
    const known = new Set(properties instanceof Doc ? properties.keys() : []);
    const patterns = schema.get("patternProperties");
    const regexes = patterns instanceof Doc ? [...patterns.keys()].map((one) => compileRegex(one, "")) : [];
    return ofDocs((doc) =>
      [...doc].every(
        ([name, value]) => known.has(name) || regexes.some((regex) => regex.test(name)) || check(value),
      ),
    );
  },
  minProperties: (operand, _schema, keyword) => {
    const min = requireCount(operand, keyword);
    return ofDocs((doc) => doc.size >= min);
  },
  maxProperties: (operand, _schema, keyword) => {
    const max = requireCount(operand, keyword);
    return ofDocs((doc) => doc.size <= max);
  },
  dependencies: (operand, _schema, keyword) => {
    const dependencies = [...requireDoc(operand, keyword)].map(([name, dependency]) => {
      if (dependency instanceof Doc) return [name, parseSchema(dependency)] as const;
      if (!Array.isArray(dependency)) {
        throw typeMismatch(
          `Value of $jsonSchema keyword 'dependencies' for property '${name}' must be an object or an array`,
        );
      }
      if (dependency.length === 0) {
        throw failedToParse(
          `$jsonSchema keyword 'dependencies' for property '${name}' must be a non-empty array`,
        );
      }
      const others = dependency.map((one) => {
        if (typeof one === "string") return one;
        throw typeMismatch(
          `$jsonSchema keyword 'dependencies' for property '${name}' must be an array of strings`,
        );
      });
      return [name, ofDocs((doc) => others.every((other) => doc.has(other)))] as const;
    });
    return ofDocs((doc) => dependencies.every(([name, check]) => !doc.has(name) || check(doc)));
  },
  items: (operand, schema) => {
    if (operand instanceof Doc) {
      const check = parseSchema(operand);
      return ofArrays((values) => values.every(check));
    }
    if (!Array.isArray(operand)) {
      throw typeMismatch(
        `$jsonSchema keyword 'items' must be an array or an object, not ${typeName(operand)}`,
      );
    }
    const checks = operand.map((one) => {
      if (one instanceof Doc) return parseSchema(one);
      throw typeMismatch("$jsonSchema keyword 'items' requires that each element of the array is an object");
    });
    const additional = schema.get("additionalItems");
    const rest =
      additional === false ? () => false : additional instanceof Doc ? parseSchema(additional) : () => true;
    return ofArrays((values) => values.every((value, index) => (checks[index] ?? rest)(value)));
  },
  additionalItems: (operand) => {
    if (typeof operand !== "boolean" && !(operand instanceof Doc)) {
      throw typeMismatch("$jsonSchema keyword 'additionalItems' must be either an object or a boolean");
    }
    if (operand instanceof Doc) parseSchema(operand);
    return undefined;
  },
  minItems: (operand, _schema, keyword) => {
    const min = requireCount(operand, keyword);
    return ofArrays((values) => values.length >= min);
  },
  maxItems: (operand, _schema, keyword) => {
    const max = requireCount(operand, keyword);
    return ofArrays((values) => values.length <= max);
  },
  uniqueItems: (operand, _schema, keyword) => {
    if (!requireFlag(operand, keyword)) return undefined;
    return ofArrays((values) => new Set(values.map((one) => identityOf(one))).size === values.length);
  },
  title: (operand, _schema, keyword) => void requireText(operand, keyword),
  description: (operand, _schema, keyword) => void requireText(operand, keyword),
  encrypt: () => {
    throw failedToParse("$jsonSchema keyword 'encrypt' is not currently supported");
  },
};

function typeCheck(types: ReadonlySet<number>): SchemaCheck {
  return (value) => types.has(typeNumber(value));
}

function isMultiple(value: Numeric, divisor: Numeric): boolean {
  if (value instanceof Decimal128 || divisor instanceof Decimal128) {
    const rest = remainder(toDecimal(value), toDecimal(divisor));
    return rest.isZero;
  }
  return toDouble(value) % toDouble(divisor) === 0;
}

function schemaRegex(pattern: string): RegExp {
  try {
    return compileRegex(pattern, "");
  } catch (error) {
    if (error instanceof MongoError) throw badValue(error.message);
    throw error;
  }
}
