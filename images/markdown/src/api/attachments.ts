import { content, empty, json, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { isDocumentPath } from "../archive/paths.ts";
import { requireAttachmentPath } from "../names.ts";
import { attachmentNotFound, collectionNotFound, invalidAttachmentPath } from "../problems.ts";
import {
  type Attachment,
  contentOf,
  deleteAttachment,
  listAttachments,
  requireAttachment,
  writeAttachment,
} from "../storage/attachments.ts";
import { requireCollection } from "../storage/collections.ts";
import type { ApiContext } from "./context.ts";
import { isKnown } from "./entity-tag.ts";
import { pageOf } from "./listing.ts";
import { attachmentJson, encodePath } from "./representation.ts";
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
    description: "An image or another small file that documents refer to, of any type but Markdown.",
    access: { action: "write", object: ({ name }) => name },
    params: attachmentParams,
    query: noQuery,
    body: { "*/*": { kind: "bytes", bytesMax: api.limits.attachmentBytesMax } },
    responses: {
      200: { description: "It was replaced.", content: { "application/json": attachmentSchema } },
      201: { description: "It was created.", content: { "application/json": attachmentSchema } },
    },
    problems: [collectionNotFound, invalidAttachmentPath],
    handle: async ({ params, body, user, signal }) => {
      const path = requireAttachmentPath(params.path);
      if (isDocumentPath(path)) {
        throw invalidAttachmentPath(`${path} is the path of a document: write it with PUT .../documents/`);
      }
      const { attachment, isNew } = await api.write((db) => {
        const collection = requireCollection(db, params.name);
        const { mediaType, value } = body;
        return writeAttachment(db, collection, {
          path,
          mediaType,
          content: value,
          at: Date.now(),
          author: user.user,
        });
      }, signal);
      const location = `/v1/collections/${params.name}/attachments/${encodePath(path)}`;
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
    access: { action: "read", object: ({ name }) => name },
    params: attachmentParams,
    query: noQuery,
    responses: {
      200: { description: "Its bytes, in the type it was written with.", content: { "*/*": undefined } },
      304: { description: "The client has it already (`If-None-Match`)." },
    },
    problems: [collectionNotFound, attachmentNotFound],
    handle: ({ params, headers, signal }) =>
      api.store.read(
        (db) => {
          const path = requireAttachmentPath(params.path);
          const collection = requireCollection(db, params.name);
          const attachment = requireAttachment(db, collection, path);
          const common = { etag: tagOf(attachment), "cache-control": "private, no-cache" };
          if (isKnown(headers, tagOf(attachment))) return empty(304, common);
          const isShown = shownInPages.test(attachment.mediaType);
          return content(200, attachment.mediaType, contentOf(db, collection, path), {
            ...common,
            "content-disposition": isShown ? "inline" : "attachment",
            "content-security-policy": "default-src 'none'; sandbox",
          });
        },
        { signal },
      ),
  });
}

export function deleteAttachmentRoute(api: ApiContext): Route {
  return route({
    method: "DELETE",
    path: "/collections/{name}/attachments/{path...}",
    operation: "deleteAttachment",
    tag,
    summary: "Delete an attachment",
    description: "For good: attachments have no versions.",
    access: { action: "write", object: ({ name }) => name },
    params: attachmentParams,
    query: noQuery,
    responses: { 204: { description: "It is gone." } },
    problems: [collectionNotFound, attachmentNotFound],
    handle: async ({ params, signal }) => {
      const path = requireAttachmentPath(params.path);
      await api.write((db) => deleteAttachment(db, requireCollection(db, params.name), path), signal);
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
