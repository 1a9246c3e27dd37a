import type { IncomingHttpHeaders } from "node:http";
import { preconditionsOf, problems } from "@weftkit/http";
import type { StoredDocument } from "../storage/documents.ts";

type Tagged = Pick<StoredDocument, "row" | "version" | "deletedAt">;

/**
 * The entity tag of a document in a representation: `"5-3"` is version 3, `"5-3.md"` its text as Markdown. The first
 * number keeps a document that was purged and written again from having the tags of the one before.
 */
export function entityTag({ row, version }: Pick<Tagged, "row" | "version">, representation = ""): string {
  return `"${row.toString(36)}-${version}${representation}"`;
}

/**
 * Whether what is there now is what the client wants to change: `If-Match` and `If-None-Match` of a write. The tag of any
 * representation names the version.
 *
 * @throws Problem `precondition-failed`
 */
export function requirePreconditions(headers: IncomingHttpHeaders, current: Tagged | undefined): void {
  const live = current?.deletedAt === null ? current : undefined;
  const tag = live && entityTag(live);
  const now = live === undefined ? "it does not exist" : `its current version is ${live.version}, ${tag}`;
  requireTag(headers, tag, "the document", now);
}

/**
 * The same of what has no versions.
 *
 * @param tag undefined when it does not exist
 * @throws Problem `precondition-failed`
 */
export function requireTag(
  headers: IncomingHttpHeaders,
  tag: string | undefined,
  what: string,
  now = tag === undefined ? "it does not exist" : `its tag is now ${tag}`,
): void {
  const { ifMatch, ifNoneMatch } = preconditionsOf(headers);
  const opaque = tag?.slice(1, -1);
  const names = (tags: "*" | readonly string[]) =>
    opaque !== undefined && (tags === "*" || tags.some((given) => given.replace(/\.\w+$/, "") === opaque));
  if (ifMatch !== undefined && !names(ifMatch)) {
    throw problems.preconditionFailed(`${what} is not the one of If-Match: ${now}; read it again`);
  }
  if (ifNoneMatch !== undefined && names(ifNoneMatch)) {
    throw problems.preconditionFailed(`${what} is there already: ${now}`);
  }
}

/** Whether the client has this representation already (304). */
export function isKnown(headers: IncomingHttpHeaders, tag: string): boolean {
  const { ifNoneMatch } = preconditionsOf(headers);
  return ifNoneMatch === "*" || ifNoneMatch?.includes(tag.replace(/^W\//, "").slice(1, -1)) === true;
}
