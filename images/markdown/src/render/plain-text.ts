import type { Token } from "markdown-it";
import sanitizeHtml from "sanitize-html";
import { droppedWithContent, withoutFilteredTags } from "./sanitize.ts";

/** The words of a whole document, a line for each block: code and image descriptions are in, HTML tags are not. */
export function plainTextOf(tokens: readonly Token[]): string {
  const blocks: string[] = [];
  for (const token of tokens) {
    const text = blockText(token).trim();
    if (text !== "") blocks.push(text);
  }
  return blocks.join("\n");
}

function blockText(token: Token): string {
  switch (token.type) {
    case "inline":
      return inlineText(token.children ?? []);
    case "fence":
    case "code_block":
      return token.content;
    case "html_block":
      return textOfHtml(token.content);
    default:
      return "";
  }
}

/** The words of a paragraph, a heading or a link's label. */
export function inlineText(tokens: readonly Token[]): string {
  let text = "";
  for (const token of tokens) {
    if (token.type === "text" || token.type === "code_inline") text += token.content;
    else if (token.type === "softbreak" || token.type === "hardbreak") text += "\n";
    else if (token.type === "image") text += inlineText(token.children ?? []);
  }
  return text;
}

const entities: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' };

function textOfHtml(html: string): string {
  const text = sanitizeHtml(withoutFilteredTags(html), {
    allowedTags: [],
    nonTextTags: [...droppedWithContent],
  });
  return text.replace(/&(?:amp|lt|gt|quot);/g, (entity) => entities[entity]!);
}
