import Markdown, { type MarkdownIt } from "markdown-it";
import { configureAutolinks } from "./autolinks.ts";
import { traceBlocks } from "./block-state.ts";
import { traceLinks } from "./inline-state.ts";
import { alignByAttribute } from "./tables.ts";
import { addTaskLists } from "./task-lists.ts";
import { addWikiLinks } from "./wiki-links.ts";

/**
 * Block quotes, lists and inline markup are followed this deep; what is nested deeper is left out of the page. People
 * write five levels, hostile documents fifty thousand.
 */
const nestingMax = 100;

/**
 * CommonMark with GFM's tables, task lists, strikethrough and autolinks, and wiki links. Raw HTML goes through: what
 * makes a page of it sanitises.
 */
export function createParser(): MarkdownIt {
  const md = Markdown({ html: true, xhtmlOut: true, linkify: true, maxNesting: nestingMax });
  traceBlocks(md);
  traceLinks(md);
  addWikiLinks(md);
  addTaskLists(md);
  alignByAttribute(md);
  // GFM's element: the text is deleted, not merely wrong.
  md.renderer.rules.s_open = () => "<del>";
  md.renderer.rules.s_close = () => "</del>";
  configureAutolinks(md);
  return md;
}

/** Keeps no state between documents, so there is one. */
export const parser = createParser();
