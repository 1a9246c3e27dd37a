/** A word of a text: where it stands (UTF-16 offsets, the end exclusive) and what it is compared as. */
export interface Word {
  readonly start: number;
  readonly end: number;
  readonly word: string;
}

/** Longer words (hashes, base64) are cut: nobody types them, and each would be a word of its own in the vocabulary. */
const wordLengthMax = 40;

/**
 * A character of a script that is written without spaces between words, or whose words carry their particles with
 * them: each is a word of its own, and what is written together in a query is searched as a phrase.
 */
const aloneSource =
  "[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}][\\p{M}\\uFF9E\\uFF9F]*";
/** Names of languages whose sign is what tells them apart: `C++`, `C#`, `F#`. */
const signedSource = "(?<![A-Za-z0-9])[A-Za-z](?:\\+\\+|#)(?![A-Za-z0-9+#])";
const wordPattern = new RegExp(
  `${signedSource}|${aloneSource}|(?:(?!${aloneSource})[\\p{L}\\p{N}][\\p{M}]*)+`,
  "gu",
);
const asciiWordPattern = new RegExp(`${signedSource}|[A-Za-z0-9]+`, "g");
const alonePattern = new RegExp(`^${aloneSource}$`, "u");

/** The words of a text in their order: runs of letters and digits. */
export function* wordsOf(text: string): Generator<Word> {
  const pattern = isAscii(text) ? asciiWordPattern : wordPattern;
  for (const match of text.matchAll(pattern)) {
    const written = match[0];
    const end = match.index + written.length;
    const word = isVersion(text, written, end) ? written.slice(1) : normalizedWord(written);
    if (word !== "") yield { start: match.index, end, word };
  }
}

/** The `v1` of `v1.4.16`, which is searched for as `1.4.16`, too. */
function isVersion(text: string, written: string, end: number): boolean {
  return text[end] === "." && /^[vV]\d+$/.test(written) && /\d/.test(text[end + 1] ?? "");
}

/** Whether a word is a single character that is a word because its script has no spaces. */
export function standsAlone(word: string): boolean {
  return !isAscii(word) && alonePattern.test(word);
}

/** What two spellings of a word have in common: no case, no diacritics, no compatibility forms. */
export function normalizedWord(word: string): string {
  if (isAscii(word)) return withoutSigns(word.toLowerCase()).slice(0, wordLengthMax);
  const folded = word
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[ßłøđıæœþðħ]/g, (letter) => plainLetters[letter]!)
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}\p{M}]/gu, "");
  const cut = folded.slice(0, wordLengthMax);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

/** Letters that people write without a mark, but that Unicode does not take apart. */
const plainLetters: Readonly<Record<string, string>> = {
  ß: "ss",
  ł: "l",
  ø: "o",
  đ: "d",
  ı: "i",
  æ: "ae",
  œ: "oe",
  þ: "th",
  ð: "d",
  ħ: "h",
};

function withoutSigns(word: string): string {
  if (word.length === 3 && word.endsWith("++")) return `${word[0]}plusplus`;
  return word.length === 2 && word.endsWith("#") ? `${word[0]}sharp` : word;
}

function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are ASCII
  return /^[\u0000-\u007f]*$/.test(text);
}
