/**
 * Porter's stemmer for English (https://tartarus.org/martin/PorterStemmer/def.txt), the one of SQLite's `porter`
 * tokenizer, which the tests hold it against. It is here and not in the index, so that the same function finds the
 * words to highlight, and so that the beginning of a word can be searched without being taken for a word.
 */

/** Other words than those of a to z are their own stems, as are short ones. */
const stemmable = /^[a-z]{3,}$/;

/** Stems of words seen before: the same few thousand make up most texts. */
const stems = new Map<string, string>();
const stemsMax = 100_000;

export function stem(word: string): string {
  if (!stemmable.test(word)) return word;
  let found = stems.get(word);
  if (found === undefined) {
    found = porter(word);
    if (stems.size >= stemsMax) stems.clear();
    stems.set(word, found);
  }
  return found;
}

type Rule = readonly [suffix: string, replacement: string];

const step2: readonly Rule[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["logi", "log"],
  ["bli", "ble"],
  ["alli", "al"],
  ["entli", "ent"],
  ["eli", "e"],
  ["ousli", "ous"],
  ["ization", "ize"],
  ["ation", "ate"],
  ["ator", "ate"],
  ["alism", "al"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["biliti", "ble"],
];
const step3: readonly Rule[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
];
const step4: readonly string[] = [
  "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize",
].flatMap((list) => list.split(" "));

function porter(word: string): string {
  let w = plural(word);
  w = pastOrGerund(w);
  if (w.endsWith("y") && hasVowel(w.slice(0, -1))) w = `${w.slice(0, -1)}i`;
  w = replaceSuffix(w, step2, 0);
  w = replaceSuffix(w, step3, 0);
  w = dropSuffix(w);
  if (w.endsWith("e")) {
    const base = w.slice(0, -1);
    if (measure(base) > 1 || (measure(base) === 1 && !endsShort(base))) w = base;
  }
  return w.endsWith("ll") && measure(w.slice(0, -1)) > 1 ? w.slice(0, -1) : w;
}

/** Step 1a. */
function plural(w: string): string {
  if (w.endsWith("sses") || w.endsWith("ies")) return w.slice(0, -2);
  return w.endsWith("s") && !w.endsWith("ss") ? w.slice(0, -1) : w;
}

/** Step 1b. */
function pastOrGerund(w: string): string {
  if (w.endsWith("eed")) return measure(w.slice(0, -3)) > 0 ? w.slice(0, -1) : w;
  const suffix = w.endsWith("ed") ? 2 : w.endsWith("ing") ? 3 : 0;
  const base = w.slice(0, w.length - suffix);
  if (suffix === 0 || !hasVowel(base)) return w;
  if (/(?:at|bl|iz)$/.test(base)) return `${base}e`;
  if (endsDouble(base) && !/[lsz]$/.test(base)) return base.slice(0, -1);
  return measure(base) === 1 && endsShort(base) ? `${base}e` : base;
}

/** Steps 2 and 3: the longest suffix decides, also when its condition then fails. */
function replaceSuffix(w: string, rules: readonly Rule[], measureAbove: number): string {
  let best: Rule | undefined;
  for (const rule of rules) {
    if (w.endsWith(rule[0]) && (best === undefined || rule[0].length > best[0].length)) best = rule;
  }
  if (best === undefined) return w;
  const base = w.slice(0, -best[0].length);
  return measure(base) > measureAbove ? base + best[1] : w;
}

/** Step 4. */
function dropSuffix(w: string): string {
  let best = "";
  for (const suffix of step4) if (w.endsWith(suffix) && suffix.length > best.length) best = suffix;
  if (best === "") return w;
  const base = w.slice(0, -best.length);
  if (measure(base) <= 1 || (best === "ion" && !/[st]$/.test(base))) return w;
  return base;
}

function isConsonant(w: string, index: number): boolean {
  const letter = w[index]!;
  if (letter === "y") return index === 0 || !isConsonant(w, index - 1);
  return !"aeiou".includes(letter);
}

/** How often a vowel is followed by a consonant. */
function measure(w: string): number {
  let count = 0;
  for (let index = 1; index < w.length; index++) {
    if (isConsonant(w, index) && !isConsonant(w, index - 1)) count++;
  }
  return count;
}

function hasVowel(w: string): boolean {
  for (let index = 0; index < w.length; index++) if (!isConsonant(w, index)) return true;
  return false;
}

function endsDouble(w: string): boolean {
  return w.length > 1 && w.at(-1) === w.at(-2) && isConsonant(w, w.length - 1);
}

/** Consonant, vowel, consonant, the last not w, x or y. */
function endsShort(w: string): boolean {
  const end = w.length - 1;
  return (
    end >= 2 &&
    isConsonant(w, end) &&
    !isConsonant(w, end - 1) &&
    isConsonant(w, end - 2) &&
    !"wxy".includes(w[end]!)
  );
}
