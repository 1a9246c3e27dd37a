import type { Token } from "markdown-it";
import type { DocumentLink } from "../content.ts";
import { definitionsOf } from "./block-state.ts";
import { type LocalTarget, localTargetOf, pathLengthOf } from "./document-target.ts";
import type { ParsedDocument } from "./parse.ts";
import { parser } from "./parser.ts";
import { inlineText } from "./plain-text.ts";
import { notesOf } from "./tokens.ts";

/** A link, and where in the text its target is written (UTF-16 offsets, the end exclusive). */
export interface PlacedLink extends DocumentLink {
  readonly targetStart: number;
  readonly targetEnd: number;
}

/**
 * The links and images that lead to something of the same collection, in the order of the text. A link by reference counts where its definition is, once,
 * however often it is used: there stands its target.
 */
export function linksOf(document: ParsedDocument): PlacedLink[] {
  const links = definitionLinks(document);
  for (const token of document.tokens) {
    if (token.type === "inline" && token.children !== null) links.push(...inlineLinks(document, token));
  }
  return links.sort((left, right) => left.start - right.start);
}

function inlineLinks(document: ParsedDocument, inline: Token): PlacedLink[] {
  const links: PlacedLink[] = [];
  const children = inline.children!;
  for (const [index, token] of children.entries()) {
    const content = wikiLinkOf(token) ?? pathLinkOf(token, inline.content);
    const source = notesOf(inline).source?.();
    if (content === undefined || source === undefined) continue;
    const place = (offset: number) => document.source.toOriginal(source.offsetOf(offset));
    const placeEnd = (offset: number) => document.source.toOriginal(source.endOf(offset));
    links.push({
      ...content,
      label: content.label ?? (token.type === "image" ? inlineText([token]) : labelAfter(children, index)),
      start: place(content.start),
      end: placeEnd(content.end),
      targetStart: place(content.targetStart),
      targetEnd: placeEnd(content.targetEnd),
    });
  }
  return links;
}

type LinkInContent = Omit<PlacedLink, "label"> & { readonly label: string | undefined };

function wikiLinkOf(token: Token): LinkInContent | undefined {
  const link = notesOf(token).wikiLink;
  return link === undefined || link.target === "" ? undefined : { kind: "wiki", ...link };
}

/** A link or an image with its path in the text; those by reference, and automatic ones, have none. */
function pathLinkOf(token: Token, content: string): LinkInContent | undefined {
  const place = bracketsOf(token);
  const target = localTargetOf(
    String(token.attrGet(place?.attribute ?? "href") ?? ""),
    token.type === "image",
  );
  if (place === undefined || token.markup !== "" || target === undefined) return undefined;
  return linkWithPath(place, target, content);
}

interface Brackets {
  readonly attribute: "href" | "src";
  readonly opening: number;
  readonly closing: number;
}

function bracketsOf(token: Token): Brackets | undefined {
  const { labelPlace, imageStart } = notesOf(token);
  if (token.type === "link_open") return labelPlace && { attribute: "href", ...labelPlace };
  if (token.type !== "image" || imageStart === undefined) return undefined;
  return { attribute: "src", opening: imageStart, closing: imageStart + "![".length + token.content.length };
}

function linkWithPath({ opening, closing }: Brackets, target: LocalTarget, content: string): LinkInContent {
  const destination = skipWhiteSpace(content, closing + "](".length);
  const place = targetPlace(content, destination);
  let end = skipWhiteSpace(content, place.end);
  const title = parser.helpers.parseLinkTitle(content, end, content.length);
  if (end > place.end && title.ok) end = skipWhiteSpace(content, title.pos);
  return {
    ...target,
    label: undefined,
    start: opening,
    end: end + 1,
    targetStart: place.targetStart,
    targetEnd: place.targetEnd,
  };
}

function definitionLinks({ env, source }: ParsedDocument): PlacedLink[] {
  const seen = new Set<unknown>();
  const links: PlacedLink[] = [];
  for (const { token, label, start, destinationStart } of definitionsOf(env)) {
    const reference = String(token.meta?.label);
    if (seen.has(reference)) continue;
    seen.add(reference);
    const target = localTargetOf(env.references?.[reference]?.href ?? "");
    if (target === undefined) continue;
    const place = targetPlace(source.normal, destinationStart);
    links.push({
      ...target,
      label,
      start: source.toOriginal(start),
      end: source.toOriginal(place.end),
      targetStart: source.toOriginal(place.targetStart),
      targetEnd: source.toOriginal(place.targetEnd),
    });
  }
  return links;
}

/** The path in a destination that the parser has found at `start`, and the end of the destination. */
function targetPlace(text: string, start: number): { targetStart: number; targetEnd: number; end: number } {
  const end = parser.helpers.parseLinkDestination(text, start, text.length).pos;
  const isBracketed = text[start] === "<";
  const targetStart = isBracketed ? start + 1 : start;
  const written = text.slice(targetStart, isBracketed ? end - 1 : end);
  return { targetStart, targetEnd: targetStart + pathLengthOf(written, parser.utils.unescapeAll), end };
}

function skipWhiteSpace(text: string, start: number): number {
  let pos = start;
  while (pos < text.length && /[ \t\n]/.test(text[pos]!)) pos++;
  return pos;
}

/** The words between a link's opening and its end. */
function labelAfter(children: readonly Token[], opening: number): string {
  let end = opening + 1;
  while (end < children.length && children[end]!.type !== "link_close") end++;
  return inlineText(children.slice(opening + 1, end));
}
