import { promisify } from "node:util";
import { crc32, deflateRaw } from "node:zlib";
import { exportComment } from "./tar-format.ts";
import type { ArchivedFile, ArchiveWriter } from "./write-archive.ts";
import { extraFields, fileTypes, madeBy, methods, seeWide, signatures, utf8Flag } from "./zip-format.ts";

const compress = promisify(deflateRaw);

const versionNeeded = 20;
const versionOfWide = 45;

/** What the header and the record of a file both say, from the version needed on to the length of its name. */
interface Described {
  readonly name: Buffer;
  readonly common: Buffer;
  readonly times: Buffer;
}

/** Writes a zip archive. Of what was written only the directory is kept, some 100 bytes a file. */
export class ZipWriter implements ArchiveWriter {
  readonly #records: Buffer[] = [];
  #offset: number;

  /** @param offset where the archive begins: other than 0 only to try what is beyond 4 GiB */
  constructor(offset = 0) {
    this.#offset = offset;
  }

  start(): Buffer {
    return Buffer.alloc(0);
  }

  async file(file: ArchivedFile): Promise<Buffer> {
    const deflated = (await compress(file.content)) as Buffer;
    const isSmaller = deflated.length < file.content.length;
    const data = isSmaller ? deflated : file.content;
    const described = describe(file, isSmaller ? methods.deflated : methods.stored, data.length);
    const header = Buffer.concat([
      u32(signatures.file),
      described.common,
      u16(described.times.length),
      described.name,
      described.times,
    ]);
    this.#records.push(recordOf(described, file.mediaType ?? "", this.#offset));
    this.#offset += header.length + data.length;
    return Buffer.concat([header, data]);
  }

  end(): Buffer {
    const directory = Buffer.concat(this.#records);
    const count = this.#records.length;
    const comment = Buffer.from(exportComment);
    const end = Buffer.concat([
      u32(signatures.end),
      u16(0), // this disk
      u16(0), // the disk with the directory
      u16(Math.min(count, seeWide.bits16)),
      u16(Math.min(count, seeWide.bits16)),
      u32(Math.min(directory.length, seeWide.bits32)),
      u32(Math.min(this.#offset, seeWide.bits32)),
      u16(comment.length),
      comment,
    ]);
    const isWide =
      count >= seeWide.bits16 || directory.length >= seeWide.bits32 || this.#offset >= seeWide.bits32;
    return Buffer.concat([directory, ...(isWide ? wideEnd(count, directory.length, this.#offset) : []), end]);
  }
}

function describe({ path, content, modifiedAt }: ArchivedFile, method: number, packed: number): Described {
  const name = Buffer.from(path);
  const { date, time } = dosTime(modifiedAt);
  const common = Buffer.concat([
    u16(versionNeeded),
    u16(utf8Flag),
    u16(method),
    u16(time),
    u16(date),
    u32(crc32(content)),
    u32(packed),
    u32(content.length),
    u16(name.length),
  ]);
  const hasModified = 1;
  const seconds = Math.min(Math.max(Math.floor(modifiedAt / 1000), 0), 0x7fffffff);
  const times = Buffer.concat([u16(extraFields.times), u16(5), Buffer.of(hasModified), u32(seconds)]);
  return { name, common, times };
}

function recordOf({ name, common, times }: Described, mediaType: string, offset: number): Buffer {
  const isWide = offset >= seeWide.bits32;
  const wide = isWide ? Buffer.concat([u16(extraFields.wide), u16(8), u64(offset)]) : Buffer.alloc(0);
  const comment = Buffer.from(mediaType);
  return Buffer.concat([
    u32(signatures.record),
    u16(madeBy),
    isWide ? Buffer.concat([u16(versionOfWide), common.subarray(2)]) : common,
    u16(times.length + wide.length),
    u16(comment.length),
    u16(0), // the disk that it begins on
    u16(0), // internal attributes
    u32((fileTypes.file | 0o644) * 0x10000),
    u32(Math.min(offset, seeWide.bits32)),
    name,
    times,
    wide,
    comment,
  ]);
}

function wideEnd(count: number, directoryBytes: number, offset: number): Buffer[] {
  const bytesAfterThis = 44;
  return [
    u32(signatures.wideEnd),
    u64(bytesAfterThis),
    u16(madeBy),
    u16(versionOfWide),
    u32(0), // this disk
    u32(0), // the disk with the directory
    u64(count),
    u64(count),
    u64(directoryBytes),
    u64(offset),
    u32(signatures.wideEndLocator),
    u32(0), // the disk with the wide end
    u64(offset + directoryBytes),
    u32(1), // disks
  ];
}

/** Date and time as DOS has them, in UTC: years from 1980 on, two seconds. */
function dosTime(ms: number): { date: number; time: number } {
  const at = new Date(Math.min(Math.max(ms, Date.UTC(1980, 0, 1)), Date.UTC(2107, 11, 31)));
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  return { date, time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1) };
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
