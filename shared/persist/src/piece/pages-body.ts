import { dictionaryOf, packBlock, unpackBlock } from "./block.ts";
import { BLOCK_PAGES_MAX, lockPage, type PagesBody, type PieceHeader, pieceDamaged } from "./format.ts";
import type { PageHash } from "./page-hash.ts";
import type { PieceReader, StoredBlock } from "./reader.ts";
import type { PieceWriter } from "./writer.ts";

/**
 * How much is compressed together: 16 pages of 4096 bytes. Against one page at a time a delta is half as large and
 * takes half the time; more gains nothing.
 */
const GROUP_BYTES = 1 << 16;

/** The version of a page that the reader of the piece has already. */
export interface EarlierPage {
  readonly content: Uint8Array;
  readonly hash: PageHash;
}

interface GatheredPage {
  readonly page: number;
  readonly content: Uint8Array;
  readonly earlier: EarlierPage | undefined;
}

/** Writes a body of pages: ascending, gathered into groups that are compressed with their earlier versions. */
export class PagesBodyWriter {
  readonly #writer: PieceWriter;
  readonly #groupPages: number;
  readonly #group: GatheredPage[] = [];

  constructor(writer: PieceWriter, pageSize: number) {
    this.#writer = writer;
    this.#groupPages = Math.min(BLOCK_PAGES_MAX, Math.max(1, GROUP_BYTES / pageSize));
  }

  /** Adds a page; its number is above those before it. The contents are kept until the group is full. */
  add(page: number, content: Uint8Array, earlier?: EarlierPage): void {
    this.#group.push({ page, content, earlier });
    if (this.#group.length === this.#groupPages) this.flush();
  }

  /** Writes the last group, which may be smaller. */
  flush(): void {
    if (this.#group.length === 0) return;
    const group = this.#group;
    const table = encodeTable(group);
    const content = Buffer.concat(group.map(({ content }) => content));
    const dictionary = dictionaryOf(group.flatMap(({ earlier }) => earlier?.content ?? []));
    this.#writer.appendPages(group.length, table, content.length, packBlock(content, dictionary));
    group.length = 0;
  }
}

/** A block of a body of pages. */
export interface PageBlock {
  /** Ascending. */
  readonly numbers: readonly number[];
  /** For each page the hash of the version it builds on, or undefined where it stands alone. */
  readonly bases: readonly (PageHash | undefined)[];
  /**
   * The contents of the pages, one behind the other. `earlier` are the versions that `bases` name, in order.
   *
   * @throws WeftkitError `piece_damaged`
   */
  decode(earlier: readonly Uint8Array[]): Buffer;
}

/**
 * The blocks of a body of pages; each is used before the next is asked for.
 *
 * @throws WeftkitError `piece_damaged` when the pages are not ascending, beyond the database, or build on others
 * where they must not
 */
export function* pageBlocks(reader: PieceReader): Generator<PageBlock> {
  const { kind, body } = reader.header;
  if (body.stream !== "pages") throw pieceDamaged("it holds no pages");
  let last = 0;
  for (const block of reader.blocks()) {
    const { numbers, bases } = decodeTable(block);
    for (const page of numbers) {
      checkPage(page, last, body);
      last = page;
    }
    checkBases(kind, bases);
    const decode = (earlier: readonly Uint8Array[]) =>
      unpackBlock(block, block.stored, dictionaryOf(earlier));
    yield { numbers, bases, decode };
  }
}

function encodeTable(group: readonly GatheredPage[]): Buffer {
  const withEarlier = group.filter(({ earlier }) => earlier !== undefined);
  const bytes = Buffer.alloc(8 + group.length * 4 + withEarlier.length * 8);
  let mask = 0n;
  group.forEach(({ page, earlier }, index) => {
    if (earlier !== undefined) mask |= 1n << BigInt(index);
    bytes.writeUInt32LE(page, 8 + index * 4);
  });
  bytes.writeBigUInt64LE(mask, 0);
  withEarlier.forEach(({ earlier }, index) => {
    const at = 8 + group.length * 4 + index * 8;
    bytes.writeUInt32LE(earlier!.hash.low, at);
    bytes.writeUInt32LE(earlier!.hash.high, at + 4);
  });
  return bytes;
}

function decodeTable({ table, pageCount }: StoredBlock): Pick<PageBlock, "numbers" | "bases"> {
  const mask = table.readBigUInt64LE(0);
  if (mask >> BigInt(pageCount) !== 0n) throw pieceDamaged("a block names more pages than it has");
  const numbers: number[] = [];
  const bases: (PageHash | undefined)[] = [];
  let at = 8 + pageCount * 4;
  for (let index = 0; index < pageCount; index++) {
    numbers.push(table.readUInt32LE(8 + index * 4));
    const hasBase = ((mask >> BigInt(index)) & 1n) === 1n;
    bases.push(hasBase ? { low: table.readUInt32LE(at), high: table.readUInt32LE(at + 4) } : undefined);
    if (hasBase) at += 8;
  }
  return { numbers, bases };
}

function checkPage(page: number, last: number, { pagesAfter, pageSize }: PagesBody): void {
  if (page <= last) throw pieceDamaged(`page ${page} comes after page ${last}`);
  if (page > pagesAfter) throw pieceDamaged(`page ${page} is behind the database's end`);
  if (page === lockPage(pageSize)) throw pieceDamaged(`page ${page} holds SQLite's lock byte`);
}

/** What stands for several pieces cannot build on a version between them. */
function checkBases(kind: PieceHeader["kind"], bases: PageBlock["bases"]): void {
  if (kind !== "delta" && bases.some((base) => base !== undefined)) {
    throw pieceDamaged(`a page of a ${kind} piece builds on an earlier one`);
  }
}
