import { blockBytes, checksumOf, entryTypes, headerFields, paddingOf } from "./tar-format.ts";

/** A file in an archive. */
export interface TarFile {
  readonly path: string;
  readonly content: Buffer;
  /** Milliseconds since the Unix epoch. */
  readonly modifiedAt: number;
}

/** The bytes of one file in an archive: its headers, its content, zeros up to the next block. */
export function tarEntry({ path, content, modifiedAt }: TarFile): Buffer {
  const seconds = Math.floor(modifiedAt / 1000);
  const padded = [content, Buffer.alloc(paddingOf(content.length))];
  const isPlain = /^[\x20-\x7e]{1,100}$/.test(path);
  if (isPlain) return Buffer.concat([header(path, content.length, seconds, entryTypes.file), ...padded]);
  const record = paxRecord("path", path);
  return Buffer.concat([
    header("PaxHeaders/path", record.length, seconds, entryTypes.pax),
    record,
    Buffer.alloc(paddingOf(record.length)),
    header(shortName(path), content.length, seconds, entryTypes.file),
    ...padded,
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
