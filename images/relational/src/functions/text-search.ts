import { PgError } from "../errors.ts";
import {
  type Configuration,
  configurationNamed,
  configurations,
  plainQuery,
  toQuery,
  vectorOf,
  webQuery,
} from "../text-search/configuration.ts";
import { isStopWord, stem } from "../text-search/english.ts";
import { headline } from "../text-search/headline.ts";
import {
  combine,
  lexemesOf,
  matches,
  nodeCount,
  parseQuery,
  queryText,
  type TextQuery,
} from "../text-search/query.ts";
import { defaultWeights, rank } from "../text-search/rank.ts";
import {
  compareBytes,
  compareVectors,
  type Lexeme,
  makeVector,
  parseVector,
  type TextVector,
  vectorText,
  type Weight,
} from "../text-search/vector.ts";
import { type Datum, JsonbValue, PgArray } from "../types/datum.ts";
import { parseJson } from "../types/json-text.ts";
import { type Json, JsonObject } from "../types/json-value.ts";
import { type CallContext, define, defineSet, defineWith } from "./registry.ts";

/** Functions and operators of text search (PostgreSQL's documentation, 9.13). Values are kept as their texts. */

/** The last queries that were read: a statement asks every row the same. */
const queries = new Map<string, TextQuery | undefined>();
const queriesMax = 64;

function query(text: string): TextQuery | undefined {
  if (queries.has(text)) return queries.get(text);
  const parsed = parseQuery(text, (word, weights, isPrefix) => ({
    kind: "lexeme",
    text: word,
    weights,
    isPrefix,
  }));
  if (queries.size >= queriesMax) queries.delete(queries.keys().next().value!);
  queries.set(text, parsed);
  return parsed;
}

function configuration(oid: number): Configuration {
  const found = configurations.get(oid);
  if (found === undefined)
    throw new PgError("XX000", `cache lookup failed for text search configuration ${oid}`);
  return found;
}

/** That of `default_text_search_config`. */
function current(call: CallContext): { oid: number; configuration: Configuration } {
  return configurationNamed(call.run.session.setting("default_text_search_config") ?? "pg_catalog.simple");
}

/** Defines a function with and without the configuration as its first argument. */
function both(
  name: string,
  fn: (configuration: Configuration, text: string, call: CallContext) => Datum,
): void {
  defineWith(name, (call: CallContext, text: string) => fn(current(call).configuration, text, call));
  defineWith(`${name}_byid`, (call: CallContext, oid: number, text: string) =>
    fn(configuration(oid), text, call),
  );
}

defineWith("get_current_ts_config", (call: CallContext) => current(call).oid);
both("to_tsvector", (config, text) => vectorText(vectorOf([text], config)));

function asked(call: CallContext, found: TextQuery | undefined): string {
  if (found === undefined)
    call.run.session.notice(
      "NOTICE",
      "text-search query contains only stop words or doesn't contain lexemes, ignored",
    );
  return queryText(found);
}
both("to_tsquery", (config, text, call) => asked(call, toQuery(text, config)));
both("plainto_tsquery", (config, text, call) => asked(call, plainQuery(text, config, "and")));
both("phraseto_tsquery", (config, text, call) => asked(call, plainQuery(text, config, "phrase")));
both("websearch_to_tsquery", (config, text, call) => asked(call, webQuery(text, config)));

function jsonOf(value: string | JsonbValue): Json {
  return value instanceof JsonbValue ? value.json : parseJson(value);
}
function* stringsOf(json: Json): Generator<string> {
  if (typeof json === "string") yield json;
  else if (Array.isArray(json)) for (const one of json) yield* stringsOf(one);
  else if (json instanceof JsonObject) for (const one of json.members.values()) yield* stringsOf(one);
}
for (const name of ["jsonb_string_to_tsvector", "json_string_to_tsvector"]) {
  defineWith(name, (call: CallContext, value: string | JsonbValue) =>
    vectorText(vectorOf(stringsOf(jsonOf(value)), current(call).configuration)),
  );
  define(`${name}_byid`, (oid: number, value: string | JsonbValue) =>
    vectorText(vectorOf(stringsOf(jsonOf(value)), configuration(oid))),
  );
}

define("ts_match_vq", (vector: string, asking: string) => matches(parseVector(vector), query(asking)));
define("ts_match_qv", (asking: string, vector: string) => matches(parseVector(vector), query(asking)));
defineWith("ts_match_tq", (call: CallContext, text: string, asking: string) =>
  matches(vectorOf([text], current(call).configuration), query(asking)),
);
defineWith("ts_match_tt", (call: CallContext, text: string, asking: string) => {
  const config = current(call).configuration;
  return matches(vectorOf([text], config), plainQuery(asking, config, "and"));
});

// ---- vectors

define("tsvector_concat", (a: string, b: string) => {
  const left = parseVector(a);
  const last = Math.max(0, ...left.flatMap(({ positions }) => positions.map(({ at }) => at)));
  const right = parseVector(b).map(({ text, positions }) => ({
    text,
    positions: positions.map(({ at, weight }) => ({ at: at + last, weight })),
  }));
  return vectorText(makeVector([...left, ...right]));
});

function weight(char: string): Weight {
  const upper = char.toUpperCase();
  if (!/^[ABCD]$/.test(upper)) throw new PgError("22023", `unrecognized weight: ${char.charCodeAt(0) || 0}`);
  return upper as Weight;
}
function weighed(vector: TextVector, to: Weight, isMeant: (text: string) => boolean): string {
  return vectorText(
    vector.map(({ text, positions }) => ({
      text,
      positions: isMeant(text) ? positions.map(({ at }) => ({ at, weight: to })) : positions,
    })),
  );
}
define("tsvector_setweight", (vector: string, to: string) =>
  weighed(parseVector(vector), weight(to), () => true),
);
define("tsvector_setweight_by_filter", (vector: string, to: string, lexemes: PgArray) =>
  weighed(parseVector(vector), weight(to), (text) => lexemes.elements.includes(text)),
);
define("tsvector_strip", (vector: string) =>
  vectorText(parseVector(vector).map(({ text }) => ({ text, positions: [] }))),
);
define("tsvector_length", (vector: string) => parseVector(vector).length);
define("tsvector_to_array", (vector: string) => new PgArray(parseVector(vector).map(({ text }) => text)));
define("array_to_tsvector", (lexemes: PgArray) => {
  const texts = lexemes.elements.map((text) => {
    if (text === null) throw new PgError("22004", "lexeme array may not contain nulls");
    if (text === "") throw new PgError("2200F", "lexeme array may not contain empty strings");
    return text as string;
  });
  return vectorText(makeVector(texts.map((text): Lexeme => ({ text, positions: [] }))));
});
define("tsvector_delete_str", (vector: string, lexeme: string) =>
  vectorText(parseVector(vector).filter(({ text }) => text !== lexeme)),
);
define("tsvector_delete_arr", (vector: string, lexemes: PgArray) =>
  vectorText(parseVector(vector).filter(({ text }) => !lexemes.elements.includes(text))),
);
define("tsvector_filter", (vector: string, weights: PgArray) => {
  const wanted = weights.elements.map((one) => {
    if (one === null) throw new PgError("22004", "weight array may not contain nulls");
    return weight(one as string);
  });
  return vectorText(
    parseVector(vector).flatMap(({ text, positions }) => {
      const left = positions.filter((position) => wanted.includes(position.weight));
      return left.length === 0 ? [] : [{ text, positions: left }];
    }),
  );
});
defineSet("tsvector_unnest", function* (_call: CallContext, vector: string) {
  for (const { text, positions } of parseVector(vector)) {
    const has = positions.length > 0;
    yield [
      text,
      has ? new PgArray(positions.map(({ at }) => at)) : null,
      has ? new PgArray(positions.map((one) => one.weight)) : null,
    ];
  }
});

for (const [name, compare] of [
  ["tsvector", compareVectors],
  ["tsquery", compareBytes],
] as const) {
  define(`${name}_cmp`, (a: string, b: string) => Math.sign(compare(a, b)));
  define(`${name}_eq`, (a: string, b: string) => compare(a, b) === 0);
  define(`${name}_ne`, (a: string, b: string) => compare(a, b) !== 0);
  define(`${name}_lt`, (a: string, b: string) => compare(a, b) < 0);
  define(`${name}_le`, (a: string, b: string) => compare(a, b) <= 0);
  define(`${name}_gt`, (a: string, b: string) => compare(a, b) > 0);
  define(`${name}_ge`, (a: string, b: string) => compare(a, b) >= 0);
}

// ---- queries

function joined(kind: "and" | "or") {
  return (a: string, b: string) => {
    const [left, right] = [query(a), query(b)];
    if (left === undefined || right === undefined) return queryText(left ?? right);
    return queryText(combine(kind, left, right));
  };
}
define("tsquery_and", joined("and"));
define("tsquery_or", joined("or"));
define("tsquery_not", (a: string) => {
  const of = query(a);
  return of === undefined ? "" : queryText({ kind: "not", of });
});
function phrase(a: string, b: string, distance: number): string {
  if (distance < 0 || distance > 16_384)
    throw new PgError(
      "22023",
      "distance in phrase operator must be an integer value between zero and 16384 inclusive",
    );
  const [left, right] = [query(a), query(b)];
  if (left === undefined || right === undefined) return queryText(left ?? right);
  return queryText({ kind: "phrase", left, right, distance });
}
define("tsquery_phrase", (a: string, b: string) => phrase(a, b, 1));
define("tsquery_phrase_distance", phrase);
define("tsquery_numnode", (a: string) => nodeCount(query(a)));
function contains(a: string, b: string): boolean {
  const known = new Set(lexemesOf(query(a)).map(({ text }) => text));
  return lexemesOf(query(b)).every(({ text }) => known.has(text));
}
define("tsq_mcontains", contains);
define("tsq_mcontained", (a: string, b: string) => contains(b, a));
/** The part of a query that an index can be asked for. */
function indexable(one: TextQuery | undefined): TextQuery | undefined {
  if (one === undefined || one.kind === "lexeme") return one;
  if (one.kind === "not") return undefined;
  const [left, right] = [indexable(one.left), indexable(one.right)];
  if (one.kind === "or")
    return left === undefined || right === undefined ? undefined : { ...one, left, right };
  return left === undefined || right === undefined ? (left ?? right) : { ...one, left, right };
}
define("tsquerytree", (a: string) => {
  const whole = query(a);
  if (whole === undefined) return "";
  const part = indexable(whole);
  return part === undefined ? "T" : queryText(part);
});

// ---- ranking and headlines

function ranked(weights: PgArray | undefined, vector: string, asking: string, method: number): number {
  return rank(
    parseVector(vector),
    query(asking),
    weights === undefined ? defaultWeights : given(weights),
    method,
  );
}
function given(weights: PgArray): number[] {
  if (weights.dimensions.length > 1) throw new PgError("2202E", "array of weight must be one-dimensional");
  if (weights.elements.length < 4) throw new PgError("2202E", "array of weight is too short");
  return weights.elements.slice(0, 4).map((one, i) => {
    if (one === null) throw new PgError("22004", "array of weight must not contain nulls");
    const value = one as number;
    if (value > 1) throw new PgError("22023", "weight out of range");
    return value >= 0 ? value : defaultWeights[i]!;
  });
}
define("ts_rank_tt", (vector: string, asking: string) => ranked(undefined, vector, asking, 0));
define("ts_rank_ttf", (vector: string, asking: string, method: number) =>
  ranked(undefined, vector, asking, method),
);
define("ts_rank_wtt", (weights: PgArray, vector: string, asking: string) =>
  ranked(weights, vector, asking, 0),
);
define("ts_rank_wttf", (weights: PgArray, vector: string, asking: string, method: number) =>
  ranked(weights, vector, asking, method),
);

defineWith("ts_headline", (call: CallContext, text: string, asking: string) =>
  headline(text, query(asking), current(call).configuration, ""),
);
defineWith("ts_headline_opt", (call: CallContext, text: string, asking: string, options: string) =>
  headline(text, query(asking), current(call).configuration, options),
);
define("ts_headline_byid", (oid: number, text: string, asking: string) =>
  headline(text, query(asking), configuration(oid), ""),
);
define("ts_headline_byid_opt", (oid: number, text: string, asking: string, options: string) =>
  headline(text, query(asking), configuration(oid), options),
);

define("ts_lexize", (dictionary: number, word: string) => {
  const lower = word.toLowerCase();
  if (dictionary === 3765) return new PgArray([lower]);
  return isStopWord(lower) ? new PgArray([]) : new PgArray([stem(lower)]);
});
