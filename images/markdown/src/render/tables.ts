import type { MarkdownIt } from "markdown-it";

/** Writes the alignment of a table's column as GFM does, by `align`: the page allows no `style`. */
export function alignByAttribute(md: MarkdownIt): void {
  md.core.ruler.after("block", "table_alignment", ({ tokens }) => {
    for (const token of tokens) {
      if (token.type !== "td_open" && token.type !== "th_open") continue;
      const style = token.attrGet("style");
      if (typeof style === "string") token.attrs = [["align", style.replace("text-align:", "")]];
    }
  });
}
