import type { Bucket } from "../storage/buckets.ts";
import type { Version } from "../storage/versions.ts";
import type { ObjectJson } from "./schemas.ts";

export function bucketJson({
  name,
  createdAt,
  versioning,
}: Pick<Bucket, "name" | "createdAt" | "versioning">) {
  return { name, created_at: new Date(createdAt).toISOString(), versioning };
}

export function objectJson(version: Version): ObjectJson {
  const { key, size, etag, modifiedAt, versionId, details } = version;
  return {
    key,
    size,
    etag,
    content_type: contentTypeOf(version),
    modified_at: new Date(modifiedAt).toISOString(),
    ...(versionId !== null && { version: versionId }),
    metadata: readable(details.metadata),
    tags: { ...details.tags },
  };
}

export function contentTypeOf({ details }: Version): string {
  return details.headers["content-type"] ?? "application/octet-stream";
}

/** Metadata are headers: their bytes were read as Latin-1 and are UTF-8. */
function readable(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, "latin1").toString()]),
  );
}

/** A key as part of an address; its slashes stay. */
export function encodeKey(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}
