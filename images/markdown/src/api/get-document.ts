import { createHash } from "node:crypto";
import { type Answer, content, empty, json, negotiate, problems, type Route, route } from "@weftkit/http";
import type { Database } from "@weftkit/store";
import Type from "typebox";
import type { Rendered } from "../content.ts";
import { requireDocumentId } from "../names.ts";
import { collectionNotFound, documentNotFound, versionNotFound } from "../problems.ts";
import { type Collection, requireCollection } from "../storage/collections.ts";
import { findDocument, requireDocument, type StoredDocument } from "../storage/documents.ts";
import { requireVersion } from "../storage/versions.ts";
import { bodyBelowFields, splitText } from "../text/front-matter.ts";
import type { ApiContext } from "./context.ts";
import { documentPage } from "./document-page.ts";
import { entityTag, isKnown } from "./entity-tag.ts";
import { renderDocument } from "./render-document.ts";
import { documentJson } from "./representation.ts";
import { documentParams, documentSchema, strict, versionNumber } from "./schemas.ts";

const offered = ["application/json", "text/markdown", "text/html"] as const;

export function getDocument(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/documents/{id...}",
    operation: "getDocument",
    tag: "Documents",
    summary: "Get a document",
    description:
      "As JSON, as the text that was written (`Accept: text/markdown`), or as a page (`Accept: text/html`), sanitised, with links to the documents that its links mean.",
    access: { action: "read", object: ({ name }) => name },
    params: documentParams,
    query: Type.Object(
      {
        version: Type.Optional(versionNumber("An earlier version, also of a document in the trash.")),
        include: Type.Optional(
          Type.Enum(["html"], {
            description: "In JSON also `html`, the rendered text, and `toc`, its headings.",
          }),
        ),
      },
      strict,
    ),
    responses: {
      200: {
        description: "The document.",
        content: { "application/json": documentSchema, "text/markdown": undefined, "text/html": undefined },
        headers: { etag: "The version in this representation." },
      },
      304: { description: "The client has it already (`If-None-Match`)." },
    },
    problems: [collectionNotFound, documentNotFound, versionNotFound, problems.notAcceptable],
    handle: async ({ params, query, headers, signal }) => {
      const id = requireDocumentId(params.id);
      const type = negotiate(headers.accept, offered);
      const read = await api.store.read((db) => readDocument(db, params.name, id, query.version), { signal });
      const page = (body: string) => renderDocument(api, read, body, signal);
      const answer = await representations[type](read, page, query.include === "html");
      const common = { etag: answer.tag, vary: "accept", "cache-control": "private, no-cache" };
      if (isKnown(headers, answer.tag)) return empty(304, common);
      const { status, body, headers: own } = answer.make();
      return {
        status,
        body,
        headers: { ...own, ...common, "last-modified": new Date(read.at).toUTCString() },
      };
    },
  });
}

/** A document at one of its versions. */
interface Read {
  readonly collection: Collection;
  readonly document: StoredDocument;
  readonly text: string;
  readonly at: number;
}

function readDocument(db: Database, name: string, id: string, number: number | undefined): Read {
  const collection = requireCollection(db, name);
  const found = number === undefined ? undefined : findDocument(db, collection, id);
  const current = found ?? requireDocument(db, collection, id);
  const version = requireVersion(db, current, number ?? current.version);
  if (version.version === current.version)
    return { collection, document: current, text: version.text, at: version.at };
  const { fields, error } = splitText(version.text);
  const document: StoredDocument = {
    ...current,
    version: version.version,
    fields: JSON.stringify(fields),
    frontMatterError: error === undefined ? null : JSON.stringify(error),
    sizeBytes: version.sizeBytes,
    updatedAt: version.at,
    updatedBy: version.author,
  };
  return { collection, document, text: version.text, at: version.at };
}

/** What is sent, made only when the client does not have it. */
interface Representation {
  readonly tag: string;
  make(): Answer;
}

type Represent = (
  read: Read,
  render: (body: string) => Promise<Rendered>,
  withHtml: boolean,
) => Promise<Representation>;

const representations: Readonly<Record<(typeof offered)[number], Represent>> = {
  "application/json": async (read, render, withHtml) => {
    const body = bodyOf(read);
    if (!withHtml) {
      const make = () => json(200, documentJson(read.collection, read.document, { content: body }));
      return { tag: entityTag(read.document), make };
    }
    // What its links mean can change without the document.
    const { html, toc } = await render(body);
    const value = documentJson(read.collection, read.document, { content: body, html, toc });
    return { tag: hashTag(html + entityTag(read.document)), make: () => json(200, value) };
  },
  "text/markdown": async ({ document, text }) => ({
    tag: entityTag(document, ".md"),
    make: () => content(200, "text/markdown; charset=utf-8", text),
  }),
  "text/html": async (read, render) => {
    const page = documentPage(read.document.title, await render(bodyOf(read)));
    const headers = { "content-security-policy": pagePolicy, "referrer-policy": "same-origin" };
    return { tag: hashTag(page), make: () => content(200, "text/html; charset=utf-8", page, headers) };
  },
};

/** No script, whatever the sanitiser may have missed. */
const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src * data:; media-src *; base-uri 'none'; form-action 'none'; sandbox allow-popups allow-top-navigation-by-user-activation";

function hashTag(text: string): string {
  return `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
}

/** Fields are known already, and reading them again takes longer than all else. */
function bodyOf({ text, document }: Read): string {
  return document.fields === "{}" ? splitText(text).body : bodyBelowFields(text);
}
