/** The dictionary english_stem: stop words, and Snowball's English stemmer (M. F. Porter, "The English (Porter2) stemming algorithm"). */

const stopWords = new Set(
  (
    "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its " +
    "itself they them their theirs themselves what which who whom this that these those am is are was were be been being have " +
    "has had having do does did doing a an the and but if or because as until while of at by for with about against between " +
    "into through during before after above below to from up down in out on off over under again further then once here there " +
    "when where why how all any both each few more most other some such no nor not only own same so than too very s t can will " +
    "just don should now"
  ).split(" "),
);

export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}

const exceptions = new Map(
  Object.entries({
    skis: "ski",
    skies: "sky",
    dying: "die",
    lying: "lie",
    tying: "tie",
    idly: "idl",
    gently: "gentl",
    ugly: "ugli",
    early: "earli",
    only: "onli",
    singly: "singl",
    sky: "sky",
    news: "news",
    howe: "howe",
    atlas: "atlas",
    cosmos: "cosmos",
    bias: "bias",
    andes: "andes",
  }),
);
const invariantAfterFirst = new Set([
  "inning",
  "outing",
  "canning",
  "herring",
  "earring",
  "proceed",
  "exceed",
  "succeed",
]);

const vowels = "aeiouy";
const isVowel = (char: string | undefined) => char !== undefined && vowels.includes(char);

/** Where the region behind the first consonant after a vowel begins. */
function regionAfter(word: string, from: number): number {
  let at = from;
  while (at < word.length && !isVowel(word[at])) at++;
  while (at < word.length && isVowel(word[at])) at++;
  return at < word.length ? at + 1 : word.length;
}

function endsShort(word: string): boolean {
  const n = word.length;
  if (n === 2) return isVowel(word[0]) && !isVowel(word[1]);
  return n > 2 && !isVowel(word[n - 3]) && isVowel(word[n - 2]) && !/[aeiouywxY]/.test(word[n - 1]!);
}

const step2: readonly (readonly [string, string])[] = [
  ["ational", "ate"],
  ["ization", "ize"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["tional", "tion"],
  ["biliti", "ble"],
  ["lessli", "less"],
  ["ogist", "og"],
  ["entli", "ent"],
  ["ation", "ate"],
  ["alism", "al"],
  ["aliti", "al"],
  ["ousli", "ous"],
  ["iviti", "ive"],
  ["fulli", "ful"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["abli", "able"],
  ["izer", "ize"],
  ["ator", "ate"],
  ["alli", "al"],
  ["bli", "ble"],
  ["ogi", "og"],
  ["li", ""],
];
const step3: readonly (readonly [string, string])[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["alize", "al"],
  ["icate", "ic"],
  ["iciti", "ic"],
  ["ative", ""],
  ["ical", "ic"],
  ["ness", ""],
  ["ful", ""],
];
const step4 = [
  "ement",
  "ance",
  "ence",
  "able",
  "ible",
  "ment",
  "ant",
  "ent",
  "ism",
  "ate",
  "iti",
  "ous",
  "ive",
  "ize",
  "ion",
  "al",
  "er",
  "ic",
];

/** The stem of a word in lower case. */
export function stem(given: string): string {
  if (given.length <= 2) return given;
  const exception = exceptions.get(given);
  if (exception !== undefined) return exception;
  let word = given.replace(/^'/, "");
  // A y that is a consonant is marked.
  word = word.replace(/^y/, "Y").replace(/([aeiouy])y/g, "$1Y");
  const prefix = /^(?:gener|commun|arsen)/.exec(word)?.[0];
  const r1 = prefix === undefined ? regionAfter(word, 0) : prefix.length;
  const r2 = regionAfter(word, r1);
  const inR1 = (suffix: string) => word.length - suffix.length >= r1;
  const inR2 = (suffix: string) => word.length - suffix.length >= r2;
  const cut = (count: number, add = "") => {
    word = word.slice(0, word.length - count) + add;
  };
  const hasVowel = (text: string) => /[aeiouy]/.test(text);

  word = word.replace(/'s'$|'s$|'$/, "");
  if (word.endsWith("sses")) cut(2);
  else if (/(?:ied|ies)$/.test(word)) cut(word.length > 4 ? 2 : 1);
  else if (/s$/.test(word) && !/(?:us|ss)$/.test(word) && hasVowel(word.slice(0, -2))) cut(1);

  if (!invariantAfterFirst.has(word)) {
    const eed = /eed(?:ly)?$/.exec(word)?.[0];
    const ending = /(?:ed|edly|ing|ingly)$/.exec(word)?.[0];
    if (eed !== undefined) {
      if (inR1(eed)) cut(eed.length, "ee");
    } else if (ending !== undefined && hasVowel(word.slice(0, -ending.length))) {
      const base = word.slice(0, -ending.length);
      word = base;
      if (/(?:at|bl|iz)$/.test(word)) word += "e";
      else if (/(bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(word)) {
        if (!/^[aeo](?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(word)) cut(1);
      } else if (r1 >= word.length && endsShort(word)) word += "e";
    }
    if (/[^aeiouy][yY]$/.test(word) && word.length > 2) cut(1, "i");

    for (const [suffix, replacement] of step2) {
      if (!word.endsWith(suffix)) continue;
      if (inR1(suffix)) {
        if (suffix === "ogi") {
          if (word.endsWith("logi")) cut(1);
        } else if (suffix === "li") {
          if (/[cdeghkmnrt]li$/.test(word)) cut(2);
        } else cut(suffix.length, replacement);
      }
      break;
    }
    for (const [suffix, replacement] of step3) {
      if (!word.endsWith(suffix)) continue;
      if (suffix === "ative" ? inR2(suffix) : inR1(suffix)) cut(suffix.length, replacement);
      break;
    }
    for (const suffix of step4) {
      if (!word.endsWith(suffix)) continue;
      if (inR2(suffix) && (suffix !== "ion" || /[st]ion$/.test(word))) cut(suffix.length);
      break;
    }
    if (word.endsWith("e")) {
      if (inR2("e") || (inR1("e") && !endsShort(word.slice(0, -1)))) cut(1);
    } else if (/ll$/.test(word) && inR2("l")) cut(1);
  }
  return word.replaceAll("Y", "y");
}
