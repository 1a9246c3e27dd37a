import type { Token } from "markdown-it";
import type { LinkTarget, Rendered, RenderOptions } from "../content.ts";
import { type DocumentTarget, documentTargetOf } from "./document-target.ts";
import { headingsOf, idOfAnchor } from "./headings.ts";
import { type ParsedDocument, parseDocument } from "./parse.ts";
import { parser } from "./parser.ts";
import { sanitize } from "./sanitize.ts";
import { notesOf, type WikiLink } from "./tokens.ts";

/**
 * A page of a text: headings have ids, links to documents lead to where `resolve` says, wiki links have the class
 * `wiki-link`, and those without a document `wiki-link-missing` and no address.
 */
export function renderHtml(markdown: string, options: RenderOptions): Rendered {
  return renderParsed(parseDocument(markdown), options);
}

/** What the links of a page may lead to, each once: all that `resolve` will be asked for. */
export function targetsOf(document: ParsedDocument): LinkTarget[] {
  const targets = new Map<string, LinkTarget>();
  for (const token of linkTokensOf(document)) {
    const { wikiLink } = notesOf(token);
    const target = wikiLink?.target ?? pathOf(token)?.target ?? "";
    const kind = wikiLink === undefined ? "markdown" : "wiki";
    if (target !== "") targets.set(`${kind} ${target}`, { target, kind });
  }
  return [...targets.values()];
}

/** The page of a parsed text, whose tokens it changes: a second page of them would not be right. */
export function renderParsed(document: ParsedDocument, options: RenderOptions): Rendered {
  const headings = headingsOf(document.tokens);
  for (const { heading, token } of headings) token.attrSet("id", heading.anchor);
  for (const link of linkTokensOf(document)) setAddress(link, options);
  const html = parser.renderer.render([...document.tokens], parser.options as never, document.env);
  return { html: sanitize(html), toc: headings.map(({ heading }) => heading) };
}

function* linkTokensOf(document: ParsedDocument): Generator<Token> {
  for (const token of document.tokens) {
    for (const child of token.children ?? []) if (child.type === "link_open") yield child;
  }
}

function setAddress(token: Token, options: RenderOptions): void {
  const { wikiLink } = notesOf(token);
  if (wikiLink !== undefined) {
    setWikiAddress(token, wikiLink, options);
    return;
  }
  const target = pathOf(token);
  const address = target && options.resolve(target.target, "markdown");
  if (address !== undefined) token.attrSet("href", withAnchor(address, target?.anchor));
}

/** Where a link in brackets leads; automatic links lead to no document. */
function pathOf(token: Token): DocumentTarget | undefined {
  return token.markup === "" ? documentTargetOf(String(token.attrGet("href") ?? "")) : undefined;
}

function setWikiAddress(token: Token, { target, anchor }: WikiLink, options: RenderOptions): void {
  const address = target === "" ? "" : options.resolve(target, "wiki");
  token.attrSet("class", address === undefined ? "wiki-link wiki-link-missing" : "wiki-link");
  if (address !== undefined) token.attrSet("href", withAnchor(address, anchor));
}

function withAnchor(address: string, anchor: string | undefined): string {
  return anchor === undefined ? address : `${address}#${encodeURIComponent(idOfAnchor(anchor))}`;
}
