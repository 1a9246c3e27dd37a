import { toBigInt, toWhole } from "../bson/decimal-arithmetic.ts";
import { Decimal128 } from "../bson/decimal128.ts";
import { exactInt64, isTruthy, toDouble, truncated } from "../bson/numbers.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { BinData, Doc, type Value } from "../bson/values.ts";
import { badValue, MongoError, typeMismatch } from "../errors.ts";
import type { Command, FieldSpec, FieldType } from "./command.ts";

/** What every command may carry. */
const general = new Set([
  "$db",
  "$clusterTime",
  "$readPreference",
  "$queryOptions",
  "$audit",
  "$client",
  "$configServerState",
  "$configTime",
  "$topologyTime",
  "$oplogQueryData",
  "$replData",
  "$tenant",
  "lsid",
  "txnNumber",
  "txnRetryCounter",
  "autocommit",
  "startTransaction",
  "startOrContinueTransaction",
  "coordinator",
  "readConcern",
  "writeConcern",
  "maxTimeMS",
  "maxTimeMSOpOnly",
  "comment",
  "apiVersion",
  "apiStrict",
  "apiDeprecationErrors",
  "databaseVersion",
  "shardVersion",
  "mayBypassWriteBlocking",
  "help",
  "rawData",
  "traceCtx",
  "versionContext",
  "requestGossipRoutingCache",
]);

const numbers = "'[long, int, decimal, double]'";
const expected: Readonly<Record<FieldType, string>> = {
  any: "",
  object: "type 'object'",
  array: "type 'array'",
  string: "type 'string'",
  bool: "type 'bool'",
  flag: "types '[bool, long, int, decimal, double]'",
  number: `types ${numbers}`,
  long: "type 'long'",
  uuid: "type 'binData'",
  objectOrString: "types '[string, object]'",
  objectOrArray: "types '[object, array]'",
  stringOrArray: "types '[string, array]'",
};

function isOf(type: FieldType, value: Value): boolean {
  switch (type) {
    case "any":
      return true;
    case "object":
      return value instanceof Doc;
    case "array":
      return Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "bool":
      return typeof value === "boolean";
    case "flag":
      return typeof value === "boolean" || isNumeric(value);
    case "number":
      return isNumeric(value);
    case "long":
      return typeof value === "bigint";
    case "uuid":
      return value instanceof BinData;
    case "objectOrString":
      return value instanceof Doc || typeof value === "string";
    case "objectOrArray":
      return value instanceof Doc || Array.isArray(value);
    case "stringOrArray":
      return typeof value === "string" || Array.isArray(value);
  }
}

export function wrongType(path: string, value: Value, what: string): MongoError {
  return typeMismatch(`BSON field '${path}' is the wrong type '${typeName(value)}', expected ${what}`);
}

/** Holds the fields of a document to what they may be. @throws MongoError 14, 40414, 40415 */
export function requireFields(
  name: string,
  body: Doc,
  fields: Readonly<Record<string, FieldSpec>>,
  isCommand: boolean,
): void {
  let isFirst = isCommand;
  for (const [field, value] of body) {
    if (isFirst) {
      isFirst = false;
      continue;
    }
    const spec = fields[field];
    if (spec === undefined) {
      if (isCommand && (general.has(field) || field.startsWith("$"))) continue;
      throw new MongoError(40415, `BSON field '${name}.${field}' is an unknown field.`);
    }
    const isRequired = spec.endsWith("!");
    const type = (isRequired ? spec.slice(0, -1) : spec) as FieldType;
    // What is null and need not be there is taken as not there.
    if (value === null && spec === "any!") continue;
    if (value === null || value === undefined) {
      if (!isRequired) continue;
      throw new MongoError(40414, `BSON field '${name}.${field}' is missing but a required field`);
    }
    if (!isOf(type, value)) throw wrongType(`${name}.${field}`, value, expected[type]);
  }
  for (const [field, spec] of Object.entries(fields)) {
    if (spec.endsWith("!") && !body.has(field)) {
      throw new MongoError(40414, `BSON field '${name}.${field}' is missing but a required field`);
    }
  }
}

export function requireCommandFields({ name, fields }: Command, body: Doc): void {
  if (fields !== undefined) requireFields(name, body, fields, true);
}

/** The collection that a command names in its first field. @throws MongoError 73 */
export function collectionOf(body: Doc, name: string, db: string): string {
  const value = body.get(name);
  if (typeof value !== "string") {
    throw new MongoError(73, `collection name has invalid type ${typeName(value)}`);
  }
  requireCollectionName(db, value);
  return value;
}

export function requireCollectionName(db: string, name: string): void {
  if (name === "" || name.startsWith(".") || name.includes("\0")) {
    throw new MongoError(73, `Invalid namespace specified '${db}.${name}'`);
  }
}

export function docField(body: Doc, name: string): Doc | undefined {
  const value = body.get(name);
  return value instanceof Doc ? value : undefined;
}

export function arrayField(body: Doc, name: string): Value[] {
  const value = body.get(name);
  return Array.isArray(value) ? value : [];
}

export function textField(body: Doc, name: string): string | undefined {
  const value = body.get(name);
  return typeof value === "string" ? value : undefined;
}

export function flagField(body: Doc, name: string, fallback = false): boolean {
  const value = body.get(name);
  return value === undefined || value === null ? fallback : isTruthy(value);
}

/** A count that is not negative. @throws MongoError 51024, 2 */
export function countField(body: Doc, command: string, name: string): number | undefined {
  const value = body.get(name);
  if (value === undefined || value === null) return undefined;
  if (!isNumeric(value)) throw wrongType(`${command}.${name}`, value, `types ${numbers}`);
  const whole =
    value instanceof Decimal128
      ? toBigInt(toWhole(value, "half even"))
      : (exactInt64(value) ?? truncated(value));
  if (whole === undefined) {
    const number = toDouble(value);
    if (Number.isNaN(number)) return 0;
    if (number > 0) return Number.MAX_SAFE_INTEGER;
    throw badValue(`BSON field '${name}' value must be >= 0, actual value '${number}'`);
  }
  if (whole < 0n) {
    throw badValue(`BSON field '${name}' value must be >= 0, actual value '${whole}'`);
  }
  return Number(whole);
}

/** Whether a field may be in every command, and says nothing of what this one is to do. */
export function isCommandField(name: string): boolean {
  return general.has(name);
}
