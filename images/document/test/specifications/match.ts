import { type Document, EJSON } from "bson";

/** What the unified test format (mongodb/specifications) calls matching: extra fields at the top are allowed, `$$` names special forms. */

export interface MatchContext {
  readonly entities: ReadonlyMap<string, unknown>;
  readonly lsidOf: (session: string) => unknown;
}

export function mismatch(
  expected: unknown,
  actual: unknown,
  context: MatchContext,
  isRoot = true,
  path = "",
): string | undefined {
  if (isPlain(expected)) {
    const special = Object.keys(expected)[0];
    if (special?.startsWith("$$") === true && Object.keys(expected).length === 1) {
      return specialMismatch(special, (expected as Document)[special], actual, context, isRoot, path);
    }
    if (!isPlain(actual)) return `${path}: ${text(actual)} is no document like ${text(expected)}`;
    for (const [name, value] of Object.entries(expected)) {
      const found = (actual as Document)[name];
      const inner = mismatch(value, found, context, false, `${path}.${name}`);
      if (inner !== undefined) return inner;
    }
    if (!isRoot) {
      for (const name of Object.keys(actual)) {
        if (!(name in expected)) return `${path}: has ${name}, which is not expected`;
      }
    }
    return undefined;
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${path}: ${text(actual)} is no array`;
    if (actual.length !== expected.length)
      return `${path}: ${actual.length} elements, not ${expected.length}: ${text(actual)}`;
    for (const [i, value] of expected.entries()) {
      const inner = mismatch(value, actual[i], context, isRoot, `${path}[${i}]`);
      if (inner !== undefined) return inner;
    }
    return undefined;
  }
  if (isNumber(expected) && isNumber(actual)) {
    return Number(expected) === Number(actual)
      ? undefined
      : `${path}: ${text(actual)} is not ${text(expected)}`;
  }
  return text(expected) === text(actual) ? undefined : `${path}: ${text(actual)} is not ${text(expected)}`;
}

function isNumber(value: unknown): boolean {
  return (
    typeof value === "number" ||
    typeof value === "bigint" ||
    ["Int32", "Long", "Double"].includes(typeOf(value))
  );
}

function typeOf(value: unknown): string {
  return (value as { _bsontype?: string } | null | undefined)?._bsontype ?? "";
}

function isPlain(value: unknown): value is Document {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    typeOf(value) === "" &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof RegExp)
  );
}

export function text(value: unknown): string {
  return value === undefined ? "nothing" : EJSON.stringify(value, { relaxed: true });
}

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  int: (value) => typeof value === "number" || typeOf(value) === "Int32",
  long: (value) => typeof value === "number" || typeof value === "bigint" || typeOf(value) === "Long",
  double: (value) => typeof value === "number" || typeOf(value) === "Double",
  number: isNumber,
  bool: (value) => typeof value === "boolean",
  object: isPlain,
  array: Array.isArray,
  date: (value) => value instanceof Date,
  objectId: (value) => typeOf(value) === "ObjectId",
  binData: (value) => typeOf(value) === "Binary" || value instanceof Uint8Array,
  timestamp: (value) => typeOf(value) === "Timestamp",
  null: (value) => value === null,
};

function specialMismatch(
  name: string,
  operand: unknown,
  actual: unknown,
  context: MatchContext,
  isRoot: boolean,
  path: string,
): string | undefined {
  switch (name) {
    case "$$exists":
      return (actual !== undefined) === operand
        ? undefined
        : `${path}: ${operand === true ? "is missing" : "is there"}`;
    case "$$unsetOrMatches":
      return actual === undefined || actual === null
        ? undefined
        : mismatch(operand, actual, context, isRoot, path);
    case "$$type": {
      const wanted = Array.isArray(operand) ? operand : [operand];
      return wanted.some((type: string) => types[type]?.(actual) === true)
        ? undefined
        : `${path}: ${text(actual)} is none of ${text(wanted)}`;
    }
    case "$$matchesEntity":
      return mismatch(context.entities.get(operand as string), actual, context, isRoot, path);
    case "$$sessionLsid":
      return text(context.lsidOf(operand as string)) === text(actual)
        ? undefined
        : `${path}: another session's lsid`;
    case "$$matchAsRoot":
      return mismatch(operand, actual, context, true, path);
    case "$$matchAsDocument":
      return mismatch(operand, actual, context, false, path);
    case "$$matchesHexBytes":
      return actual === operand ? undefined : `${path}: ${text(actual)} is not ${text(operand)}`;
    case "$$lte":
      return Number(actual) <= Number(operand)
        ? undefined
        : `${path}: ${text(actual)} is above ${text(operand)}`;
    default:
      return `${path}: ${name} is not known here`;
  }
}
