import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { WeftkitError } from "@weftkit/core";

/** A file of the page, in memory: as it is, and compressed. */
export interface PageFile {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly brotli: Buffer;
  /** Whether its name changes with what is in it. */
  readonly isImmutable: boolean;
}

const mediaTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * Reads the built page, once: what is served is among these files, so that no request names a path of this machine.
 *
 * @throws WeftkitError `page_missing` when it was not built
 */
export function readPageFiles(folder: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  try {
    for (const name of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, name));
      // Quality 5 takes milliseconds at the start; 11 would take a second.
      const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
      files.set(name, {
        mediaType: mediaTypes[extname(name)] ?? "application/octet-stream",
        bytes,
        brotli: brotliCompressSync(bytes, { params }),
        isImmutable: name !== "index.html",
      });
    }
  } catch (error) {
    throw new WeftkitError("page_missing", `the page cannot be read from ${folder}; run npm run build`, {
      cause: error,
    });
  }
  return files;
}
