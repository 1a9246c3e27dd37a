import type { Doc } from "../bson/values.ts";
import { textsOf } from "./document-text.ts";
import { searchTerms, words } from "./fts-query.ts";
import { stem } from "./stem.ts";
import type { TextIndex, TextSearch } from "./text-search.ts";

/** How well a document meets a search, as MongoDB computes it; undefined when it does not at all. */
export function textScore(index: TextIndex, search: TextSearch, doc: Doc): number | undefined {
  const { terms, phrases, negated } = searchTerms(search.search);
  const normal = (text: string) => {
    let result = search.isCaseSensitive ? text : text.toLowerCase();
    if (!search.isDiacriticSensitive) result = result.normalize("NFD").replace(/\p{M}/gu, "");
    return result;
  };
  const texts = textsOf(index, doc);
  const all = texts.map(([, text]) => normal(text)).join("\n");
  if (phrases.some((phrase) => !all.includes(normal(phrase)))) return undefined;
  if (negated.some((word) => all.includes(normal(word)))) return undefined;
  const wanted = new Set(terms.map((term) => stem(normal(term))));
  let score = 0;
  for (const [weight, text] of texts) {
    const found = new Map<string, { frequency: number; count: number }>();
    const all = words(normal(text));
    for (const word of all) {
      const stemmed = stem(word);
      const data = found.get(stemmed) ?? { frequency: 0, count: 0 };
      data.frequency += 1 / 2 ** data.count;
      data.count += 1;
      found.set(stemmed, data);
    }
    for (const [word, { frequency, count }] of found) {
      if (!wanted.has(word)) continue;
      const coefficient = (0.5 * count) / all.length + 0.5;
      const exact = normal(text).trim() === word ? 1.1 : 1;
      score += weight * frequency * coefficient * exact;
    }
  }
  return score === 0 ? undefined : score;
}
