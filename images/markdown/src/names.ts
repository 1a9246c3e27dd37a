import { invalidAttachmentPath, invalidCollectionName, invalidDocumentId } from "./problems.ts";

const collectionNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Bytes of UTF-8, of a whole id or path and of a part of it: what a folder of files can hold. */
const pathBytesMax = 1024;
const segmentBytesMax = 240;

/** @throws Problem `invalid-collection-name` */
export function requireCollectionName(name: string): string {
  if (collectionNamePattern.test(name)) return name;
  throw invalidCollectionName(
    "use 1 to 128 letters, digits, dots, hyphens and underscores, and begin with a letter or a digit",
  );
}

/**
 * A document's id as it is stored: parts separated by slashes, like the path of a file without `.md`, in Unicode's
 * normal form C.
 *
 * @throws Problem `invalid-document-id`
 */
export function requireDocumentId(id: string): string {
  const mistake = mistakeOfPath(id);
  if (mistake === undefined) return id.normalize("NFC");
  throw invalidDocumentId(`the id ${mistake}`);
}

/** @throws Problem `invalid-attachment-path` */
export function requireAttachmentPath(path: string): string {
  const mistake = mistakeOfPath(path);
  if (mistake === undefined) return path.normalize("NFC");
  throw invalidAttachmentPath(`the path ${mistake}`);
}

/** What keeps a path from being one of a file inside a folder, on any system; undefined when nothing does. */
export function mistakeOfPath(path: string): string | undefined {
  if (!path.isWellFormed()) return "is not valid Unicode";
  if (Buffer.byteLength(path) > pathBytesMax) return `is longer than ${pathBytesMax} bytes`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029\\]/.test(path))
    return "has a control character or a backslash";
  for (const segment of path.split("/")) {
    if (segment === "") return "is empty, or begins, ends or goes on with a slash where a name should be";
    if (segment === "." || segment === "..") return 'has "." or ".." as a part';
    if (segment !== segment.trim()) return "has a part that begins or ends with white space";
    if (Buffer.byteLength(segment) > segmentBytesMax)
      return `has a part longer than ${segmentBytesMax} bytes`;
  }
  return undefined;
}

/** Whether a file is a document, by its ending. */
export function isDocumentPath(path: string): boolean {
  return path.endsWith(".md");
}

/** The file of a document. */
export function pathOfDocument(id: string): string {
  return `${id}.md`;
}

/** The document of a file. */
export function documentOfPath(path: string): string {
  return path.slice(0, -".md".length).normalize("NFC");
}
