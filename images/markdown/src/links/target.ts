/**
 * How the target of a link finds its document.
 *
 * A Markdown link is a path: `[x](../setup.md)` in `guides/intro` means `setup`, `[x](/setup.md)` the same anywhere. A
 * wiki link is a name: `[[Getting started]]` means the document with that id, else with that as the last part of its
 * id, else with that title; case does not count, and spaces, hyphens and underscores are the same.
 */

/** The form in which ids, last parts and titles are compared with the names in wiki links. */
export function linkKey(name: string): string {
  return name
    .normalize("NFC")
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, "-");
}

/** The last part of an id. */
export function baseName(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** The folder of an id: `guides/` for `guides/intro`. */
function folderOf(id: string): string {
  return id.slice(0, id.lastIndexOf("/") + 1);
}

/** The id that the target of a Markdown link means in the document `from`; undefined when it leads out of the collection. */
export function idOfPath(target: string, from: string): string | undefined {
  const path = target.startsWith("/") ? target : `/${folderOf(from)}${target}`;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  const id = parts
    .join("/")
    .normalize("NFC")
    .replace(/\.(?:md|markdown)$/i, "");
  return id === "" ? undefined : id;
}

/** The shortest path from the document `from` to the document `to`, as a Markdown link's target. */
export function pathToId(to: string, from: string): string {
  const toParts = to.split("/");
  const fromParts = folderOf(from).split("/").slice(0, -1);
  let shared = 0;
  while (shared < fromParts.length && shared < toParts.length - 1 && fromParts[shared] === toParts[shared])
    shared++;
  return `${"../".repeat(fromParts.length - shared)}${toParts.slice(shared).join("/")}.md`;
}
