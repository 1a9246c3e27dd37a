import type { Cursors } from "@weftkit/http";

/** What is listed page by page. */
export interface Listing<Item, Position> {
  /** Cursors are bound to it: one of another listing is refused. */
  readonly name: string;
  /** What the first page comes after. */
  readonly start: Position;
  /** At most `limit` items, in order, after a position. */
  readonly list: (after: Position, limit: number) => readonly Item[];
  readonly positionOf: (item: Item) => Position;
}

/**
 * One page, and the cursor of the next: null when this one is not full. A last page that is full has one too, to an
 * empty page.
 *
 * @throws Problem `invalid-cursor`
 */
export function pageOf<Item, Position>(
  cursors: Cursors,
  { limit = 100, cursor }: { readonly limit?: number; readonly cursor?: string },
  { name, start, list, positionOf }: Listing<Item, Position>,
): { readonly items: readonly Item[]; readonly next: string | null } {
  const after = cursor === undefined ? start : (cursors.read(name, cursor) as Position);
  const items = list(after, limit);
  const last = items.length === limit ? items.at(-1) : undefined;
  return { items, next: last === undefined ? null : cursors.write(name, positionOf(last)) };
}
