import { documentOfPath, isDocumentPath, mistakeOfPath } from "../names.ts";

/** The path of a file of an archive, from the root of the folder; empty for the folder itself. */
export function pathInFolder(written: string): string {
  const path = written.replace(/^(?:\.\/+)+/, "").normalize("NFC");
  return path === "." ? "" : path;
}

/**
 * Why a file of an archive cannot be a document or an attachment; undefined when it can. Hidden files are what programs
 * keep beside the text (`.git/config`), unless the archive is an export, in which everything was written by somebody.
 */
export function reasonAgainst(path: string, isExported: boolean): string | undefined {
  const mistake = mistakeOfPath(isDocumentPath(path) ? documentOfPath(path) : path);
  if (mistake !== undefined) return `its path ${mistake}`;
  const isHidden = path.split("/").some((part) => part.startsWith("."));
  return isHidden && !isExported ? "it is hidden, or in a hidden folder" : undefined;
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

/** Whether an archive's word for the type of a file can be one: it becomes a header. */
export function isMediaType(text: string): boolean {
  return /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:;[\x20-\x7e]*)?$/.test(text) && text.length <= 255;
}
