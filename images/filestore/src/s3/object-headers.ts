import type { IncomingHttpHeaders } from "node:http";
import { invalidArgument, S3Error } from "../errors.ts";
import type { ObjectDetails, ObjectLock } from "../storage/details.ts";
import type { Version } from "../storage/versions.ts";
import type { Call } from "./call.ts";
import { checksumHeader } from "./request/checksum-headers.ts";
import { readTagHeader } from "./tags.ts";

/** Headers that are kept with an object and given back with it. */
const keptHeaders = [
  "content-type",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
  "x-amz-website-redirect-location",
] as const;

const metadataPrefix = "x-amz-meta-";
const metadataBytesMax = 2048;

export const storageClasses: ReadonlySet<string> = new Set([
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER",
  "DEEP_ARCHIVE",
  "GLACIER_IR",
  "EXPRESS_ONEZONE",
]);

/** What a request says of the object that it writes: headers, metadata, tags, class, lock. */
export function detailsOfRequest(call: Call): ObjectDetails {
  const { headers } = call;
  const storageClass = call.header("x-amz-storage-class");
  if (storageClass !== undefined && !storageClasses.has(storageClass))
    throw new S3Error("InvalidStorageClass");
  const tagging = call.header("x-amz-tagging");
  const lock = lockOfHeaders(call);
  return {
    headers: headersOfRequest(headers),
    metadata: metadataOfRequest(headers),
    ...(tagging !== undefined && tagging !== "" && { tags: readTagHeader(tagging) }),
    ...(lock !== undefined && { lock }),
    ...(storageClass !== undefined && storageClass !== "STANDARD" && { storageClass }),
  };
}

export function headersOfRequest(headers: Readonly<IncomingHttpHeaders>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = headers[name];
    if (typeof value !== "string") continue;
    if (name !== "content-encoding") kept[name] = value;
    else {
      // The framing of the request is none of the object's.
      const codings = value.split(",").map((coding) => coding.trim());
      const own = codings.filter((coding) => coding !== "" && coding.toLowerCase() !== "aws-chunked");
      if (own.length > 0) kept[name] = own.length === codings.length ? value : own.join(",");
    }
  }
  const redirect = kept["x-amz-website-redirect-location"];
  if (redirect !== undefined && !/^(?:https?:\/\/|\/)/.test(redirect)) {
    throw invalidArgument(
      "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
    );
  }
  return kept;
}

export function metadataOfRequest(headers: Readonly<IncomingHttpHeaders>): Record<string, string> {
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(metadataPrefix) || typeof value !== "string") continue;
    metadata[name.slice(metadataPrefix.length)] = value;
    bytes += name.length - metadataPrefix.length + value.length;
  }
  if (bytes > metadataBytesMax) {
    throw new S3Error("MetadataTooLarge", undefined, {
      Size: String(bytes),
      MaxSizeAllowed: String(metadataBytesMax),
    });
  }
  return metadata;
}

function lockOfHeaders(call: Call): ObjectLock | undefined {
  const mode = call.header("x-amz-object-lock-mode");
  const until = call.header("x-amz-object-lock-retain-until-date");
  const hold = call.header("x-amz-object-lock-legal-hold");
  if (mode === undefined && until === undefined && hold === undefined) return undefined;
  if ((mode === undefined) !== (until === undefined)) {
    throw invalidArgument(
      "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
    );
  }
  if (mode !== undefined && mode !== "GOVERNANCE" && mode !== "COMPLIANCE")
    throw invalidArgument("Unknown wormMode directive.");
  if (hold !== undefined && hold !== "ON" && hold !== "OFF")
    throw invalidArgument("Legal Hold must be either of 'ON' or 'OFF'");
  const untilMs = until === undefined ? undefined : Date.parse(until);
  if (untilMs !== undefined && !(untilMs > call.nowMs)) {
    throw invalidArgument("The retain until date must be in the future!");
  }
  return {
    ...(mode !== undefined && { mode }),
    ...(untilMs !== undefined && { until: untilMs }),
    ...(hold !== undefined && { hold: hold === "ON" }),
  };
}

/** The headers of an answer that has an object, or says what it is. */
export function headersOfVersion(
  version: Version,
  hasVersions: boolean,
  wantsChecksum: boolean,
): Record<string, string> {
  const { details, etag, modifiedAt } = version;
  const headers: Record<string, string> = {
    "accept-ranges": "bytes",
    "last-modified": new Date(modifiedAt).toUTCString(),
    etag: `"${etag}"`,
    "content-type": "binary/octet-stream",
    ...details.headers,
  };
  for (const [name, value] of Object.entries(details.metadata)) headers[metadataPrefix + name] = value;
  if (hasVersions) headers["x-amz-version-id"] = version.versionId ?? "null";
  if (details.storageClass !== undefined) headers["x-amz-storage-class"] = details.storageClass;
  const tags = Object.keys(details.tags ?? {}).length;
  if (tags > 0) headers["x-amz-tagging-count"] = String(tags);
  const { lock, checksum } = details;
  if (lock?.mode !== undefined && lock.until !== undefined) {
    headers["x-amz-object-lock-mode"] = lock.mode;
    headers["x-amz-object-lock-retain-until-date"] = new Date(lock.until).toISOString();
  }
  if (lock?.hold !== undefined) headers["x-amz-object-lock-legal-hold"] = lock.hold ? "ON" : "OFF";
  if (wantsChecksum && checksum !== undefined) {
    headers[checksumHeader(checksum.algorithm)] = checksumText(version);
    headers["x-amz-checksum-type"] = checksum.type;
  }
  return headers;
}

/** A checksum as clients see it: composite ones with how many parts they are of. */
export function checksumText({ details: { checksum }, parts }: Pick<Version, "details" | "parts">): string {
  return checksum!.type === "COMPOSITE" ? `${checksum!.value}-${parts}` : checksum!.value;
}
