import type { TargetRewriter } from "../content.ts";
import { rewriteLinks } from "../render/rewrite-links.ts";
import { splitText } from "../text/front-matter.ts";
import {
  baseName,
  folderIndexes,
  folderOf,
  idOfTarget,
  linkKey,
  pathOfTarget,
  relativePath,
  rootsOf,
  wikiKey,
} from "./target.ts";

/** All that the new text of a document depends on, but for the text itself, when a document gets another id. */
export interface RenamePlan {
  readonly id: string;
  readonly to: string;
  /** What is written in place of names in wiki links, by their keys: those that mean the document by its id. */
  readonly names: ReadonlyMap<string, string>;
}

/**
 * The text of a document, the renamed one or another, with the links changed that have to.
 *
 * @param targets what is written in it as a path to the renamed document
 */
export function renamedText(plan: RenamePlan, id: string, text: string, targets: readonly string[]): string {
  const { head, body } = splitText(text);
  const meant = new Set(targets);
  return head + rewriteLinks(body, id === plan.id ? ownLinks(plan, meant) : linksFrom(plan, id, meant));
}

/** Links to the document. Those that find it by its title stay as they are, and go on finding it. */
function linksFrom(plan: RenamePlan, from: string, meant: ReadonlySet<string>): TargetRewriter {
  return (target, kind) => {
    if (kind === "wiki") return plan.names.get(wikiKey(target));
    return meant.has(target) ? changed(target, targetOfRenamed(plan, target, from, from)) : undefined;
  };
}

/** The document's own links: those to itself, and relative ones when it moves to another folder. */
function ownLinks(plan: RenamePlan, meant: ReadonlySet<string>): TargetRewriter {
  const { id, to, names } = plan;
  return (target, kind) => {
    if (kind === "wiki") return names.get(wikiKey(target));
    if (meant.has(target)) return changed(target, targetOfRenamed(plan, target, id, to));
    const before = pathOfTarget(target, id);
    if (before === undefined || pathOfTarget(target, to) === before) return undefined;
    const isFolder = target.endsWith("/") && before !== "";
    return relativePath(before, to) + (isFolder ? "/" : "");
  };
}

function changed(before: string, after: string): string | undefined {
  return before === after ? undefined : after;
}

/**
 * The target that leads to the document by its new id: a path stays relative or absolute, with its ending, as it was.
 *
 * @param from the id of the document that the link is in, and `now` the one that it then has
 */
function targetOfRenamed({ id, to }: RenamePlan, before: string, from: string, now: string): string {
  const [ending = ""] = /\.(?:md|markdown|html)$/i.exec(before) ?? [];
  const isIndex = folderIndexes.some((name) => name === linkKey(baseName(to)));
  const wasFolder = before.endsWith("/") || /(?:^|\/)\.{1,2}$/.test(before);
  const path =
    wasFolder && isIndex
      ? folderOf(to)
      : // Without an ending a name with a dot in it would be one of another file.
        `${to}${ending === "" && (wasFolder || baseName(to).includes(".")) ? ".md" : ending}`;
  if (!before.startsWith("/")) return relativePath(path, now);
  const root = rootOf(id, before, from);
  return path.startsWith(root) && now.startsWith(root) ? `/${path.slice(root.length)}` : `/${path}`;
}

/** The folder from which an absolute path has led to the document. */
function rootOf(id: string, target: string, from: string): string {
  const path = linkKey((idOfTarget(target, from) ?? "").replace(/\.html$/i, ""));
  const leads = (rest: string) => linkKey(rest) === path || linkKey(folderOf(rest).slice(0, -1)) === path;
  return rootsOf(from).find((root) => id.startsWith(root) && leads(id.slice(root.length))) ?? "";
}
