import { escapeHtml } from "@weftkit/http";
import type { RenderOptions } from "../content.ts";
import { localTargetOf } from "./document-target.ts";
import { withAnchor } from "./headings.ts";
import { parser } from "./parser.ts";

/** The address of an image or a link in raw HTML: what stands before it, its quote, and itself. */
const addressPattern =
  /(<(?:img|a)\b(?:\s+[\w:-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*?\s+(?:src|href)\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))/gi;

/** Raw HTML whose images and links lead to what they mean in the collection. It is not sanitised here. */
export function withAddresses(html: string, { resolve }: RenderOptions): string {
  if (!html.includes("<")) return html;
  return html.replace(
    addressPattern,
    (all, before: string, double?: string, single?: string, bare?: string) => {
      const local = localTargetOf(withoutEntities(double ?? single ?? bare ?? ""), /^<img/i.test(before));
      const address = local && resolve(local.target, local.kind);
      if (address === undefined) return all;
      return `${before}"${escapeHtml(withAnchor(address, local?.anchor))}"`;
    },
  );
}

/** The parser's function reads backslashes as Markdown does, which in HTML are characters. */
function withoutEntities(attribute: string): string {
  return parser.utils.unescapeAll(attribute.replaceAll("\\", "\\\\"));
}
