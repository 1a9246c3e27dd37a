/**
 * Where the content of an inline token comes from. The parser cuts a paragraph out of its block quote, list or table,
 * so that its content is made of pieces of the text: each line without its indentation and markers, in tables each
 * cell without the backslashes before its vertical bars.
 */
export class InlineSource {
  /** Offsets in the content where a piece begins, ascending, and where in the text it comes from. */
  readonly #content: number[] = [];
  readonly #text: number[] = [];

  add(contentOffset: number, textOffset: number): void {
    this.#content.push(contentOffset);
    this.#text.push(textOffset);
  }

  /** The offset in the text of a character of the content. */
  offsetOf(contentOffset: number): number {
    let low = 0;
    let high = this.#content.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#content[middle]! <= contentOffset) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return (this.#text[0] ?? 0) - (this.#content[0] ?? 0) + contentOffset;
    return this.#text[low - 1]! + contentOffset - this.#content[low - 1]!;
  }

  /** The end, exclusive, of a range of the content that ends before `contentEnd`. */
  endOf(contentEnd: number): number {
    return this.offsetOf(contentEnd - 1) + 1;
  }
}

/** Of paragraphs and headings: each line of the content begins at its first character that is no space or tab. */
export function sourceOfLines(content: string, lineStarts: readonly number[]): InlineSource {
  const source = new InlineSource();
  let lineStart = 0;
  for (const textOffset of lineStarts) {
    let first = lineStart;
    while (content.charCodeAt(first) === 0x20 || content.charCodeAt(first) === 0x09) first++;
    source.add(first, textOffset);
    const lineEnd = content.indexOf("\n", first);
    if (lineEnd < 0) break;
    lineStart = lineEnd + 1;
  }
  return source;
}

/** A cell of a table row: `text` from `start` to `end`, white space around it not counted, `\|` read as `|`. */
export function sourceOfCell(text: string, start: number, end: number): InlineSource {
  const source = new InlineSource();
  let pos = start;
  while (pos < end && /\s/.test(text[pos]!)) pos++;
  let contentOffset = 0;
  source.add(0, pos);
  for (; pos < end; pos++) {
    if (text[pos] === "\\" && text[pos + 1] === "|") source.add(contentOffset, pos + 1);
    else contentOffset++;
  }
  return source;
}

/** The cells of a table row as ranges of the text, split at the vertical bars that no backslash stands before. */
export function cellsOf(text: string, start: number, end: number): [start: number, end: number][] {
  const row = text.slice(start, end);
  const from = start + row.length - row.trimStart().length;
  const to = start + row.trimEnd().length;
  const cells: [number, number][] = [];
  let cellStart = from;
  for (let pos = from; pos < to; pos++) {
    if (text[pos] !== "|" || (pos > from && text[pos - 1] === "\\")) continue;
    cells.push([cellStart, pos]);
    cellStart = pos + 1;
  }
  cells.push([cellStart, to]);
  if (cells.length > 0 && cells[0]![0] === cells[0]![1]) cells.shift();
  if (cells.length > 0 && cells.at(-1)![0] === cells.at(-1)![1]) cells.pop();
  return cells;
}
