import type { Token } from "markdown-it";
import type { Rendered, RenderOptions } from "../content.ts";
import { documentTargetOf } from "./document-target.ts";
import { headingsOf, idOfAnchor } from "./headings.ts";
import { parseDocument } from "./parse.ts";
import { parser } from "./parser.ts";
import { sanitize } from "./sanitize.ts";
import { notesOf, type WikiLink } from "./tokens.ts";

/**
 * A page of a text: headings have ids, links to documents lead to where `resolve` says, wiki links have the class
 * `wiki-link`, and those without a document `wiki-link-missing` and no address.
 */
export function renderHtml(markdown: string, options: RenderOptions): Rendered {
  const document = parseDocument(markdown);
  const headings = headingsOf(document.tokens);
  for (const { heading, token } of headings) token.attrSet("id", heading.anchor);
  for (const token of document.tokens) {
    for (const child of token.children ?? []) {
      if (child.type === "link_open") setAddress(child, options);
    }
  }
  const html = parser.renderer.render([...document.tokens], parser.options as never, document.env);
  return { html: sanitize(html), toc: headings.map(({ heading }) => heading) };
}

function setAddress(token: Token, options: RenderOptions): void {
  const { wikiLink } = notesOf(token);
  if (wikiLink !== undefined) {
    setWikiAddress(token, wikiLink, options);
    return;
  }
  if (token.markup !== "") return;
  const target = documentTargetOf(String(token.attrGet("href") ?? ""));
  const address = target && options.resolve(target.target, "markdown");
  if (address !== undefined) token.attrSet("href", withAnchor(address, target?.anchor));
}

function setWikiAddress(token: Token, { target, anchor }: WikiLink, options: RenderOptions): void {
  const address = target === "" ? "" : options.resolve(target, "wiki");
  token.attrSet("class", address === undefined ? "wiki-link wiki-link-missing" : "wiki-link");
  if (address !== undefined) token.attrSet("href", withAnchor(address, anchor));
}

function withAnchor(address: string, anchor: string | undefined): string {
  return anchor === undefined ? address : `${address}#${encodeURIComponent(idOfAnchor(anchor))}`;
}
