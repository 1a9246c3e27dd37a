import { AwsError, parseArn } from "@weftkit/http-aws";
import { serialization, validation } from "../errors.ts";
import type { AttributeValue } from "../items/attribute-value.ts";
import { javaClass, type Members, type Shape } from "./shape.ts";

const notStructure = "Start of structure or map found where not expected";
const parameterized =
  "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot be cast to class java.lang.Class (sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and java.lang.Class are in module java.base of loader 'bootstrap')";

/**
 * Deeper ones are refused here, by AWS's parser as by this one, and in other words; the limit of items is checked with the
 * values.
 */
const depthMax = 62;
export const nestingFault =
  "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";

type Json = unknown;
type JsonObject = Record<string, Json>;

/**
 * The members of a request that an operation knows, each of the type that it must have. Values are taken over as they
 * are, without copies; members that are null are missing.
 *
 * @throws AwsError SerializationException in the words of AWS's parser
 */
export function readMembers(given: JsonObject, members: Members): JsonObject {
  const read: JsonObject = {};
  for (const name in members) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value !== undefined && value !== null) read[name] = readValue(value, members[name]!);
  }
  return read;
}

function readValue(value: Json, shape: Shape): Json {
  switch (shape.type) {
    case "string": {
      const text = readString(value);
      return shape.isTable === true && text.startsWith("arn:") ? tableNameOf(text) : text;
    }
    case "Integer":
    case "Long":
    case "Double":
    case "Timestamp":
      return readNumber(value, shape.type);
    case "boolean":
      return readBoolean(value);
    case "blob":
      return readBlob(value);
    case "list": {
      if (!Array.isArray(value)) {
        if (typeof value === "object") throw serialization(notStructure);
        throw serialization(shape.isParameterized === true ? parameterized : "Unexpected field type");
      }
      return value.map((member) => (member === null ? undefined : readValue(member, shape.of)));
    }
    case "map": {
      if (typeof value !== "object")
        throw serialization(shape.isParameterized === true ? parameterized : "Unexpected field type");
      if (Array.isArray(value)) {
        throw serialization(
          `Unrecognized collection type java.util.Map<java.lang.String, ${javaClass(shape.className)}>`,
        );
      }
      const map = value as JsonObject;
      if (shape.of.type === "attributeValue")
        return shape.isNamedWhenDeep === true ? readNamedAttributes(map) : readAttributes(map);
      for (const name in map) {
        if (map[name] === null) delete map[name];
        else map[name] = readValue(map[name], shape.of);
      }
      return map;
    }
    case "structure": {
      requireStructure(value, shape.className, shape.isField === true);
      return readMembers(value as JsonObject, shape.members);
    }
    case "attributeValue":
      return readAttributeValue(value, shape.isField === true, 0);
  }
}

function requireStructure(value: Json, className: string, isField: boolean): void {
  if (typeof value !== "object")
    throw serialization(isField ? "Unexpected field type" : "Unexpected value type in payload");
  if (Array.isArray(value)) throw serialization(`Unrecognized collection type class ${javaClass(className)}`);
}

/** A table can be named by its ARN. */
function tableNameOf(text: string): string {
  const arn = parseArn(text);
  const name = /^table\/([^/]+)$/.exec(arn?.resource ?? "")?.[1];
  if (arn?.service !== "dynamodb" || name === undefined)
    throw validation(`Invalid TableArn: Invalid ResourceArn provided as input ${text}`);
  return name;
}

function readString(value: Json): string {
  if (typeof value === "string") return value;
  throw wrongScalar(value, "String");
}

function wrongScalar(value: Json, type: string): Error {
  if (typeof value === "object")
    return serialization(
      Array.isArray(value) ? `Unrecognized collection type class java.lang.${type}` : notStructure,
    );
  return serialization(`${tokenOf(value)} cannot be converted to ${type}`);
}

function tokenOf(value: Json): string {
  if (typeof value === "boolean") return value ? "TRUE_VALUE" : "FALSE_VALUE";
  if (typeof value === "string") return "STRING_VALUE";
  return Number.isInteger(value) ? "NUMBER_VALUE" : "DECIMAL_VALUE";
}

function readNumber(value: Json, type: "Integer" | "Long" | "Double" | "Timestamp"): number {
  if (typeof value === "number") {
    if (type === "Double" || type === "Timestamp") return value;
    const whole = Math.trunc(value);
    if (type === "Integer" && whole > 2 ** 31 - 1) return 2 ** 31 - 1;
    return whole;
  }
  throw wrongScalar(value, type === "Timestamp" ? "Date" : type);
}

function readBoolean(value: Json): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") throw wrongScalar(value, "Boolean");
  switch (value.toUpperCase()) {
    case "TRUE":
    case "1":
    case "YES":
      return true;
    case "FALSE":
    case "0":
    case "NO":
      return false;
    default:
      throw serialization("Unexpected token received from parser");
  }
}

function readBlob(value: Json): string {
  if (typeof value !== "string") {
    if (typeof value !== "object")
      throw serialization("only base-64-encoded strings are convertible to bytes");
    throw serialization(
      Array.isArray(value) ? "Unrecognized collection type class java.nio.ByteBuffer" : notStructure,
    );
  }
  if (value.length % 4 !== 0) {
    throw serialization(`Base64 encoded length is expected a multiple of 4 bytes but found: ${value.length}`);
  }
  if (Buffer.from(value, "base64").toString("base64") !== value)
    throw serialization("Invalid last non-pad Base64 character dectected");
  return value;
}

/** As `readAttributes`, for values whose names are told when they are too deep. */
function readNamedAttributes(map: JsonObject): JsonObject {
  for (const name in map) {
    try {
      if (map[name] !== null) readAttributeValue(map[name], false, 0);
    } catch (error) {
      if (!(error instanceof AwsError) || error.message !== nestingFault) throw error;
      throw validation(`ExpressionAttributeValues contains invalid value: ${nestingFault} for key ${name}`);
    }
  }
  return map;
}

/** A map of attribute values, in place. */
function readAttributes(map: JsonObject, depth = 0): JsonObject {
  for (const name in map) {
    const value = map[name];
    // A missing value is an empty one.
    if (value !== null) readAttributeValue(value, false, depth);
  }
  return map;
}

function readAttributeValue(given: Json, isField: boolean, depth: number): AttributeValue {
  requireStructure(given, "AttributeValue", isField);
  if (depth > depthMax) throw validation(nestingFault);
  const value = given as JsonObject;
  for (const type in value) {
    const content = value[type];
    if (content === null) {
      delete value[type];
      continue;
    }
    switch (type) {
      case "S":
      case "N":
        if (typeof content !== "string") readString(content);
        break;
      case "B":
        readBlob(content);
        break;
      case "BOOL":
      case "NULL":
        if (typeof content !== "boolean") value[type] = readBoolean(content);
        break;
      case "SS":
      case "NS":
        for (const member of readList(content)) readString(member);
        break;
      case "BS":
        for (const member of readList(content)) readBlob(member);
        break;
      case "L":
        for (const member of readList(content)) readAttributeValue(member ?? {}, false, depth + 1);
        break;
      case "M":
        if (typeof content !== "object") throw serialization("Unexpected field type");
        if (Array.isArray(content)) {
          throw serialization(
            `Unrecognized collection type java.util.Map<java.lang.String, ${javaClass("AttributeValue")}>`,
          );
        }
        readAttributes(content as JsonObject, depth + 1);
        break;
      default:
        delete value[type];
    }
  }
  return value as AttributeValue;
}

function readList(content: Json): readonly Json[] {
  if (Array.isArray(content)) return content;
  throw serialization(typeof content === "object" ? notStructure : "Unexpected field type");
}
