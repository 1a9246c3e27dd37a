import type { Token } from "markdown-it";
import type { LinkTarget, Rendered, RenderOptions } from "../content.ts";
import { type LocalTarget, localTargetOf } from "./document-target.ts";
import { headingsOf, withAnchor } from "./headings.ts";
import { withAddresses } from "./html-addresses.ts";
import { type ParsedDocument, parseDocument } from "./parse.ts";
import { parser } from "./parser.ts";
import { sanitize, withoutFilteredTags } from "./sanitize.ts";
import { notesOf, type WikiLink } from "./tokens.ts";

/**
 * A page of a text: headings have ids, links and images lead to where `resolve` says, wiki links have the class
 * `wiki-link`, and those to nothing `wiki-link-missing` and no address.
 */
export function renderHtml(markdown: string, options: RenderOptions): Rendered {
  return renderParsed(parseDocument(markdown), options);
}

/** What the links of a page may lead to, each once: all that `resolve` will be asked for. */
export function targetsOf(document: ParsedDocument): LinkTarget[] {
  const targets = new Map<string, LinkTarget>();
  const resolve: RenderOptions["resolve"] = (target, kind) => {
    targets.set(`${kind} ${target}`, { target, kind });
    return undefined;
  };
  for (const token of tokensOf(document)) {
    if (isHtml(token)) withAddresses(token.content, { resolve });
    else addressOf(token, { resolve });
  }
  return [...targets.values()];
}

/** The page of a parsed text, whose tokens it changes: a second page of them would not be right. */
export function renderParsed(document: ParsedDocument, options: RenderOptions): Rendered {
  const headings = headingsOf(document.tokens);
  for (const { heading, token } of headings) token.attrSet("id", heading.anchor);
  const expansion = new Expansion(document.source.normal.length);
  for (const token of tokensOf(document)) {
    if (isHtml(token)) token.content = withAddresses(withoutFilteredTags(token.content), options);
    else {
      setAddress(token, options);
      expansion.take(token);
    }
  }
  const html = parser.renderer.render([...document.tokens], parser.options as never, document.env);
  return { html: sanitize(html), toc: headings.map(({ heading }) => heading) };
}

/** A page may be longer than its text by so much at least. */
const expansionMin = 100_000;

/** Bounds what references make of a text: one long destination may be used thousands of times. */
class Expansion {
  #left: number;

  constructor(textLength: number) {
    this.#left = Math.max(expansionMin, 2 * textLength);
  }

  /** Leaves the attributes of a link or an image out when too many were long. */
  take(token: Token): void {
    const length = (token.attrs ?? []).reduce((sum, [, value]) => sum + String(value).length, 0);
    this.#left -= length;
    if (this.#left < 0) token.attrs = token.type === "image" ? [["alt", ""]] : [];
  }
}

/** Those that have addresses in them. */
function* tokensOf(document: ParsedDocument): Generator<Token> {
  for (const token of document.tokens) {
    if (isHtml(token)) yield token;
    for (const child of token.children ?? []) {
      if (child.type === "link_open" || child.type === "image" || isHtml(child)) yield child;
    }
  }
}

function isHtml({ type }: Token): boolean {
  return type === "html_inline" || type === "html_block";
}

function setAddress(token: Token, options: RenderOptions): void {
  const { wikiLink } = notesOf(token);
  const address = addressOf(token, options);
  if (wikiLink !== undefined && token.type === "link_open") {
    token.attrSet("class", address === undefined ? "wiki-link wiki-link-missing" : "wiki-link");
  }
  if (address !== undefined) token.attrSet(attributeOf(token), address);
}

/** Where a link or an image leads to; undefined leaves it as it is. */
function addressOf(token: Token, options: RenderOptions): string | undefined {
  const { wikiLink } = notesOf(token);
  if (wikiLink !== undefined) return wikiAddress(wikiLink, options);
  const local = localOf(token);
  const address = local && options.resolve(local.target, local.kind);
  return address === undefined ? undefined : withAnchor(address, local?.anchor);
}

/** What a link in brackets or an image leads to; automatic links lead nowhere here. */
function localOf(token: Token): LocalTarget | undefined {
  if (token.markup !== "") return undefined;
  return localTargetOf(String(token.attrGet(attributeOf(token)) ?? ""), token.type === "image");
}

function attributeOf(token: Token): "href" | "src" {
  return token.type === "image" ? "src" : "href";
}

function wikiAddress({ target, anchor }: WikiLink, options: RenderOptions): string | undefined {
  const address = target === "" ? "" : options.resolve(target, "wiki");
  return address === undefined ? undefined : withAnchor(address, anchor);
}
