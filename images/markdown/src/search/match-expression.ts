import type { SearchField } from "../content.ts";
import type { QueryNode, Term } from "./query.ts";
import { stem } from "./stem.ts";

/** Words that may be this far from each other, in any order, to count as standing together. */
const nearWords = 8;

/** How a term is written for FTS5; undefined when it cannot match anything. */
export type TermExpression = (term: Term) => string | undefined;

/**
 * A query in FTS5's language; undefined when it cannot match anything. All words are quoted and made of letters and
 * digits only, so that no query can be a syntax error or mean something else.
 */
export function matchExpression(node: QueryNode, expressionOf: TermExpression): string | undefined {
  if (node.kind === "term") return expressionOf(node);
  if (node.kind === "or") return anyOf(node.any.map((inner) => matchExpression(inner, expressionOf)));
  const all = node.all.map((inner) => matchExpression(inner, expressionOf));
  if (all.some((inner) => inner === undefined)) return undefined;
  const wanted = all.length === 1 ? all[0]! : `(${all.join(" AND ")})`;
  const unwanted = anyOf(node.none.map((inner) => matchExpression(inner, expressionOf)));
  return unwanted === undefined ? wanted : `(${wanted} NOT ${unwanted})`;
}

/** Any of some expressions; undefined when none of them can match. */
export function anyOf(expressions: readonly (string | undefined)[]): string | undefined {
  const possible = [...new Set(expressions.filter((expression) => expression !== undefined))];
  return possible.length > 1 ? `(${possible.join(" OR ")})` : possible[0];
}

/** Words in a row, the last one perhaps a beginning only. */
export function rowOfWords(
  words: readonly string[],
  isPrefix: boolean,
  fields: readonly SearchField[] | undefined,
): string | undefined {
  return inFields(quoted(words, isPrefix), fields);
}

/** Terms one after the other, as if they had been in quotation marks together. */
export function adjacentTerms(
  terms: readonly Term[],
  fields: readonly SearchField[] | undefined,
): string | undefined {
  return inFields(terms.map(({ words, isPrefix }) => quoted(words, isPrefix)).join(" + "), fields);
}

/** Terms one after the other at the beginning of the title. */
export function titleBeginningWith(terms: readonly Term[]): string {
  return `{title} : ^ ${terms.map(({ words, isPrefix }) => quoted(words, isPrefix)).join(" + ")}`;
}

/** Terms not far from each other, in any order. */
export function termsNearby(
  terms: readonly Term[],
  fields: readonly SearchField[] | undefined,
): string | undefined {
  const phrases = terms.map(({ words, isPrefix }) => quoted(words, isPrefix));
  return inFields(`NEAR(${phrases.join(" ")}, ${nearWords})`, fields);
}

function quoted(words: readonly string[], isPrefix: boolean): string {
  const last = words.length - 1;
  const stems = words.map((word, index) => (isPrefix && index === last ? word : stem(word)));
  return isPrefix ? `"${stems.join(" ")}" *` : `"${stems.join(" ")}"`;
}

function inFields(expression: string, fields: readonly SearchField[] | undefined): string | undefined {
  if (fields === undefined) return expression;
  return fields.length === 0 ? undefined : `{${fields.join(" ")}} : ${expression}`;
}
