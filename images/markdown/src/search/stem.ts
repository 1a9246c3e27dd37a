import { RecentWords } from "./recent-words.ts";

/**
 * Porter's stemmer for English (https://tartarus.org/martin/PorterStemmer/def.txt), the one of SQLite's `porter`
 * tokenizer, which the tests hold it against. It is here and not in the index, so that the same function finds the
 * words to highlight, and so that the beginning of a word can be searched without being taken for a word.
 */

/** Other words than those of a to z are their own stems, as are short ones. */
const stemmable = /^[a-z]{3,}$/;

/** Stems of words seen before. */
const stems = new RecentWords<string>(50_000);

export function stem(word: string): string {
  if (!stemmable.test(word)) return word;
  let found = stems.get(word);
  if (found === undefined) {
    found = porter(word);
    // A copy: what it was cut from is a whole text.
    stems.set(word, Buffer.from(found).toString());
  }
  return found;
}

type Rule = readonly [suffix: string, replacement: string];
/** Rules by the last two letters of their suffixes, the longest suffixes first. */
type Rules = ReadonlyMap<string, readonly Rule[]>;

const step2 = rulesByEnding([
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
]);
const step3 = rulesByEnding([
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
]);
const step4 = rulesByEnding(
  "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize"
    .split(" ")
    .map((suffix) => [suffix, ""] as const),
);

function rulesByEnding(rules: readonly Rule[]): Rules {
  const longestFirst = rules.toSorted(([left], [right]) => right.length - left.length);
  return Map.groupBy(longestFirst, ([suffix]) => suffix.slice(-2));
}

/** The rule that decides is the one with the longest suffix, also when its condition then fails. */
function ruleFor(w: string, rules: Rules): Rule | undefined {
  return rules.get(w.slice(-2))?.find(([suffix]) => w.endsWith(suffix));
}

function porter(word: string): string {
  let w = plural(word);
  w = pastOrGerund(w);
  if (w.endsWith("y") && hasVowel(w.slice(0, -1))) w = `${w.slice(0, -1)}i`;
  w = replaceSuffix(w, step2);
  w = replaceSuffix(w, step3);
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

/** Steps 2 and 3. */
function replaceSuffix(w: string, rules: Rules): string {
  const rule = ruleFor(w, rules);
  if (rule === undefined) return w;
  const base = w.slice(0, -rule[0].length);
  return measure(base) > 0 ? base + rule[1] : w;
}

/** Step 4. */
function dropSuffix(w: string): string {
  const rule = ruleFor(w, step4);
  if (rule === undefined) return w;
  const base = w.slice(0, -rule[0].length);
  if (measure(base) <= 1 || (rule[0] === "ion" && !/[st]$/.test(base))) return w;
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
  let wasVowel = false;
  for (let index = 0; index < w.length; index++) {
    const letter = w.charCodeAt(index);
    // A y is a vowel behind a consonant.
    const isVowel: boolean = letter === 0x79 ? index > 0 && !wasVowel : isVowelCode(letter);
    if (wasVowel && !isVowel) count++;
    wasVowel = isVowel;
  }
  return count;
}

function isVowelCode(letter: number): boolean {
  return letter === 0x61 || letter === 0x65 || letter === 0x69 || letter === 0x6f || letter === 0x75;
}

function hasVowel(w: string): boolean {
  for (let index = 0; index < w.length; index++) if (!isConsonant(w, index)) return true;
  return false;
}

/** SQLite takes a y for a consonant here, wherever it stands. */
function endsDouble(w: string): boolean {
  return w.length > 1 && w.at(-1) === w.at(-2) && !isVowelCode(w.charCodeAt(w.length - 1));
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
