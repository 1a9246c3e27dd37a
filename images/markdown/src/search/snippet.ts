import { escapeHtml } from "@weftkit/http";
import { stem } from "./stem.ts";
import { type Word, wordsOf } from "./words.ts";

/** Words of a snippet, and how many of them may stand before the first hit. */
const snippetWords = 32;
const wordsBefore = 6;
/** So many words of a text are looked through for the best place. */
const wordsLookedAtMax = 6000;
/** Longer snippets are cut (UTF-16 units), when words are very long or far apart. */
const snippetLengthMax = 400;

/** What is to be highlighted in a text. */
export interface Highlights {
  readonly stems: ReadonlySet<string>;
  /** Beginnings of words. */
  readonly prefixes: readonly string[];
  /** Characters that are words only together, as in Chinese: each is a hit where all stand in a row. */
  readonly rows: readonly (readonly string[])[];
}

export const noHighlights: Highlights = { stems: new Set(), prefixes: [], rows: [] };

/** A text with its hits between `<mark>` and `</mark>`, everything else escaped for HTML. */
export function highlighted(text: string, highlights: Highlights): string {
  return marked(text, 0, text.length, hitsIn([...wordsOf(text)], highlights));
}

/** The part of a text with the most different words of the query; from its beginning when it has none. */
export function snippetOf(text: string, highlights: Highlights, isHighlighted: boolean): string {
  const words: Word[] = [];
  for (const word of wordsOf(text)) {
    words.push(word);
    if (words.length >= wordsLookedAtMax) break;
  }
  const hits = hitsIn(words, highlights);
  const firstWord = Math.max(0, bestPlace(words, hits) - wordsBefore);
  const lastWord = Math.min(words.length - 1, firstWord + snippetWords - 1);
  const start = firstWord === 0 ? 0 : words[firstWord]!.start;
  const wanted = lastWord < words.length - 1 ? words[lastWord]!.end : text.length;
  const end = cutAt(text, start, wanted);
  const body = isHighlighted ? marked(text, start, end, hits) : text.slice(start, end);
  return `${start > 0 ? "… " : ""}${body.trim().replace(/\s+/g, " ")}${end < text.trimEnd().length ? " …" : ""}`;
}

export type Hit = Word & { readonly key: string; readonly index: number };

/** The words that are to be highlighted. */
export function hitsIn(words: readonly Word[], { stems, prefixes, rows }: Highlights): Hit[] {
  const inRows = indexesInRows(words, rows);
  // A word and its stem begin with the same letters, and most words begin with others than those that are looked for.
  const beginnings = new Set([...stems, ...prefixes].map(beginningOf));
  const hits: Hit[] = [];
  for (const [index, found] of words.entries()) {
    const isInRow = inRows.has(index);
    const mayBe = beginnings.has(beginningOf(found.word)) || beginnings.has(found.word.slice(0, 1));
    if (!isInRow && !mayBe) continue;
    const key = stem(found.word);
    const isHit = isInRow || stems.has(key) || prefixes.some((prefix) => found.word.startsWith(prefix));
    if (isHit) hits.push({ ...found, key, index });
  }
  return hits;
}

/** Where the rows stand, word by word. */
function indexesInRows(words: readonly Word[], rows: Highlights["rows"]): ReadonlySet<number> {
  const indexes = new Set<number>();
  for (const row of rows) {
    for (let start = 0; start + row.length <= words.length; start++) {
      if (!row.every((word, offset) => words[start + offset]!.word === word)) continue;
      for (let offset = 0; offset < row.length; offset++) indexes.add(start + offset);
    }
  }
  return indexes;
}

function beginningOf(word: string): string {
  return word.slice(0, 2);
}

/** The word with which a window begins that has the most different hits, of these the one with the most. */
function bestPlace(words: readonly Word[], hits: readonly Hit[]): number {
  let best = 0;
  let bestValue = 0;
  let last = 0;
  const inside = new Map<string, number>();
  for (const [first, hit] of hits.entries()) {
    while (last < hits.length && hits[last]!.index < hit.index + snippetWords - wordsBefore) {
      inside.set(hits[last]!.key, (inside.get(hits[last]!.key) ?? 0) + 1);
      last++;
    }
    const value = inside.size * words.length + (last - first);
    if (value > bestValue) {
      best = hit.index;
      bestValue = value;
    }
    const count = inside.get(hit.key)! - 1;
    if (count === 0) inside.delete(hit.key);
    else inside.set(hit.key, count);
  }
  return best;
}

/** Not in the middle of a character that has two units. */
function cutAt(text: string, start: number, wanted: number): number {
  if (wanted - start <= snippetLengthMax) return wanted;
  const end = start + snippetLengthMax;
  return /[\uDC00-\uDFFF]/.test(text[end] ?? "") ? end - 1 : end;
}

function marked(text: string, start: number, end: number, hits: readonly Hit[]): string {
  let html = "";
  let copied = start;
  for (const [index, hit] of hits.entries()) {
    if (hit.start < start || hit.end > end) continue;
    // Hits without anything between them, as in Chinese, are one mark.
    const follows = index > 0 && copied > start && hit.start === copied;
    const isFollowed = hits[index + 1]?.start === hit.end && hits[index + 1]!.end <= end;
    html += `${escapeHtml(text.slice(copied, hit.start))}${follows ? "" : "<mark>"}`;
    html += `${escapeHtml(text.slice(hit.start, hit.end))}${isFollowed ? "" : "</mark>"}`;
    copied = hit.end;
  }
  return html + escapeHtml(text.slice(copied, end));
}
