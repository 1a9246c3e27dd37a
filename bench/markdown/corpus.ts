import { randomNumbers } from "@weftkit/testing/random-numbers";

/** A document as search takes it, made up. */
export interface MadeUpDocument {
  readonly title: string;
  readonly headings: readonly string[];
  readonly tags: readonly string[];
  readonly text: string;
}

/** How many different words there are, and how steeply their frequency falls (1 is Zipf's law). */
const vocabularySize = 200_000;
const zipfExponent = 1.07;
const wordsPerDocumentMin = 60;
const wordsPerDocumentMax = 240;
const tagCount = 60;

/** Documents with a Zipf vocabulary, the same for the same seed. */
export class Corpus {
  readonly words: readonly string[];
  readonly #cumulative: Float64Array;
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
    this.words = madeUpWords(vocabularySize);
    this.#cumulative = new Float64Array(vocabularySize);
    let sum = 0;
    for (let rank = 0; rank < vocabularySize; rank++) {
      sum += 1 / (rank + 1) ** zipfExponent;
      this.#cumulative[rank] = sum;
    }
  }

  next(): MadeUpDocument {
    const span = wordsPerDocumentMax - wordsPerDocumentMin;
    const length = wordsPerDocumentMin + Math.floor(this.#random() * span);
    const tags = Math.floor(this.#random() * 4);
    return {
      title: this.#sentence(3 + Math.floor(this.#random() * 5)),
      headings: [this.#sentence(3), this.#sentence(4)],
      tags: Array.from({ length: tags }, () => `tag${Math.floor(this.#random() ** 2 * tagCount)}`),
      text: this.#sentence(length),
    };
  }

  #sentence(words: number): string {
    const parts: string[] = [];
    for (let index = 0; index < words; index++) parts.push(this.#word());
    return parts.join(" ");
  }

  #word(): string {
    const wanted = this.#random() * this.#cumulative.at(-1)!;
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#cumulative[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return this.words[low]!;
  }
}

/** Distinct words of syllables, the most frequent ones the shortest. */
function madeUpWords(count: number): string[] {
  const onsets = [
    "b",
    "br",
    "c",
    "d",
    "dr",
    "f",
    "g",
    "gl",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "s",
    "st",
    "t",
    "v",
  ];
  const vowels = ["a", "e", "i", "o", "u", "ai", "ea", "ou"];
  const codas = ["", "n", "r", "l", "s", "t", "ck", "m"];
  const random = randomNumbers(7);
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)]!;
  const words = new Set<string>();
  while (words.size < count) {
    const syllables = 1 + Math.floor(Math.log10(1 + words.size / 40));
    let word = "";
    for (let index = 0; index <= syllables && index < 5; index++)
      word += pick(onsets) + pick(vowels) + pick(codas);
    words.add(word);
  }
  return [...words];
}
