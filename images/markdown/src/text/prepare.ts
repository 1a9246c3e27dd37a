import { formatBytes } from "@weftkit/core";
import type { Extracted } from "../content.ts";
import { type Fields, tagsOf } from "../fields/fields.ts";
import { type FieldRow, fieldRowsOf } from "../fields/rows.ts";
import { type LinkRow, linkRowsOf } from "../links/rows.ts";
import { documentTooLarge, invalidDocument } from "../problems.ts";
import { extract } from "../render/extract.ts";
import { type IndexedText, indexedTextOf } from "../search/indexed-text.ts";
import { splitText } from "./front-matter.ts";
import type { FrontMatterError } from "./read-fields.ts";

/** A document ready to be written: its text and everything that is drawn from it. */
export interface PreparedDocument {
  readonly id: string;
  /** Front matter and body, byte for byte. */
  readonly text: string;
  readonly sizeBytes: number;
  readonly fields: Fields;
  readonly frontMatterError: FrontMatterError | undefined;
  readonly title: string;
  readonly fieldRows: readonly FieldRow[];
  readonly linkRows: readonly LinkRow[];
  readonly indexed: IndexedText;
}

const titleMax = 1024;

/**
 * Reads all that the engine keeps of a text. The most costly step of a write: time goes with the text's length.
 *
 * @throws Problem `document-too-large`, `invalid-document` or `invalid-front-matter`.
 */
export function prepareDocument(id: string, text: string, bytesMax: number): PreparedDocument {
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > bytesMax) {
    throw documentTooLarge(
      `the document takes ${sizeBytes} bytes; at most ${formatBytes(bytesMax)} are taken (markdown.max_document_bytes)`,
    );
  }
  if (text.includes("\0")) throw invalidDocument("the text has a NUL character: it is not Markdown");
  if (!text.isWellFormed()) throw invalidDocument("the text has half a surrogate pair: it is not Unicode");
  const { fields, error, body } = splitText(text);
  const extracted = extract(body);
  const title = titleOf(fields, extracted, id).slice(0, titleMax);
  return {
    id,
    text,
    sizeBytes,
    fields,
    frontMatterError: error,
    title,
    fieldRows: fieldRowsOf(fields),
    linkRows: linkRowsOf(id, extracted.links),
    indexed: indexedTextOf({
      title,
      headings: extracted.headings.map((heading) => heading.text),
      tags: tagsOf(fields),
      text: extracted.plainText,
    }),
  };
}

/** The front matter's, else the first heading, else the last part of the id. */
function titleOf({ title }: Fields, extracted: Extracted, id: string): string {
  if (typeof title === "string" && title.trim() !== "") return title.trim();
  if (typeof title === "number") return String(title);
  return extracted.title ?? id.slice(id.lastIndexOf("/") + 1);
}
