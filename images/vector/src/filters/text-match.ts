import type { FieldIndex } from "../model/definition.ts";

interface TextParams {
  readonly tokenizer?: string;
  readonly lowercase?: boolean;
  readonly min_token_len?: number;
  readonly max_token_len?: number;
}

const words = /[\p{L}\p{N}\p{M}_]+/gu;

/** The words of a text, as a text index of these parameters knows them. */
export function tokensOf(text: string, params: TextParams = {}): string[] {
  const { tokenizer = "word", lowercase = true, min_token_len: min = 1, max_token_len: max = 1024 } = params;
  const lower = lowercase ? text.toLowerCase() : text;
  const parts = tokenizer === "whitespace" ? lower.split(/\s+/) : (lower.match(words) ?? []);
  const kept = parts.filter((word) => word !== "" && word.length >= min && word.length <= max);
  if (tokenizer !== "prefix") return kept;
  return kept.flatMap((word) =>
    Array.from({ length: word.length - min + 1 }, (_, i) => word.slice(0, i + min)),
  );
}

/** Whether a text has all words of a query, any of them, or all in their order; without a text index, whether it contains it. */
export function textMatcher(
  index: FieldIndex | undefined,
  kind: "all" | "any" | "phrase",
  query: string,
): (text: string) => boolean {
  if (index?.type !== "text") {
    if (kind !== "any") return (text) => text.includes(query);
    const parts = query.split(/\s+/).filter((part) => part !== "");
    return (text) => parts.some((part) => text.includes(part));
  }
  const params = (index.params ?? {}) as TextParams;
  const wanted = tokensOf(query, params.tokenizer === "prefix" ? { ...params, tokenizer: "word" } : params);
  if (wanted.length === 0) return () => false;
  switch (kind) {
    case "all":
      return (text) => {
        const there = new Set(tokensOf(text, params));
        return wanted.every((word) => there.has(word));
      };
    case "any":
      return (text) => {
        const there = new Set(tokensOf(text, params));
        return wanted.some((word) => there.has(word));
      };
    case "phrase":
      return (text) => {
        const there = tokensOf(text, params);
        return there.some((_, i) => wanted.every((word, j) => there[i + j] === word));
      };
  }
}
