import { mistakeOfPath } from "../names.ts";
import { invalidArchive } from "../problems.ts";

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

/**
 * The path of a file of an archive, from the root of the folder; undefined for hidden files and folders (`.git/config`).
 *
 * @throws Problem `invalid-archive` for paths that lead elsewhere, or that no document or attachment can have.
 */
export function pathInFolder(written: string): string | undefined {
  const path = written.replace(/^(?:\.\/+)+/, "").normalize("NFC");
  if (path === "" || path === ".") return undefined;
  const mistake = mistakeOfPath(path);
  if (mistake !== undefined)
    throw invalidArchive(`the archive has a file whose path ${mistake}: ${JSON.stringify(path)}`);
  return path.split("/").some((part) => part.startsWith(".")) ? undefined : path;
}

const mediaTypes: Readonly<Record<string, string>> = {
  avif: "image/avif",
  csv: "text/csv; charset=utf-8",
  gif: "image/gif",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  json: "application/json",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain; charset=utf-8",
  webm: "video/webm",
  webp: "image/webp",
  yaml: "application/yaml",
  yml: "application/yaml",
};

/** The type of a file, by its ending. */
export function mediaTypeOf(path: string): string {
  const ending = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return (Object.hasOwn(mediaTypes, ending) ? mediaTypes[ending] : undefined) ?? "application/octet-stream";
}
