import type { TargetRewriter } from "../content.ts";
import { writtenName, writtenPath } from "./document-target.ts";
import { linksOf } from "./links.ts";
import { parseDocument } from "./parse.ts";

/**
 * The same text with other targets in its links to documents: everything else, anchors and labels too, stays byte for
 * byte. The new targets are given as they are meant; what a target cannot hold is percent-encoded.
 */
export function rewriteLinks(markdown: string, rewriter: TargetRewriter): string {
  let text = "";
  let copied = 0;
  for (const { kind, target, targetStart, targetEnd } of linksOf(parseDocument(markdown))) {
    const changed = rewriter(target, kind);
    if (changed === undefined) continue;
    text += markdown.slice(copied, targetStart);
    text += kind === "wiki" ? writtenName(changed) : writtenPath(changed);
    copied = targetEnd;
  }
  return copied === 0 ? markdown : text + markdown.slice(copied);
}
