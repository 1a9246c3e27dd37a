import { type Collation, makeCollation } from "../bson/collation.ts";
import { exactInt32, isIntegral, toDouble } from "../bson/numbers.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { badValue, MongoError, typeMismatch } from "../errors.ts";

const defaults = {
  caseLevel: false,
  caseFirst: "off",
  strength: 3,
  numericOrdering: false,
  alternate: "non-ignorable",
  maxVariable: "punct",
  normalization: false,
  backwards: false,
} as const;

const known = new Set([...Object.keys(defaults), "locale", "version"]);

/** ICU's version, as collations of MongoDB 8 carry it. */
const icuVersion = "57.1";

/**
 * The collation of a document; undefined for the simple one, which compares bytes.
 *
 * @throws MongoError
 */
export function parseCollation(spec: Doc): Collation | undefined {
  for (const name of spec.keys()) {
    if (!known.has(name)) throw new MongoError(40415, `BSON field 'collation.${name}' is an unknown field.`);
  }
  const locale = spec.get("locale");
  if (locale === undefined)
    throw new MongoError(40414, "BSON field 'collation.locale' is missing but a required field");
  if (typeof locale !== "string") {
    throw typeMismatch(
      `BSON field 'collation.locale' is the wrong type '${typeName(locale)}', expected type 'string'`,
    );
  }
  const strength = number(spec, "strength", 3);
  if (strength < 1 || strength > 5) {
    throw badValue(`Enumeration value '${strength}' for field 'collation.strength' is not a valid value.`);
  }
  const options = {
    locale,
    caseLevel: flag(spec, "caseLevel"),
    caseFirst: oneOf(spec, "caseFirst", ["off", "upper", "lower"] as const),
    strength,
    numericOrdering: flag(spec, "numericOrdering"),
    alternate: oneOf(spec, "alternate", ["non-ignorable", "shifted"] as const),
    maxVariable: oneOf(spec, "maxVariable", ["punct", "space"] as const),
    normalization: flag(spec, "normalization"),
    backwards: flag(spec, "backwards"),
  };
  const version = spec.get("version");
  if (version !== undefined && typeof version !== "string") {
    throw typeMismatch(
      `BSON field 'collation.version' is the wrong type '${typeName(version)}', expected type 'string'`,
    );
  }
  if (version !== undefined && version !== icuVersion) {
    throw new MongoError(161, `Requested collation version '${version}' is not available`);
  }
  if (locale === "simple") {
    if (spec.size > 1 && [...spec.keys()].some((name) => name !== "locale" && name !== "version")) {
      // The simple collation has no options; MongoDB takes and ignores defaults only.
      return undefined;
    }
    return undefined;
  }
  requireLocale(locale);
  return makeCollation(options);
}

function requireLocale(locale: string): void {
  const language = locale.replace(/@.*$/, "").replaceAll("_", "-");
  let isKnown = false;
  try {
    isKnown = language !== "" && Intl.Collator.supportedLocalesOf([language]).length > 0;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  if (!isKnown || locale.includes("\0")) {
    throw badValue(`Field 'locale' is invalid in: { locale: "${locale}" }`);
  }
}

function flag(spec: Doc, name: string): boolean {
  const value = spec.get(name);
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw typeMismatch(
    `BSON field 'collation.${name}' is the wrong type '${typeName(value)}', expected type 'bool'`,
  );
}

function number(spec: Doc, name: string, fallback: number): number {
  const value = spec.get(name);
  if (value === undefined) return fallback;
  if (!isNumeric(value)) {
    throw typeMismatch(
      `BSON field 'collation.${name}' is the wrong type '${typeName(value)}', expected types '[int, decimal, double, long]'`,
    );
  }
  if (!isIntegral(value))
    throw badValue(
      `Enumeration value '${toDouble(value)}' for field 'collation.${name}' is not a valid value.`,
    );
  return exactInt32(value) ?? -1;
}

function oneOf<Names extends readonly string[]>(spec: Doc, name: string, names: Names): Names[number] {
  const value = spec.get(name);
  if (value === undefined) return names[0]!;
  if (typeof value !== "string") {
    throw typeMismatch(
      `BSON field 'collation.${name}' is the wrong type '${typeName(value)}', expected type 'string'`,
    );
  }
  if (!names.includes(value)) {
    throw badValue(`Enumeration value '${value}' for field 'collation.${name}' is not a valid value.`);
  }
  return value;
}

/** The document that stands for a collation in definitions: every option. */
export function collationDoc(collation: Collation): Doc {
  return Doc.of({
    locale: collation.locale,
    caseLevel: collation.caseLevel,
    caseFirst: collation.caseFirst,
    strength: collation.strength,
    numericOrdering: collation.numericOrdering,
    alternate: collation.alternate,
    maxVariable: collation.maxVariable,
    normalization: collation.normalization,
    backwards: collation.backwards,
    version: icuVersion,
  });
}

/** The collation that a command asks for; "simple" when it asks for none although its collection has one. */
export function collationOption(value: Value | undefined): Collation | undefined | "simple" {
  if (value === undefined || value === null) return undefined;
  if (!(value instanceof Doc)) {
    throw typeMismatch(
      `BSON field 'collation' is the wrong type '${typeName(value)}', expected type 'object'`,
    );
  }
  if (value.isEmpty) return undefined;
  return parseCollation(value) ?? "simple";
}
