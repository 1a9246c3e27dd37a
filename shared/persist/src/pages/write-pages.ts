import { WeftkitError } from "@weftkit/core";
import {
  DatabaseChecksum,
  hashPage,
  lockPage,
  PagesBodyWriter,
  type PieceHeader,
  PieceWriter,
} from "../piece/index.ts";
import type { PageView } from "./page-view.ts";

/** What a piece's header says besides its pages. */
export type PieceHead = Omit<PieceHeader, "body">;

export interface WrittenPages {
  readonly bytes: number;
  readonly sha256: string;
  /** Of the database after the piece. */
  readonly checksum: bigint;
  /** What the piece holds, ascending; empty for a base, which holds all. */
  readonly pages: readonly number[];
}

/** What changed from one captured state to the next. */
export interface Change {
  readonly before: PageView;
  readonly beforeChecksum: bigint;
  readonly after: PageView;
  /** Pages with a frame in the log. */
  readonly changed: ReadonlySet<number>;
}

/** Ends the work when its time is over; asked between pages. */
export class TimeLimit {
  readonly #endsAtMs: number;

  constructor(budgetMs = Number.POSITIVE_INFINITY) {
    this.#endsAtMs = performance.now() + budgetMs;
  }

  check(): void {
    if (performance.now() < this.#endsAtMs) return;
    throw new WeftkitError("deadline_exceeded", "the capture took longer than its deadline allows");
  }
}

/** Writes all pages. */
export async function writeBase(
  path: string,
  head: PieceHead,
  view: PageView,
  limit: TimeLimit,
): Promise<WrittenPages> {
  const { pageSize, pageCount: pagesAfter } = view;
  const pageCount = pagesAfter >= lockPage(pageSize) ? pagesAfter - 1 : pagesAfter;
  const checksum = new DatabaseChecksum();
  return await write(path, head, { pageSize, pagesAfter, pageCount }, (body) => {
    for (const { page, content } of view.all()) {
      limit.check();
      checksum.add(page, hashPage(content));
      body.add(page, content);
    }
    return { checksum: checksum.value, pages: [] };
  });
}

/** Writes the pages that changed, each with its earlier version as the dictionary. */
export async function writeDelta(
  path: string,
  head: PieceHead,
  change: Change,
  limit: TimeLimit,
): Promise<WrittenPages> {
  const pages = pagesToWrite(change, change.changed);
  const { before, after } = change;
  const body = { pageSize: after.pageSize, pagesAfter: after.pageCount, pageCount: pages.length };
  return await write(path, head, body, (writer) => {
    const checksum = new DatabaseChecksum(change.beforeChecksum);
    for (const page of pages) {
      limit.check();
      const content = after.page(page);
      const earlier = page <= before.pageCount ? before.page(page) : undefined;
      const earlierHash = earlier && hashPage(earlier);
      if (earlierHash !== undefined) checksum.remove(page, earlierHash);
      checksum.add(page, hashPage(content));
      writer.add(page, content, earlier && { content: earlier, hash: earlierHash! });
    }
    removeCutOff(checksum, change);
    return { checksum: checksum.value, pages };
  });
}

/** Writes the pages that several deltas and this change touched, each whole. */
export async function writeCompacted(
  path: string,
  head: PieceHead,
  change: Change,
  touched: ReadonlySet<number>,
  limit: TimeLimit,
): Promise<WrittenPages> {
  const pages = pagesToWrite(change, new Set([...touched, ...change.changed]));
  const { after } = change;
  const body = { pageSize: after.pageSize, pagesAfter: after.pageCount, pageCount: pages.length };
  const checksum = checksumAfter(change, limit);
  return await write(path, head, body, (writer) => {
    for (const page of pages) {
      limit.check();
      writer.add(page, after.page(page));
    }
    return { checksum, pages };
  });
}

/** The checksum after the change, from the versions of the changed pages alone. */
export function checksumAfter(change: Change, limit: TimeLimit): bigint {
  const checksum = new DatabaseChecksum(change.beforeChecksum);
  for (const page of pagesToWrite(change, change.changed)) {
    limit.check();
    if (page <= change.before.pageCount) checksum.remove(page, hashPage(change.before.page(page)));
    checksum.add(page, hashPage(change.after.page(page)));
  }
  removeCutOff(checksum, change);
  return checksum.value;
}

/**
 * The pages of `touched` that the database still has, and all that it has gained: SQLite writes no frame for a page
 * that was added and freed in one transaction, and what a restore has there must not be left to chance.
 */
function pagesToWrite({ before, after }: Change, touched: ReadonlySet<number>): number[] {
  const pages = [...touched].filter((page) => page <= after.pageCount);
  for (let page = before.pageCount + 1; page <= after.pageCount; page++) {
    if (!touched.has(page)) pages.push(page);
  }
  return pages.filter((page) => page !== lockPage(after.pageSize)).sort((one, other) => one - other);
}

function removeCutOff(checksum: DatabaseChecksum, { before, after }: Change): void {
  for (let page = after.pageCount + 1; page <= before.pageCount; page++) {
    if (page !== lockPage(after.pageSize)) checksum.remove(page, hashPage(before.page(page)));
  }
}

/** Writes one piece, or nothing. */
async function write(
  path: string,
  head: PieceHead,
  body: { pageSize: number; pagesAfter: number; pageCount: number },
  fill: (body: PagesBodyWriter) => { checksum: bigint; pages: readonly number[] },
): Promise<WrittenPages> {
  const writer = PieceWriter.create(path, { ...head, body: { stream: "pages", ...body } });
  try {
    const pages = new PagesBodyWriter(writer, body.pageSize);
    const filled = fill(pages);
    pages.flush();
    return { ...(await writer.finish(filled.checksum)), ...filled };
  } catch (error) {
    writer.discard();
    throw error;
  }
}
