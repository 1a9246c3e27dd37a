import type { Extracted } from "../content.ts";
import { headingsOf } from "./headings.ts";
import { linksOf } from "./links.ts";
import { parseDocument } from "./parse.ts";
import { plainTextOf } from "./plain-text.ts";

/** What the engine needs to know of a text; never throws, whatever the text is. */
export function extract(markdown: string): Extracted {
  const document = parseDocument(markdown);
  const headings = headingsOf(document.tokens).map(({ heading }) => heading);
  const title = headings.find(({ level, text }) => level === 1 && text !== "")?.text;
  const links = linksOf(document).map(({ kind, target, anchor, label, start, end }) => ({
    kind,
    target,
    anchor,
    label,
    start,
    end,
  }));
  return { title, headings, plainText: plainTextOf(document.tokens), links };
}
