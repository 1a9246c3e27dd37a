import type { LinkKind } from "../content.ts";

/**
 * How the target of a link finds what it means.
 *
 * A Markdown link is a path: `[x](../setup.md)` in `guides/intro` means `setup`, `[x](/setup.md)` the same anywhere;
 * `[x](guides/)` means the folder's `index` or `README`; where there is none of exactly that name, case does not count,
 * and spaces, hyphens and underscores are the same. A path that begins with a slash is looked for from the root of the
 * collection, then from the folders that the document is in, the outermost first: sites have their content in one
 * (`content/`, `src/`), and write their links from there. A wiki link is a name: `[[Getting started]]` means the document with
 * that id, else with that as the last part of its id, else with that title, compared in the same way.
 */

/** The form in which ids, last parts and titles are compared with what links say. */
export function linkKey(name: string): string {
  return name
    .normalize("NFC")
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, "-");
}

/** The names of the document that a folder's address shows, in the order of preference. */
export const folderIndexes = ["index", "readme"] as const;

/** The last part of an id or a path. */
export function baseName(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** The folder of an id: `guides/` for `guides/intro`. */
export function folderOf(id: string): string {
  return id.slice(0, id.lastIndexOf("/") + 1);
}

/** So many folders of a document may be the root of its links. */
const rootsMax = 8;

/** Where paths that begin with a slash may begin in a document: `""`, `content/`, `content/en/`. */
export function rootsOf(from: string): string[] {
  const parts = folderOf(from).split("/").slice(0, -1);
  const roots = parts.slice(0, rootsMax).map((_, index) => `${parts.slice(0, index + 1).join("/")}/`);
  return ["", ...roots];
}

/** What finds the rows of a link in the table `links`; undefined when it leads out of the collection. */
export function keyOfTarget(target: string, kind: LinkKind, from: string): string | undefined {
  if (kind === "wiki") return wikiKey(target);
  if (kind === "file") return pathOfTarget(target, from);
  const id = idOfTarget(target, from);
  return id === undefined ? undefined : linkKey(id);
}

/** The key of the name in a wiki link; some write the ending of the file, too. */
export function wikiKey(target: string): string {
  return linkKey(withoutEnding(target));
}

/** The path that the target of a link means in the document `from`, empty for the folder of all. */
export function pathOfTarget(target: string, from: string): string | undefined {
  const path = target.startsWith("/") ? target : `/${folderOf(from)}${target}`;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/").normalize("NFC");
}

/** The id that the target of a Markdown link means. */
export function idOfTarget(target: string, from: string): string | undefined {
  const path = pathOfTarget(target, from);
  return path === undefined ? undefined : withoutEnding(path);
}

/** A path without the ending of a document's file. */
export function withoutEnding(path: string): string {
  return path.replace(/\.(?:md|markdown)$/i, "");
}

/** The shortest path from the document `from` to a path, as a link's target. */
export function relativePath(path: string, from: string): string {
  const toParts = path.split("/");
  const fromParts = folderOf(from).split("/").slice(0, -1);
  let shared = 0;
  while (shared < fromParts.length && shared < toParts.length - 1 && fromParts[shared] === toParts[shared])
    shared++;
  const relative = `${"../".repeat(fromParts.length - shared)}${toParts.slice(shared).join("/")}`;
  return relative === "" ? "./" : relative;
}
