import type { DocumentLink, LinkKind } from "../content.ts";
import { keyOfTarget } from "./target.ts";

/** One row of the table `links`. */
export interface LinkRow {
  readonly position: number;
  readonly kind: LinkKind;
  /** What finds what it leads to: of a wiki link the key of the name, of others that of the path (`keyOfTarget`). */
  readonly key: string;
  readonly target: string;
  readonly anchor: string | null;
  readonly label: string;
}

/** More links of one document than this are shown, but not followed back. */
const linksMax = 5000;
const labelMax = 256;

export function linkRowsOf(id: string, links: readonly DocumentLink[]): LinkRow[] {
  return links.slice(0, linksMax).flatMap(({ kind, target, anchor, label }, position) => {
    const key = keyOfTarget(target, kind, id);
    if (key === undefined) return [];
    return { position, kind, key, target, anchor: anchor ?? null, label: label.slice(0, labelMax) };
  });
}
