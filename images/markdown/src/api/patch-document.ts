import { problems, type Route, route } from "@weftkit/http";
import { requireDocumentId } from "../names.ts";
import {
  collectionNotFound,
  documentNotFound,
  documentTooLarge,
  invalidDocument,
  invalidDocumentId,
  invalidFrontMatter,
} from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { requireDocument, textOf } from "../storage/documents.ts";
import { writeDocument } from "../storage/write-document.ts";
import { patchText } from "../text/compose.ts";
import { splitText } from "../text/front-matter.ts";
import type { ApiContext } from "./context.ts";
import { requirePreconditions } from "./entity-tag.ts";
import { jsonBytesMax, requireSameId, written } from "./put-document.ts";
import { documentParams, documentPatch, listedDocumentSchema, noQuery } from "./schemas.ts";
import { writePrepared } from "./write-prepared.ts";

export function patchDocument(api: ApiContext): Route {
  const { documentBytesMax, versionsMax } = api.limits;
  const patch = { kind: "json", bytesMax: jsonBytesMax(documentBytesMax), schema: documentPatch } as const;
  return route({
    method: "PATCH",
    path: "/collections/{name}/documents/{id...}",
    operation: "patchDocument",
    tag: "Documents",
    summary: "Update fields",
    description:
      "A JSON Merge Patch (RFC 7396) of the fields and of `content`. What it does not name stays, in the text of the front matter too.",
    access: { action: "write", object: ({ name }) => name },
    params: documentParams,
    query: noQuery,
    body: { "application/merge-patch+json": patch, "application/json": patch },
    responses: {
      200: {
        description: "The new version, without its content.",
        content: { "application/json": listedDocumentSchema },
        headers: { etag: "The new version." },
      },
    },
    problems: [
      collectionNotFound,
      documentNotFound,
      invalidDocumentId,
      invalidDocument,
      invalidFrontMatter,
      documentTooLarge,
      problems.preconditionFailed,
    ],
    handle: async ({ params, body, headers, user, signal }) => {
      const id = requireDocumentId(params.id);
      requireSameId(body.value, id);
      return writePrepared(
        api,
        function* (db, prepare) {
          const collection = requireCollection(db, params.name);
          const existing = requireDocument(db, collection, id);
          requirePreconditions(headers, existing);
          const before = textOf(db, existing);
          const text = patchText(splitText(before), body.value);
          if (text === before) return written(200, collection, existing);
          const prepared = prepare(id, text, documentBytesMax);
          const options = { at: Date.now(), author: user.user, versionsMax };
          return written(200, collection, yield* writeDocument(db, collection, prepared, options));
        },
        signal,
      );
    },
  });
}
