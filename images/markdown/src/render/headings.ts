import GithubSlugger, { slug } from "github-slugger";
import type { Token } from "markdown-it";
import type { Heading } from "../content.ts";
import { inlineText } from "./plain-text.ts";
import { idPrefix } from "./sanitize.ts";

/** The headings of a document, each with the token that opens it, in their order. */
export function headingsOf(tokens: readonly Token[]): { heading: Heading; token: Token }[] {
  const slugger = new GithubSlugger();
  const headings: { heading: Heading; token: Token }[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.type !== "heading_open") continue;
    const text = inlineText(tokens[index + 1]?.children ?? [])
      .replace(/\s+/g, " ")
      .trim();
    const anchor = `${idPrefix}${slugger.slug(text === "" ? "section" : text)}`;
    headings.push({ heading: { level: Number(token.tag.slice(1)), text, anchor }, token });
  }
  return headings;
}

/** The address of a heading (its text or its slug), or of an `id` in raw HTML, in the page at an address. */
export function withAnchor(address: string, anchor: string | undefined): string {
  return anchor === undefined ? address : `${address}#${encodeURIComponent(idOfAnchor(anchor))}`;
}

function idOfAnchor(anchor: string): string {
  return anchor.startsWith(idPrefix) ? anchor : `${idPrefix}${slug(anchor)}`;
}
