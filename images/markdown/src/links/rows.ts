import type { DocumentLink } from "../content.ts";
import { idOfPath, linkKey } from "./target.ts";

/** One row of the table `links`. */
export interface LinkRow {
  readonly position: number;
  readonly kind: DocumentLink["kind"];
  /** What finds the document: of a Markdown link the id, of a wiki link the key of the name. */
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
    const key = kind === "wiki" ? linkKey(target) : idOfPath(target, id);
    if (key === undefined || key === "") return [];
    return { position, kind, key, target, anchor: anchor ?? null, label: label.slice(0, labelMax) };
  });
}
