import type { TargetRewriter } from "../content.ts";
import { rewriteLinks } from "../render/rewrite-links.ts";
import { splitText } from "../text/front-matter.ts";
import { idOfPath, linkKey, pathToId } from "./target.ts";

/** All that the new text of a document depends on, but for the text itself, when a document gets another id. */
export interface RenamePlan {
  readonly id: string;
  readonly to: string;
  /** What is written in place of names in wiki links, by their keys: those that mean the document by its id. */
  readonly names: ReadonlyMap<string, string>;
}

/** The text of a document, the renamed one or another, with the links changed that have to. */
export function renamedText(plan: RenamePlan, id: string, text: string): string {
  const { head, body } = splitText(text);
  return head + rewriteLinks(body, id === plan.id ? ownLinks(plan) : linksFrom(plan, id));
}

/** Links to the document. Those that find it by its title stay as they are, and go on finding it. */
function linksFrom(plan: RenamePlan, from: string): TargetRewriter {
  return (target, kind) => {
    if (kind === "wiki") return plan.names.get(linkKey(target));
    return idOfPath(target, from) === plan.id ? markdownTarget(target, plan.to, from) : undefined;
  };
}

/** The document's own links: those to itself, and relative ones when it moves to another folder. */
function ownLinks({ id, to, names }: RenamePlan): TargetRewriter {
  return (target, kind) => {
    if (kind === "wiki") return names.get(linkKey(target));
    const before = idOfPath(target, id);
    if (before === undefined) return undefined;
    const meant = before === id ? to : before;
    return idOfPath(target, to) === meant ? undefined : markdownTarget(target, meant, to);
  };
}

/** A path stays relative or absolute, as it was. */
function markdownTarget(before: string, to: string, from: string): string {
  return before.startsWith("/") ? `/${to}.md` : pathToId(to, from);
}
