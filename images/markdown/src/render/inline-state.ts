import type { MarkdownIt, Token } from "markdown-it";
import { note } from "./tokens.ts";

/**
 * Lets the inline parser note where a link has its label, and where an image begins. The parser opens a link when it
 * stands at the label's beginning and is about to read up to its end, and makes an image when it stands before it; on those
 * by reference it overwrites the note with its own.
 */
export function traceLinks(md: MarkdownIt): void {
  md.inline.State = class TracedStateInline extends md.inline.State {
    override push(type: string, tag: string, nesting: -1 | 0 | 1): Token {
      const token = super.push(type, tag, nesting);
      if (type === "link_open") note(token, { labelPlace: { opening: this.pos - 1, closing: this.posMax } });
      else if (type === "image") note(token, { imageStart: this.pos });
      return token;
    }
  };
}
