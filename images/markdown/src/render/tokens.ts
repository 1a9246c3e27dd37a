import type { Token } from "markdown-it";
import type { InlineSource } from "./inline-source.ts";

/** A wiki link as it is written, with offsets in the content of its inline token. */
export interface WikiLink {
  /** Percent-decoded, without the white space around it; empty when the link leads to its own document. */
  readonly target: string;
  readonly anchor: string | undefined;
  readonly label: string;
  readonly start: number;
  readonly end: number;
  /** Whether what it leads to is shown in its place: `![[image.png]]`. */
  readonly isEmbedded: boolean;
  /** The target without the white space around it, as written. */
  readonly targetStart: number;
  readonly targetEnd: number;
}

/** The label of an inline link `[label](destination)`: the offsets of its brackets in the content. */
export interface LabelPlace {
  readonly opening: number;
  readonly closing: number;
}

/** What our parser notes on a token. */
interface Notes {
  /** Of an inline token: made when asked for, because few have links. */
  readonly source?: () => InlineSource;
  readonly wikiLink?: WikiLink;
  readonly labelPlace?: LabelPlace;
  /** Of an image in brackets: the offset of its exclamation mark in the content. */
  readonly imageStart?: number;
}

export function note(token: Token, notes: Notes): void {
  token.meta = { ...notes };
}

export function notesOf(token: Token): Notes {
  return token.meta ?? {};
}
