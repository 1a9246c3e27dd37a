import {
  blockBytes,
  checksumOf,
  entryTypes,
  exportComment,
  headerFields,
  mediaTypeKeyword,
  paddingOf,
} from "./tar-format.ts";
import type { ArchivedFile, ArchiveWriter } from "./write-archive.ts";

/** Writes a tar archive. */
export const tarWriter: ArchiveWriter = { start: tarStart, file: tarEntry, end: tarEnd };

/** What begins an export: who reads it knows that nothing in it is there by chance. */
export function tarStart(): Buffer {
  return paxHeader("pax_global_header", entryTypes.paxGlobal, 0, paxRecord("comment", exportComment));
}

/** The bytes of one file in an archive: its headers, its content, zeros up to the next block. */
export function tarEntry({ path, content, modifiedAt, mediaType }: ArchivedFile): Buffer {
  const seconds = Math.floor(modifiedAt / 1000);
  const isPlain = /^[\x20-\x7e]{1,100}$/.test(path);
  const records: Buffer[] = [];
  if (!isPlain) records.push(paxRecord("path", path));
  if (mediaType !== undefined) records.push(paxRecord(mediaTypeKeyword, mediaType));
  const name = isPlain ? path : shortName(path);
  return Buffer.concat([
    ...(records.length === 0 ? [] : [paxHeader("PaxHeaders/file", entryTypes.pax, seconds, ...records)]),
    header(name, content.length, seconds, entryTypes.file),
    content,
    Buffer.alloc(paddingOf(content.length)),
  ]);
}

function paxHeader(name: string, type: string, seconds: number, ...records: Buffer[]): Buffer {
  const bytes = Buffer.concat(records);
  return Buffer.concat([
    header(name, bytes.length, seconds, type),
    bytes,
    Buffer.alloc(paddingOf(bytes.length)),
  ]);
}

/** What ends an archive. */
export function tarEnd(): Buffer {
  return Buffer.alloc(2 * blockBytes);
}

function header(name: string, sizeBytes: number, seconds: number, type: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  const put = (field: keyof typeof headerFields, text: string) =>
    block.write(text, headerFields[field][0], "latin1");
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put("name", name);
  put("mode", octal(0o644, 7));
  put("uid", octal(0, 7));
  put("gid", octal(0, 7));
  put("size", octal(sizeBytes, 11));
  put("mtime", octal(seconds, 11));
  put("type", type);
  put("magic", "ustar\x0000");
  put("checksum", `${octal(checksumOf(block), 6)}\0 `);
  return block;
}

/** `length name=value` and a newline; the length counts its own digits. */
function paxRecord(name: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${name}=${value}\n`);
  let length = rest + 1;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${name}=${value}\n`);
}

/** What a reader that knows no pax headers sees. */
function shortName(path: string): string {
  return path.replaceAll(/[^\x20-\x7e]/g, "_").slice(-100);
}
