import type { MarkdownIt, Token } from "markdown-it";
import { cellsOf, type InlineSource, sourceOfCell, sourceOfLines } from "./inline-source.ts";
import { note } from "./tokens.ts";

/** A link reference definition `[label]: destination`, with offsets in the text. */
export interface Definition {
  readonly token: Token;
  /** As written, white space collapsed. */
  readonly label: string;
  readonly start: number;
  readonly destinationStart: number;
}

const definitionsKey = Symbol("definitions");

/** All definitions in the order of the text; of several with the same label only the first counts. */
export function definitionsOf(env: Record<symbol, unknown>): readonly Definition[] {
  return (env[definitionsKey] as Definition[] | undefined) ?? [];
}

/**
 * Lets the block parser note where the content of inline tokens and link reference definitions comes from. It has to
 * be done while it works: the marks of the lines change as it enters and leaves block quotes and lists.
 */
export function traceBlocks(md: MarkdownIt): void {
  md.block.State = class TracedStateBlock extends md.block.State {
    #row: Token | undefined;
    #cells: [start: number, end: number][] | undefined;
    #cell = 0;

    override push(type: string, tag: string, nesting: -1 | 0 | 1): Token {
      const opening = this.tokens.at(-1);
      const token = super.push(type, tag, nesting);
      if (type === "tr_open") {
        this.#row = token;
        this.#cells = undefined;
        this.#cell = 0;
      } else if (type === "reference_definition") {
        this.#noteDefinition(token);
      } else if (type === "inline" && opening !== undefined) {
        this.#noteSource(token, opening);
      }
      return token;
    }

    #noteSource(token: Token, opening: Token): void {
      if (opening.type === "td_open" || opening.type === "th_open") {
        const line = this.#row?.map?.[0] ?? 0;
        this.#cells ??= cellsOf(this.src, this.bMarks[line]! + this.tShift[line]!, this.eMarks[line]!);
        const cell = this.#cells[this.#cell++];
        const text = this.src;
        if (cell !== undefined) note(token, { source: () => sourceOfCell(text, ...cell) });
        return;
      }
      if (opening.map === null) return;
      const lineStarts: number[] = [];
      for (let line = opening.map[0]; line < opening.map[1]; line++) {
        lineStarts.push(this.bMarks[line]! + this.tShift[line]!);
      }
      if (opening.markup.startsWith("#")) {
        lineStarts[0] = this.skipSpaces(lineStarts[0]! + opening.markup.length);
      }
      let source: InlineSource | undefined;
      note(token, {
        source: () => {
          source ??= sourceOfLines(token.content, lineStarts);
          return source;
        },
      });
    }

    #noteDefinition(token: Token): void {
      let line = this.line;
      const start = this.bMarks[line]! + this.tShift[line]!;
      let pos = start + 1;
      // The parser has found a definition here, so its parts are only looked for, not checked again.
      const nextLine = () => {
        line++;
        pos = this.bMarks[line]! + this.tShift[line]!;
      };
      for (; pos < this.src.length && this.src[pos] !== "]"; pos++) {
        if (this.src[pos] === "\\" && this.src[pos + 1] !== "\n") pos++;
        else if (this.src[pos] === "\n") {
          nextLine();
          pos--;
        }
      }
      const label = this.src
        .slice(start + 1, pos)
        .replace(/\s+/g, " ")
        .trim();
      pos += 2;
      for (;;) {
        pos = this.skipSpaces(pos);
        if (this.src[pos] !== "\n" || line >= this.lineMax) break;
        nextLine();
      }
      const definition: Definition = { token, label, start, destinationStart: pos };
      const definitions = this.env[definitionsKey] as Definition[] | undefined;
      if (definitions === undefined) this.env[definitionsKey] = [definition];
      else definitions.push(definition);
    }
  };
}
