import type { IncomingHttpHeaders } from "node:http";
import { S3Error } from "../errors.ts";
import type { Version } from "../storage/versions.ts";

type Known = Pick<Version, "etag" | "modifiedAt" | "size">;

/** Entity tags of a header, without quotes; `*` as it is. */
function tagsOf(value: string): string[] {
  return value.split(",").map((tag) => tag.trim().replace(/^W\//, "").replace(/^"|"$/g, ""));
}

function names(value: string, etag: string | undefined): boolean {
  if (etag === undefined) return false;
  return tagsOf(value).some((tag) => tag === "*" || tag === etag);
}

const headersOf = (prefix: string) => ({
  match: `${prefix}if-match`,
  noneMatch: `${prefix}if-none-match`,
  modified: `${prefix}if-modified-since`,
  unmodified: `${prefix}if-unmodified-since`,
});

/**
 * What a read comes to by its conditions: to be served, or not modified.
 *
 * @throws S3Error `PreconditionFailed`
 */
export function checkRead(headers: Readonly<IncomingHttpHeaders>, version: Known): "serve" | "not-modified" {
  const { match, noneMatch, modified, unmodified } = headersOf("");
  const text = (name: string) => headers[name] as string | undefined;
  if (text(match) !== undefined) {
    if (!names(text(match)!, version.etag)) throw failed("If-Match");
  } else if (isAfter(version, text(unmodified))) throw failed("If-Unmodified-Since");
  if (text(noneMatch) !== undefined) return names(text(noneMatch)!, version.etag) ? "not-modified" : "serve";
  const since = dateOf(text(modified));
  return since !== undefined && !isAfter(version, text(modified)) ? "not-modified" : "serve";
}

/** The conditions on the source of a copy. @throws S3Error `PreconditionFailed` */
export function checkCopySource(headers: Readonly<IncomingHttpHeaders>, version: Known): void {
  const { match, noneMatch, modified, unmodified } = headersOf("x-amz-copy-source-");
  const text = (name: string) => headers[name] as string | undefined;
  if (text(match) !== undefined) {
    if (!names(text(match)!, version.etag)) throw failed("x-amz-copy-source-If-Match");
  } else if (isAfter(version, text(unmodified))) throw failed("x-amz-copy-source-If-Unmodified-Since");
  if (text(noneMatch) !== undefined) {
    if (names(text(noneMatch)!, version.etag)) throw failed("x-amz-copy-source-If-None-Match");
  } else if (dateOf(text(modified)) !== undefined && !isAfter(version, text(modified))) {
    throw failed("x-amz-copy-source-If-Modified-Since");
  }
}

/** What must hold of the object that is there for a write to happen. */
export interface WriteCondition {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
}

export function writeConditionOf(headers: Readonly<IncomingHttpHeaders>): WriteCondition {
  return { ifMatch: headers["if-match"], ifNoneMatch: headers["if-none-match"] };
}

/** To be asked in the transaction of the write. @throws S3Error `PreconditionFailed` or `NoSuchKey` */
export function checkWrite({ ifMatch, ifNoneMatch }: WriteCondition, current: Version | undefined): void {
  const live = current?.isMarker === false ? current : undefined;
  if (ifMatch !== undefined) {
    if (live === undefined) throw new S3Error("NoSuchKey");
    if (!names(ifMatch, live.etag)) throw failed("If-Match");
  }
  if (ifNoneMatch !== undefined && live !== undefined && names(ifNoneMatch, live.etag))
    throw failed("If-None-Match");
}

function failed(condition: string): S3Error {
  return new S3Error("PreconditionFailed", undefined, { Condition: condition });
}

/** HTTP's dates are whole seconds. */
function isAfter({ modifiedAt }: Known, date: string | undefined): boolean {
  const since = dateOf(date);
  return since !== undefined && Math.floor(modifiedAt / 1000) * 1000 > since;
}

function dateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
