import { invalidArchive } from "../problems.ts";
import { notAFile, type ReadFile, type ReadOther } from "./read-file.ts";
import {
  blockBytes,
  checksumOf,
  entryTypes,
  exportComment,
  headerFields,
  mediaTypeKeyword,
  paddingOf,
} from "./tar-format.ts";

const paxHeaderMax = 65_536;

/**
 * Reads an archive as it arrives: one file at a time is in memory. Folders are passed over.
 *
 * @throws Problem `invalid-archive`
 */
export async function* readTar(
  source: AsyncIterable<Buffer>,
  fileBytesMax: number,
): AsyncGenerator<ReadFile | ReadOther> {
  const input = new BlockReader(source);
  let longName: string | undefined;
  let mediaType: string | undefined;
  let isExported = false;
  for (;;) {
    const header = await input.take(blockBytes);
    if (header === undefined) throw invalidArchive("the archive ends before its end: it was cut off");
    if (header.every((byte) => byte === 0)) {
      await input.drain();
      return;
    }
    const { path, sizeBytes, type } = readHeader(header);
    if (type === entryTypes.pax || type === entryTypes.gnuLongName || type === entryTypes.paxGlobal) {
      if (sizeBytes > paxHeaderMax) throw invalidArchive("a header of the archive is too long");
      const bytes = await content(input, sizeBytes);
      if (type === entryTypes.gnuLongName) longName = bytes.toString().replace(/\0.*$/s, "");
      else if (type === entryTypes.paxGlobal)
        isExported ||= paxRecords(bytes).get("comment") === exportComment;
      else {
        const records = paxRecords(bytes);
        longName = records.get("path") ?? longName;
        mediaType = records.get(mediaTypeKeyword) ?? mediaType;
      }
      continue;
    }
    const own = { path: longName ?? path, mediaType, isExported };
    longName = undefined;
    mediaType = undefined;
    if (type === entryTypes.file || type === entryTypes.oldFile) {
      const isTooLarge = sizeBytes > fileBytesMax;
      if (isTooLarge) await input.skip(sizeBytes + paddingOf(sizeBytes));
      yield { ...own, sizeBytes, content: isTooLarge ? undefined : await content(input, sizeBytes) };
      continue;
    }
    await input.skip(sizeBytes + paddingOf(sizeBytes));
    if (type !== entryTypes.folder) yield { path: own.path, reason: notAFile, isExported };
  }
}

async function content(input: BlockReader, sizeBytes: number): Promise<Buffer> {
  const bytes = await input.take(sizeBytes + paddingOf(sizeBytes));
  if (bytes === undefined) throw invalidArchive("the archive ends inside a file: it was cut off");
  return bytes.subarray(0, sizeBytes);
}

function readHeader(header: Buffer): { path: string; sizeBytes: number; type: string } {
  const text = (field: keyof typeof headerFields) => {
    const [start, length] = headerFields[field];
    const bytes = header.subarray(start, start + length);
    const end = bytes.indexOf(0);
    return bytes.toString("utf8", 0, end === -1 ? length : end);
  };
  const sum = Number.parseInt(text("checksum").trim(), 8);
  if (sum !== checksumOf(header)) throw invalidArchive("the body is not a tar archive, or a damaged one");
  const size = text("size").trim();
  if (!/^[0-7]{0,11}$/.test(size)) throw invalidArchive("a file of the archive is too large");
  const prefix =
    text("magic").startsWith("ustar") && header[headerFields.magic[0] + 5] === 0 ? text("prefix") : "";
  return {
    path: prefix === "" ? text("name") : `${prefix}/${text("name")}`,
    sizeBytes: size === "" ? 0 : Number.parseInt(size, 8),
    type: String.fromCharCode(header[headerFields.type[0]]!),
  };
}

/** What a pax header says: records of `length name=value` and a newline, where the length is that of all of it. */
function paxRecords(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let start = 0; start < bytes.length; ) {
    const length = /^(\d{1,6}) /.exec(bytes.toString("latin1", start, start + 7));
    const end = start + Number(length?.[1] ?? 0);
    const record = length === null ? "" : bytes.toString("utf8", start + length[0].length, end - 1);
    const equals = record.indexOf("=");
    if (equals < 1 || end > bytes.length || bytes[end - 1] !== 0x0a) {
      throw invalidArchive("a header of the archive is damaged");
    }
    records.set(record.slice(0, equals), record.slice(equals + 1));
    start = end;
  }
  return records;
}

/** Bytes of a stream, in the lengths that are asked for. */
class BlockReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes; undefined when there are not so many. */
  async take(count: number): Promise<Buffer | undefined> {
    while (this.#heldBytes < count) if (!(await this.#more())) return undefined;
    const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    this.#hold(all.subarray(count));
    return all.subarray(0, count);
  }

  async skip(count: number): Promise<void> {
    let left = count;
    while (left > this.#heldBytes) {
      left -= this.#heldBytes;
      this.#hold(Buffer.alloc(0));
      if (!(await this.#more())) throw invalidArchive("the archive ends inside a file: it was cut off");
    }
    await this.take(left);
  }

  /** Reads what follows and forgets it. */
  async drain(): Promise<void> {
    do this.#hold(Buffer.alloc(0));
    while (await this.#more());
  }

  #hold(bytes: Buffer): void {
    this.#held = bytes.length === 0 ? [] : [bytes];
    this.#heldBytes = bytes.length;
  }

  async #more(): Promise<boolean> {
    const { value, done } = await this.#source.next();
    if (done === true) return false;
    this.#held.push(value);
    this.#heldBytes += value.length;
    return true;
  }
}
