import type { LinkKind } from "../content.ts";

/** The parts of a link's address that lead to something in the same collection. */
export interface LocalTarget {
  readonly kind: Exclude<LinkKind, "wiki">;
  /** A path, percent-decoded. */
  readonly target: string;
  readonly anchor: string | undefined;
}

/**
 * What a link's address means when it leads to something of the same collection, which is a path, absolute or relative:
 * to a document when that ends in `.md`, `.markdown` or a slash, or has no extension; else to another file. Everything with
 * a scheme or a host, and anchors in the same document, lead elsewhere.
 *
 * @param isImage an image is a file, whatever its ending
 */
export function localTargetOf(href: string, isImage = false): LocalTarget | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(href) || href.startsWith("//")) return undefined;
  const hash = href.indexOf("#");
  const beforeAnchor = hash < 0 ? href : href.slice(0, hash);
  const query = beforeAnchor.indexOf("?");
  const path = query < 0 ? beforeAnchor : beforeAnchor.slice(0, query);
  if (path === "") return undefined;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const isDocument =
    !isImage && (name === ".." || name === "." || !name.includes(".") || /\.(?:md|markdown)$/i.test(name));
  const anchor = hash < 0 ? "" : percentDecode(href.slice(hash + 1));
  return {
    kind: isDocument ? "markdown" : "file",
    target: percentDecode(path),
    anchor: anchor === "" ? undefined : anchor,
  };
}

/** `%20` and the like as characters; a text that is not well percent-encoded stays as it is. */
export function percentDecode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * How long the path is at the beginning of a link's destination as it is written: up to its `?` or `#`, also when that
 * is written with a backslash or as an entity.
 */
export function pathLengthOf(destination: string, unescaped: (text: string) => string): number {
  const pattern = /\\[!-/:-@[-`{-~]|&#?[A-Za-z0-9]{1,32};|[?#]/g;
  for (const match of destination.matchAll(pattern)) {
    const character = unescaped(match[0]);
    if (character === "?" || character === "#") return match.index;
  }
  return destination.length;
}

/**
 * A path as a Markdown link's destination: what would end the destination, be read as Markdown, or mean something else
 * in a URL is percent-encoded; letters of all scripts stay readable.
 */
export function writtenPath(path: string): string {
  return (
    path
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a destination cannot have them
      .replace(/[\u0000-\u0020\u007f\u00a0\u2028\u2029"#%&'()*:<>?[\\\]^_`{|}~]/g, encodeURIComponentFully)
      .replace(/^\/\//, "/%2F")
  );
}

/** A name as a wiki link's target. */
export function writtenName(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a wiki link cannot have them
  return name.replace(/^\s|\s$|[\u0000-\u001f\u007f\u2028\u2029#%<>[\\\]`|]/g, encodeURIComponentFully);
}

function encodeURIComponentFully(character: string): string {
  const bytes = Buffer.from(character);
  return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
