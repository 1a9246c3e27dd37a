import { problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { requireDocumentId } from "../names.ts";
import { collectionNotFound, documentNotFound, pathConflict, versionNotFound } from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { findDocument, requireDocument } from "../storage/documents.ts";
import { requireVersion } from "../storage/versions.ts";
import { writeDocument } from "../storage/write-document.ts";
import type { ApiContext } from "./context.ts";
import { requirePreconditions } from "./entity-tag.ts";
import { written } from "./put-document.ts";
import { documentParams, listedDocumentSchema, noQuery, strict, versionNumber } from "./schemas.ts";
import { writePrepared } from "./write-prepared.ts";

export function restoreRoute(api: ApiContext): Route {
  return route({
    method: "POST",
    path: "/collections/{name}/restore/{id...}",
    operation: "restoreDocument",
    tag: "Versions",
    summary: "Restore a document or a version",
    description:
      "Takes a document out of the trash, or makes the text of an earlier version current. It becomes a new version; those between stay.",
    access: { action: "write", object: ({ name }) => name },
    params: documentParams,
    query: noQuery,
    body: {
      "application/json": {
        kind: "json",
        bytesMax: 4096,
        schema: Type.Object(
          {
            version: Type.Optional(
              versionNumber("May be left out for a document in the trash: its last one."),
            ),
          },
          strict,
        ),
      },
    },
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
      versionNotFound,
      pathConflict,
      problems.preconditionFailed,
    ],
    handle: async ({ params, body, headers, user, signal }) => {
      const id = requireDocumentId(params.id);
      return writePrepared(
        api,
        function* (db, prepare) {
          const collection = requireCollection(db, params.name);
          const existing = findDocument(db, collection, id) ?? requireDocument(db, collection, id);
          requirePreconditions(headers, existing);
          const { version } = body.value;
          if (version === undefined && existing.deletedAt === null) {
            throw problems.invalidRequest(`${id} is not in the trash: say which version is to be restored`, {
              errors: [{ in: "body", pointer: "/version", detail: "is missing" }],
            });
          }
          const { text } = requireVersion(db, existing, version ?? existing.version);
          // What was written under a higher limit than today's can still be restored.
          const prepared = prepare(id, text, Number.MAX_SAFE_INTEGER);
          const { versionsMax } = api.limits;
          const options = { at: Date.now(), author: user.user, action: "restored", versionsMax } as const;
          return written(200, collection, yield* writeDocument(db, collection, prepared, options));
        },
        signal,
      );
    },
  });
}
