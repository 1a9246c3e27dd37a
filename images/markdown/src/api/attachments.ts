import { type Answer, byteRangeOf, content, empty, json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { isDocumentPath, requireAttachmentPath } from "../names.ts";
import { attachmentNotFound, collectionNotFound, invalidAttachmentPath, pathConflict } from "../problems.ts";
import {
  type Attachment,
  contentOf,
  deleteAttachment,
  findAttachment,
  listAttachments,
  requireAttachment,
  writeAttachment,
} from "../storage/attachments.ts";
import { requireCollection } from "../storage/collections.ts";
import type { ApiContext } from "./context.ts";
import { isKnown, requireTag } from "./entity-tag.ts";
import { pageOf } from "./listing.ts";
import { attachmentAddress, attachmentJson } from "./representation.ts";
import { attachmentParams, attachmentSchema, collectionParams, next, noQuery, pageQuery } from "./schemas.ts";

const tag = "Attachments";

/** What is shown in a page; anything else is offered for saving, as it might be a page with scripts. */
const shownInPages = /^(?:image\/(?!svg)|audio\/|video\/|application\/pdf$|text\/plain)/;

export function putAttachment(api: ApiContext): Route {
  return route({
    method: "PUT",
    path: "/collections/{name}/attachments/{path...}",
    operation: "putAttachment",
    tag,
    summary: "Create or replace an attachment",
    description:
      "An image or another small file that documents refer to, of any type but Markdown. `If-Match` replaces only that one, `If-None-Match: *` only creates.",
    access: { action: "write", object: ({ name }) => name },
    params: attachmentParams,
    query: noQuery,
    body: { "*/*": { kind: "bytes", bytesMax: api.limits.attachmentBytesMax } },
    responses: {
      200: { description: "It was replaced.", content: { "application/json": attachmentSchema } },
      201: { description: "It was created.", content: { "application/json": attachmentSchema } },
    },
    problems: [collectionNotFound, invalidAttachmentPath, pathConflict, problems.preconditionFailed],
    handle: async ({ params, body, headers, user, signal }) => {
      const path = requireAttachmentPath(params.path);
      if (isDocumentPath(path)) {
        throw invalidAttachmentPath(`${path} is the path of a document: write it with PUT .../documents/`);
      }
      const { attachment, isNew } = await api.write((db) => {
        const collection = requireCollection(db, params.name);
        const existing = findAttachment(db, collection, path);
        requireTag(headers, existing && tagOf(existing), "the attachment");
        const { mediaType, value } = body;
        return writeAttachment(db, collection, {
          path,
          mediaType,
          content: value,
          at: Date.now(),
          author: user.user,
        });
      }, signal);
      const location = attachmentAddress(params.name, path);
      return json(isNew ? 201 : 200, attachmentJson(attachment), {
        etag: tagOf(attachment),
        ...(isNew && { location }),
      });
    },
  });
}

export function getAttachment(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/attachments/{path...}",
    operation: "getAttachment",
    tag,
    summary: "Get an attachment",
    description: "Or a part of it (`Range`), unless it has changed (`If-Range`).",
    access: { action: "read", object: ({ name }) => name },
    params: attachmentParams,
    query: noQuery,
    responses: {
      200: { description: "Its bytes, in the type it was written with.", content: { "*/*": undefined } },
      206: { description: "The bytes that `Range` asks for.", content: { "*/*": undefined } },
      304: { description: "The client has it already (`If-None-Match`)." },
    },
    problems: [collectionNotFound, attachmentNotFound, problems.rangeNotSatisfiable],
    handle: ({ params, headers, signal }) =>
      api.store.read(
        (db) => {
          const path = requireAttachmentPath(params.path);
          const collection = requireCollection(db, params.name);
          const attachment = requireAttachment(db, collection, path);
          const tag = tagOf(attachment);
          const common = { etag: tag, "cache-control": "private, no-cache", "accept-ranges": "bytes" };
          if (isKnown(headers, tag)) return empty(304, common);
          const isShown = shownInPages.test(attachment.mediaType);
          const ifRange = headers["if-range"];
          const range = ifRange === undefined || ifRange === tag ? headers.range : undefined;
          return partOf(contentOf(db, collection, path), attachment.mediaType, range, {
            ...common,
            "last-modified": new Date(attachment.at).toUTCString(),
            "content-disposition": isShown ? "inline" : "attachment",
            "content-security-policy": "default-src 'none'; sandbox",
          });
        },
        { signal },
      ),
  });
}

/** All of the bytes, or those of a range. */
function partOf(
  bytes: Buffer,
  mediaType: string,
  asked: string | undefined,
  headers: Readonly<Record<string, string>>,
): Answer {
  const range = byteRangeOf(asked, bytes.length);
  if (range === undefined) return content(200, mediaType, bytes, headers);
  if (range === "not-satisfiable") {
    throw problems.rangeNotSatisfiable(`the attachment has ${bytes.length} bytes`, {
      headers: { "content-range": `bytes */${bytes.length}` },
    });
  }
  return content(206, mediaType, bytes.subarray(range.start, range.end), {
    ...headers,
    "content-range": `bytes ${range.start}-${range.end - 1}/${bytes.length}`,
  });
}

export function deleteAttachmentRoute(api: ApiContext): Route {
  return route({
    method: "DELETE",
    path: "/collections/{name}/attachments/{path...}",
    operation: "deleteAttachment",
    tag,
    summary: "Delete an attachment",
    description: "For good: attachments have no versions. `If-Match` deletes only that one.",
    access: { action: "write", object: ({ name }) => name },
    params: attachmentParams,
    query: noQuery,
    responses: { 204: { description: "It is gone." } },
    problems: [collectionNotFound, attachmentNotFound, problems.preconditionFailed],
    handle: async ({ params, headers, signal }) => {
      const path = requireAttachmentPath(params.path);
      await api.write((db) => {
        const collection = requireCollection(db, params.name);
        const attachment = requireAttachment(db, collection, path);
        requireTag(headers, tagOf(attachment), "the attachment");
        deleteAttachment(db, collection, path);
      }, signal);
      return empty(204);
    },
  });
}

export function listAttachmentsRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/attachments",
    operation: "listAttachments",
    tag,
    summary: "List attachments",
    access: { action: "read", object: ({ name }) => name },
    params: collectionParams,
    query: pageQuery,
    responses: {
      200: {
        description: "A page of them, by path.",
        content: { "application/json": Type.Object({ attachments: Type.Array(attachmentSchema), next }) },
      },
    },
    problems: [collectionNotFound, problems.invalidCursor],
    handle: ({ params, query, signal }) =>
      api.store.read(
        (db) => {
          const collection = requireCollection(db, params.name);
          const page = pageOf(api.cursors, query, {
            name: `attachments ${collection.row}`,
            start: "",
            list: (after, limit) => listAttachments(db, collection, after, limit),
            positionOf: ({ path }) => path,
          });
          return json(200, { attachments: page.items.map(attachmentJson), next: page.next });
        },
        { signal },
      ),
  });
}

function tagOf({ sha256 }: Attachment): string {
  return `"${sha256}"`;
}
