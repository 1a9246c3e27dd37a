import { toDouble } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { expressionContext, newScope } from "../expressions/context.ts";
import { parseCollation } from "../query/collation-options.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import type { TextIndex } from "../text/text-search.ts";
import type { Index, IndexField } from "./collection.ts";

/** An index as it is used, of a specification that was checked when it was made. */
export function makeIndex(id: number, spec: Doc, isMultikey: boolean, wholeSinceMs: number): Index {
  const key = spec.get("key") as Doc;
  const collationDoc = spec.get("collation");
  const collation = collationDoc instanceof Doc ? parseCollation(collationDoc) : undefined;
  const partialDoc = spec.get("partialFilterExpression");
  const text = textIndex(spec);
  const fields =
    text === undefined
      ? [...key].map(([path, order]) => indexField(path, order))
      : [{ path: "_fts", parts: ["_fts"], kind: "text" as const, isDescending: false }];
  return {
    id,
    table: `i${id}`,
    name: spec.get("name") as string,
    spec,
    fields,
    isUnique: isSet(spec.get("unique")) || isSet(spec.get("prepareUnique")) || isIdKey(key),
    isSparse: isSet(spec.get("sparse")) || fields.every(({ kind }) => kind === "2dsphere"),
    isHidden: isSet(spec.get("hidden")),
    wholeSinceMs,
    expireAfterSeconds: seconds(spec.get("expireAfterSeconds")),
    collation,
    partial: partialDoc instanceof Doc ? partialOf(partialDoc, collation) : undefined,
    isMultikey,
    covers: wildcardCover(key, spec.get("wildcardProjection")),
    text,
  };
}

function isSet(value: Value | undefined): boolean {
  return value === true || (isNumeric(value) && toDouble(value) !== 0);
}

function seconds(value: Value | undefined): number | undefined {
  return isNumeric(value) ? toDouble(value) : undefined;
}

export function isIdKey(key: Doc): boolean {
  return key.size === 1 && key.firstKey === "_id" && isNumeric(key.get("_id"));
}

function partialOf(source: Doc, collation: Index["collation"]): Index["partial"] {
  const context = expressionContext({ collation });
  const filter = parseFilter(source, { context });
  return { filter, source, matches: compileFilter(filter, { collation, scope: newScope(context) }) };
}

function indexField(path: string, order: Value): IndexField {
  const parts = path.split(".");
  if (path === "$**" || path.endsWith(".$**")) return { path, parts, kind: "wildcard", isDescending: false };
  if (typeof order === "string") {
    const kind = order === "hashed" || order === "2dsphere" || order === "2d" ? order : "range";
    return { path, parts, kind, isDescending: false };
  }
  return { path, parts, kind: "range", isDescending: isNumeric(order) && toDouble(order) < 0 };
}

function wildcardCover(key: Doc, projection: Value | undefined): Index["covers"] {
  const name = [...key.keys()].find((one) => one === "$**" || one.endsWith(".$**"));
  if (name === undefined) return undefined;
  if (name !== "$**") {
    const prefix = name.slice(0, -4);
    return (path) => path === prefix || path.startsWith(`${prefix}.`);
  }
  if (!(projection instanceof Doc) || projection.isEmpty)
    return (path) => path !== "_id" && !path.startsWith("_id.");
  const entries = [...projection].filter(([field]) => field !== "_id");
  const isInclusive = entries.some(([, value]) => isSet(value));
  const includesId = isSet(projection.get("_id"));
  const named = (path: string) => entries.some(([field]) => path === field || path.startsWith(`${field}.`));
  return (path) => {
    if (path === "_id" || path.startsWith("_id.")) return includesId;
    return entries.length === 0 || named(path) === isInclusive;
  };
}

function textIndex(spec: Doc): TextIndex | undefined {
  const weights = spec.get("weights");
  if (!(weights instanceof Doc)) return undefined;
  return {
    weights: new Map([...weights].map(([path, weight]) => [path, isNumeric(weight) ? toDouble(weight) : 1])),
    defaultLanguage: String(spec.get("default_language") ?? "english"),
    languageOverride: String(spec.get("language_override") ?? "language"),
    isOfAllFields: weights.has("$**"),
  };
}
