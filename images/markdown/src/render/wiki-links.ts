import type { MarkdownIt, StateInline } from "markdown-it";
import { percentDecode } from "./document-target.ts";
import { note, type WikiLink } from "./tokens.ts";

/** The `markup` of the tokens of a wiki link. */
export const wikiMarkup = "[[";

/** Longer than any id, title or label that makes sense (UTF-16 units): what goes on is no wiki link. */
const wikiLinkMax = 2000;

/** Endings of files that are shown as pictures. */
const imageEnding = /\.(?:apng|avif|bmp|gif|ico|jpe?g|png|svg|webp)$/i;

/**
 * Adds `[[target]]`, `[[target|label]]`, `[[target#anchor|label]]` and `[[#anchor]]` to the inline syntax, and
 * `![[image.png]]`, `![[image.png|words]]`, `![[image.png|300x200]]`. Of what cannot be shown in a page (`![[note]]`)
 * there is the link.
 */
export function addWikiLinks(md: MarkdownIt): void {
  md.inline.ruler.before("link", "wiki_link", readWikiLink);
  md.inline.ruler.before("link", "wiki_embed", readWikiEmbed);
}

function readWikiLink(state: StateInline, silent: boolean): boolean {
  // A link cannot be inside another link.
  if (state.linkLevel > 0) return false;
  const link = wikiLinkAt(state.src, state.pos, state.posMax);
  if (link === undefined) return false;
  if (!silent) {
    pushLink(state, link);
  }
  state.pos = link.end;
  return true;
}

function readWikiEmbed(state: StateInline, silent: boolean): boolean {
  if (state.src.charCodeAt(state.pos) !== 0x21) return false;
  const link = wikiLinkAt(state.src, state.pos + 1, state.posMax);
  if (link === undefined) return false;
  const isImage = imageEnding.test(link.target);
  if (!isImage && state.linkLevel > 0) return false;
  if (!silent) {
    const embedded = { ...link, start: state.pos, isEmbedded: true };
    if (isImage) pushImage(state, embedded);
    else pushLink(state, embedded);
  }
  state.pos = link.end;
  return true;
}

function pushLink(state: StateInline, link: WikiLink): void {
  const opening = state.push("link_open", "a", 1);
  opening.markup = wikiMarkup;
  note(opening, { wikiLink: link });
  state.push("text", "", 0).content = link.label;
  state.push("link_close", "a", -1).markup = wikiMarkup;
}

function pushImage(state: StateInline, link: WikiLink): void {
  const image = state.push("image", "img", 0);
  image.markup = wikiMarkup;
  const [, width, height] = /^(\d{1,5})(?:x(\d{1,5}))?$/.exec(link.label) ?? [];
  image.attrs = [
    ["src", ""],
    ["alt", ""],
  ];
  if (width !== undefined) image.attrs.push(["width", width]);
  if (height !== undefined) image.attrs.push(["height", height]);
  const words = new state.Token("text", "", 0);
  words.content = width === undefined ? link.label : link.target;
  image.children = [words];
  image.content = words.content;
  note(image, { wikiLink: link });
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
    isEmbedded: false,
    start,
    end: close + 2,
    targetStart,
    targetEnd: targetStart + target.length,
  };
}
