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
  readonly #hurry: Int32Array | undefined;
  /** Ends also as soon as somebody is in a hurry. */
  readonly untilHurry: Pick<TimeLimit, "check">;

  /** `hurry` is set to 1 by another thread. */
  constructor(budgetMs = Number.POSITIVE_INFINITY, hurry?: Int32Array) {
    this.#endsAtMs = performance.now() + budgetMs;
    this.#hurry = hurry;
    this.untilHurry = { check: () => this.#checkHurry() };
  }

  /** @throws WeftkitError `deadline_exceeded` */
  check(): void {
    if (performance.now() < this.#endsAtMs) return;
    throw new WeftkitError("deadline_exceeded", "the capture took longer than its deadline allows");
  }

  /** @throws WeftkitError `hurried` or `deadline_exceeded` */
  #checkHurry(): void {
    if (this.#hurry !== undefined && Atomics.load(this.#hurry, 0) !== 0) {
      throw new WeftkitError("hurried", "what can wait is given up");
    }
    this.check();
  }
}

/** Writes all pages. */
export async function writeBase(
  path: string,
  head: PieceHead,
  view: PageView,
  limit: Pick<TimeLimit, "check">,
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
  limit: Pick<TimeLimit, "check">,
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

/** Writes the pages that several deltas and this change touched, each whole; `checksum` is that of the database. */
export async function writeCompacted(
  path: string,
  head: PieceHead,
  change: Change,
  checksum: bigint,
  touched: ReadonlySet<number>,
  limit: Pick<TimeLimit, "check">,
): Promise<WrittenPages> {
  const pages = pagesToWrite(change, new Set([...touched, ...change.changed]));
  const { after } = change;
  const body = { pageSize: after.pageSize, pagesAfter: after.pageCount, pageCount: pages.length };
  return await write(path, head, body, (writer) => {
    for (const page of pages) {
      limit.check();
      writer.add(page, after.page(page));
    }
    return { checksum, pages };
  });
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
