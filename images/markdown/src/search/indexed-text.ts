import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { SearchableText, SearchField } from "../content.ts";
import { stem } from "./stem.ts";
import { wordsOf } from "./words.ts";

/** Snippets are cut from so much of a text (UTF-16 units); all of it is searched. */
const snippetSourceMax = 65_536;
/** Shorter texts are not worth the compression. */
const compressedFrom = 512;
/** Different words of one document that are added to the vocabulary: a list of hashes must not fill it. */
const vocabularyPerDocumentMax = 5000;

/** A document as the index takes it. Making it takes time with the text's length, and needs no database. */
export interface IndexedText {
  readonly title: string;
  /** The stems of each field's words, separated by spaces. */
  readonly stems: Readonly<Record<SearchField, string>>;
  /** Words in all. */
  readonly words: number;
  /** Different words, folded and not stemmed. */
  readonly vocabulary: readonly string[];
  /** What snippets are cut from: see `unpackedText`. */
  readonly packed: Uint8Array;
}

export function indexedTextOf({ title, headings, tags, text }: SearchableText): IndexedText {
  const vocabulary = new Set<string>();
  let words = 0;
  const stemsOf = (source: string): string => {
    let stems = "";
    for (const { word } of wordsOf(source)) {
      stems += `${stem(word)} `;
      words++;
      if (vocabulary.size < vocabularyPerDocumentMax) vocabulary.add(word);
    }
    return stems;
  };
  const stems = {
    title: stemsOf(title),
    headings: stemsOf(headings.join("\n")),
    tags: stemsOf(tags.join("\n")),
    text: stemsOf(text),
  };
  return { title, stems, words, vocabulary: [...vocabulary], packed: packed(text) };
}

/** The first byte says how the rest is to be read: 0 as it is, 1 deflated. */
function packed(text: string): Buffer {
  const bytes = Buffer.from(text.slice(0, snippetSourceMax));
  if (bytes.length < compressedFrom) return Buffer.concat([Buffer.of(0), bytes]);
  return Buffer.concat([Buffer.of(1), deflateRawSync(bytes, { level: 1 })]);
}

/** The text, as much of it as snippets are cut from. */
export function unpackedText(packed: Buffer): string {
  const bytes = packed.subarray(1);
  return (packed[0] === 1 ? inflateRawSync(bytes) : bytes).toString();
}
