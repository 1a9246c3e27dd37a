/**
 * A text as the parser sees it, and the way back to the offsets of the text as it is stored: the parser reads only
 * `\n` as the end of a line, and a byte order mark is not part of the first line.
 */
export class SourceText {
  readonly normal: string;
  readonly #prefix: number;
  /** Where in `normal` a line ends that ended with `\r\n`, ascending. */
  readonly #shortened: number[] = [];

  constructor(original: string) {
    this.#prefix = original.startsWith("\uFEFF") ? 1 : 0;
    const text = this.#prefix === 0 ? original : original.slice(1);
    if (!text.includes("\r")) {
      this.normal = text;
      return;
    }
    this.normal = text.replace(/\r\n?/g, (lineEnd, offset: number) => {
      if (lineEnd.length === 2) this.#shortened.push(offset - this.#shortened.length);
      return "\n";
    });
  }

  /** The offset in the original text of an offset in `normal`. */
  toOriginal(offset: number): number {
    let low = 0;
    let high = this.#shortened.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#shortened[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return this.#prefix + offset + low;
  }
}
