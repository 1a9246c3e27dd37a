/** The newest version of each page in a run of frames of the log. */
export class NewestFrames {
  /** Page number to the frame (from 1) that holds its newest version. */
  readonly pages: Map<number, number>;
  /** Pages that a later commit has cut off the database's end, and no later frame holds. */
  readonly #cutOff: Set<number>;
  #pageCount = 0;

  constructor(earlier?: NewestFrames) {
    this.pages = new Map(earlier?.pages);
    this.#cutOff = new Set(earlier?.cutOff);
    this.#pageCount = earlier?.pageCount ?? 0;
  }

  get cutOff(): ReadonlySet<number> {
    return this.#cutOff;
  }

  /** Pages of the database after the last commit; 0 where there was none. */
  get pageCount(): number {
    return this.#pageCount;
  }

  /** The pages whose newest version is in a frame after `frame`. */
  pagesAfter(frame: number): Set<number> {
    const pages = new Set<number>();
    for (const [page, newest] of this.pages) if (newest > frame) pages.add(page);
    return pages;
  }

  /** Adds the next frame; `pagesAfterCommit` is 0 where it ends no commit. */
  add(frame: number, page: number, pagesAfterCommit: number): void {
    this.pages.set(page, frame);
    this.#cutOff.delete(page);
    if (pagesAfterCommit === 0) return;
    if (pagesAfterCommit < this.#pageCount) {
      for (const known of this.pages.keys()) if (known > pagesAfterCommit) this.#cutOff.add(known);
    }
    this.#pageCount = pagesAfterCommit;
  }

  /**
   * Whether the database has pages again that were cut off and not written since. Such a page is free and its content
   * nobody's: whether a checkpoint moves its old frame into the database depends on when it ran.
   */
  hasUnwrittenPages(): boolean {
    for (const page of this.#cutOff) if (page <= this.#pageCount) return true;
    return false;
  }
}
