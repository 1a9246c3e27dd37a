import type { Attachment } from "../storage/attachments.ts";
import type { Collection } from "../storage/collections.ts";
import type { StoredDocument } from "../storage/documents.ts";
import type { Version } from "../storage/versions.ts";
import { entityTag } from "./entity-tag.ts";

/** Members that are the engine's own: fields of these names are in the text and can be filtered by, but not shown. */
export const reservedMembers = ["id", "content", "meta"] as const;

const time = (ms: number) => new Date(ms).toISOString();

export function collectionJson({ name, description, documents, bytes, createdAt, createdBy }: Collection) {
  return { name, description, documents, bytes, createdAt: time(createdAt), createdBy };
}

export function documentJson(
  collection: Collection,
  document: StoredDocument,
  more: Record<string, unknown> = {},
) {
  const fields = JSON.parse(document.fields) as Record<string, unknown>;
  for (const name of reservedMembers) delete fields[name];
  return { id: document.id, ...fields, ...more, meta: metaJson(collection, document) };
}

function metaJson(collection: Collection, document: StoredDocument) {
  return {
    collection: collection.name,
    title: document.title,
    version: document.version,
    etag: entityTag(document),
    ...(document.frontMatterError !== null && { frontMatterError: JSON.parse(document.frontMatterError) }),
    size: document.sizeBytes,
    createdAt: time(document.createdAt),
    createdBy: document.createdBy,
    updatedAt: time(document.updatedAt),
    updatedBy: document.updatedBy,
    ...(document.deletedAt !== null && {
      deletedAt: time(document.deletedAt),
      deletedBy: document.deletedBy,
    }),
  };
}

export function versionJson({ version, action, at, author, sizeBytes }: Version) {
  return { version, action, at: time(at), author, size: sizeBytes };
}

export function attachmentJson({ path, mediaType, sizeBytes, sha256, at, author }: Attachment) {
  return { path, mediaType, size: sizeBytes, sha256, at: time(at), author };
}

/** The address of a document, with its slashes. */
export function documentAddress(collection: string, id: string): string {
  return `/v1/collections/${collection}/documents/${encodePath(id)}`;
}

export function attachmentAddress(collection: string, path: string): string {
  return `/v1/collections/${collection}/attachments/${encodePath(path)}`;
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
