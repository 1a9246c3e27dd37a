import type { MarkdownIt, StateInline } from "markdown-it";
import { percentDecode } from "./document-target.ts";
import { note, type WikiLink } from "./tokens.ts";

/** The `markup` of the tokens of a wiki link. */
export const wikiMarkup = "[[";

/** Longer than any id, title or label that makes sense (UTF-16 units): what goes on is no wiki link. */
const wikiLinkMax = 2000;

/** Adds `[[target]]`, `[[target|label]]`, `[[target#anchor|label]]` and `[[#anchor]]` to the inline syntax. */
export function addWikiLinks(md: MarkdownIt): void {
  md.inline.ruler.before("link", "wiki_link", readWikiLink);
}

function readWikiLink(state: StateInline, silent: boolean): boolean {
  // A link cannot be inside another link.
  if (state.linkLevel > 0) return false;
  const link = wikiLinkAt(state.src, state.pos, state.posMax);
  if (link === undefined) return false;
  if (!silent) {
    const opening = state.push("link_open", "a", 1);
    opening.markup = wikiMarkup;
    note(opening, { wikiLink: link });
    state.push("text", "", 0).content = link.label;
    state.push("link_close", "a", -1).markup = wikiMarkup;
  }
  state.pos = link.end;
  return true;
}

function wikiLinkAt(text: string, start: number, max: number): WikiLink | undefined {
  if (text.charCodeAt(start) !== 0x5b || text.charCodeAt(start + 1) !== 0x5b) return undefined;
  const limit = Math.min(max, start + wikiLinkMax);
  let close = start + 2;
  for (; close < limit; close++) {
    const code = text.charCodeAt(close);
    if (code === 0x0a || code === 0x5b) return undefined;
    if (code === 0x5d) break;
  }
  if (close + 1 >= limit || text.charCodeAt(close + 1) !== 0x5d) return undefined;
  const inside = text.slice(start + 2, close);
  const bar = inside.indexOf("|");
  // People used to writing in tables put a backslash before the bar elsewhere, too.
  const address = bar < 0 ? inside : inside.slice(0, bar).replace(/\\$/, "");
  const hash = address.indexOf("#");
  const written = hash < 0 ? address : address.slice(0, hash);
  const target = written.trim();
  const anchor = hash < 0 ? "" : address.slice(hash + 1).trim();
  if (target === "" && anchor === "") return undefined;
  const label = bar < 0 ? "" : inside.slice(bar + 1).trim();
  const targetStart = start + 2 + written.length - written.trimStart().length;
  return {
    target: percentDecode(target),
    anchor: anchor === "" ? undefined : percentDecode(anchor),
    label: label === "" ? percentDecode(address.trim()) : label,
    start,
    end: close + 2,
    targetStart,
    targetEnd: targetStart + target.length,
  };
}
