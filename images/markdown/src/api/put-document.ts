import { type Answer, json, problems, type Route, route } from "@weftkit/http";
import { requireDocumentId } from "../names.ts";
import {
  collectionNotFound,
  documentTooLarge,
  invalidDocument,
  invalidDocumentId,
  invalidFrontMatter,
  pathConflict,
} from "../problems.ts";
import { type Collection, requireCollection } from "../storage/collections.ts";
import { findDocument, type StoredDocument } from "../storage/documents.ts";
import { writeDocument } from "../storage/write-document.ts";
import type { ApiContext } from "./context.ts";
import { entityTag, requirePreconditions } from "./entity-tag.ts";
import { documentAddress, documentJson } from "./representation.ts";
import { documentInput, documentParams, listedDocumentSchema, noQuery } from "./schemas.ts";

/** JSON writes a text with escapes; a document of the largest size must fit in spite of them. */
export function jsonBytesMax(documentBytesMax: number): number {
  return 2 * documentBytesMax + 65_536;
}

export function putDocument(api: ApiContext): Route {
  const { documentBytesMax, versionsMax } = api.limits;
  const text = { kind: "text", bytesMax: documentBytesMax } as const;
  return route({
    method: "PUT",
    path: "/collections/{name}/documents/{id...}",
    operation: "putDocument",
    tag: "Documents",
    summary: "Create or replace a document",
    description:
      "As JSON, or as Markdown with front matter, which is kept byte for byte. `If-Match` replaces only that version, `If-None-Match: *` only creates.",
    access: { action: "write", object: ({ name }) => name },
    params: documentParams,
    query: noQuery,
    body: {
      "application/json": { kind: "json", bytesMax: jsonBytesMax(documentBytesMax), schema: documentInput },
      "text/markdown": text,
      "text/x-markdown": text,
      "text/plain": text,
    },
    responses: {
      200: {
        description: "It was replaced; this is the new version, without its content.",
        content: { "application/json": listedDocumentSchema },
        headers: { etag: "The new version." },
      },
      201: {
        description: "It was created.",
        content: { "application/json": listedDocumentSchema },
        headers: { etag: "Its version.", location: "Its address." },
      },
    },
    problems: [
      collectionNotFound,
      invalidDocumentId,
      invalidDocument,
      invalidFrontMatter,
      documentTooLarge,
      pathConflict,
      problems.preconditionFailed,
    ],
    handle: async ({ params, body, headers, user, signal }) => {
      const id = requireDocumentId(params.id);
      if (body.type === "application/json") requireSameId(body.value, id);
      const bytesMax = documentBytesMax;
      const prepared =
        body.type === "application/json"
          ? await api.texts.run(
              "compose",
              { id, members: body.value, bytesMax },
              body.value.content.length,
              signal,
            )
          : await api.texts.run("prepare", { id, text: body.value, bytesMax }, body.value.length, signal);
      return api.writeInSlices(function* (db) {
        const collection = requireCollection(db, params.name);
        const existing = findDocument(db, collection, id);
        requirePreconditions(headers, existing);
        const options = { at: Date.now(), author: user.user, versionsMax };
        const document = yield* writeDocument(db, collection, prepared, options);
        return written(existing?.deletedAt === null ? 200 : 201, collection, document);
      }, signal);
    },
  });
}

/** @throws Problem `invalid-document-id` when the body names another document than the address. */
export function requireSameId(members: Readonly<Record<string, unknown>>, id: string): void {
  if (members.id === undefined || members.id === id) return;
  const detail = `the id in the body is not the one of the address, ${id}; leave it out, or rename the document`;
  throw invalidDocumentId(detail, { errors: [{ in: "body", pointer: "/id", detail: `is not ${id}` }] });
}

/** What a write answers: the document without its content. */
export function written(status: 200 | 201, collection: Collection, document: StoredDocument): Answer {
  return json(status, documentJson(collection, document), {
    etag: entityTag(document),
    ...(status === 201 && { location: documentAddress(collection.name, document.id) }),
  });
}
