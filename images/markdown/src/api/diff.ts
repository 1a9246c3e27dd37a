import { content, json, negotiate, problems, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { requireDocumentId } from "../names.ts";
import { collectionNotFound, documentNotFound, versionNotFound } from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import { findDocument, requireDocument } from "../storage/documents.ts";
import { requireVersion } from "../storage/versions.ts";
import { unifiedDiff } from "../text/difference.ts";
import type { ApiContext } from "./context.ts";
import { documentParams, strict, versionNumber } from "./schemas.ts";

export function diffRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/diff/{id...}",
    operation: "diffVersions",
    tag: "Versions",
    summary: "Compare two versions",
    description: "As JSON, or as a unified diff (`Accept: text/x-diff`).",
    access: { action: "read", object: ({ name }) => name },
    params: documentParams,
    query: Type.Object(
      {
        from: Type.Optional(versionNumber("Default: the one before `to`.")),
        to: Type.Optional(versionNumber("Default: the current one.")),
      },
      strict,
    ),
    responses: {
      200: {
        description: "What changed.",
        content: {
          "application/json": Type.Object({
            from: Type.Integer(),
            to: Type.Integer(),
            hunks: Type.Array(
              Type.Object({
                oldStart: Type.Integer(),
                oldLines: Type.Integer(),
                newStart: Type.Integer(),
                newLines: Type.Integer(),
                lines: Type.Array(Type.String({ description: "Begins with a space, + or -." })),
              }),
            ),
          }),
          "text/x-diff": undefined,
        },
      },
    },
    problems: [collectionNotFound, documentNotFound, versionNotFound, problems.notAcceptable],
    handle: async ({ params, query, headers, signal }) => {
      const type = negotiate(headers.accept, ["application/json", "text/x-diff"]);
      const { id, from, to } = await api.store.read(
        (db) => {
          const collection = requireCollection(db, params.name);
          const wanted = requireDocumentId(params.id);
          const document = findDocument(db, collection, wanted) ?? requireDocument(db, collection, wanted);
          const newer = requireVersion(db, document, query.to ?? document.version);
          const older = requireVersion(db, document, query.from ?? Math.max(1, newer.version - 1));
          return { id: document.id, from: older, to: newer };
        },
        { signal },
      );
      const texts = { from: from.text, to: to.text };
      const hunks = await api.texts.run("compare", texts, from.text.length + to.text.length, signal);
      if (type === "application/json") return json(200, { from: from.version, to: to.version, hunks });
      return content(
        200,
        "text/x-diff; charset=utf-8",
        unifiedDiff(`${id}.md`, from.version, to.version, hunks),
      );
    },
  });
}
