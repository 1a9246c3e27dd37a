/** Porter's stemmer for English (M. F. Porter, 1980), as the index's tokenizer has it. */

const consonant = "[^aeiou]";
const vowel = "[aeiouy]";
const consonants = `${consonant}[^aeiouy]*`;
const vowels = `${vowel}[aeiou]*`;
const hasMeasure = new RegExp(`^(?:${consonants})?${vowels}${consonants}`);
const isMeasureOne = new RegExp(`^(?:${consonants})?${vowels}${consonants}(?:${vowels})?$`);
const isMeasureTwo = new RegExp(`^(?:${consonants})?${vowels}${consonants}${vowels}${consonants}`);
const hasVowel = new RegExp(`^(?:${consonants})?${vowel}`);
const endsShort = new RegExp(`^${consonants}${vowel}[^aeiouwxy]$`);

const step2: readonly (readonly [string, string])[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
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
  ["logi", "log"],
];

const step3: readonly (readonly [string, string])[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
];

const step4 = /^(.+?)(?:al|ance|ence|er|ic|able|ible|ant|ement|ment|ent|ou|ism|ate|iti|ous|ive|ize)$/;

/** The stem of a word in lower case. */
export function stem(word: string): string {
  if (word.length < 3) return word;
  let result = word;
  if (/(?:ss|i)es$/.test(result)) result = result.slice(0, -2);
  else if (/[^s]s$/.test(result)) result = result.slice(0, -1);
  if (result.endsWith("eed")) {
    if (hasMeasure.test(result.slice(0, -3))) result = result.slice(0, -1);
  } else {
    const ending = /^(.+)(?:ed|ing)$/.exec(result);
    if (ending !== null && hasVowel.test(ending[1]!)) {
      result = ending[1]!;
      if (/(?:at|bl|iz)$/.test(result)) result += "e";
      else if (/([^aeiouylsz])\1$/.test(result)) result = result.slice(0, -1);
      else if (endsShort.test(result)) result += "e";
    }
  }
  if (result.endsWith("y") && hasVowel.test(result.slice(0, -1))) result = `${result.slice(0, -1)}i`;
  result = replaceSuffix(result, step2);
  result = replaceSuffix(result, step3);
  const fourth = step4.exec(result) ?? /^(.+?[st])ion$/.exec(result);
  if (fourth !== null && isMeasureTwo.test(fourth[1]!)) result = fourth[1]!;
  if (result.endsWith("e")) {
    const base = result.slice(0, -1);
    if (isMeasureTwo.test(base) || (isMeasureOne.test(base) && !endsShort.test(base))) result = base;
  }
  if (result.endsWith("ll") && isMeasureTwo.test(result)) result = result.slice(0, -1);
  return result;
}

function replaceSuffix(word: string, rules: readonly (readonly [string, string])[]): string {
  for (const [suffix, replacement] of rules) {
    if (!word.endsWith(suffix)) continue;
    const base = word.slice(0, -suffix.length);
    return hasMeasure.test(base) ? base + replacement : word;
  }
  return word;
}
