/** Longer strings may be views of the text that they were cut from. */
const viewLengthMin = 13;

/**
 * What is known of the words that were used recently: between `max` and twice as many. Two generations instead of a list
 * in order of use, because the few thousand words that make up most texts are looked up all the time.
 */
export class RecentWords<Value> {
  readonly #max: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(max: number) {
    this.#max = max;
  }

  get(word: string): Value | undefined {
    const found = this.#young.get(word);
    if (found !== undefined) return found;
    const older = this.#old.get(word);
    if (older !== undefined) this.set(word, older);
    return older;
  }

  set(word: string, value: Value): void {
    if (this.#young.size >= this.#max) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    // A view would keep the whole text of its document in memory for as long as the word is known.
    this.#young.set(word.length < viewLengthMin ? word : Buffer.from(word).toString(), value);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
