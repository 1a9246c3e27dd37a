import type { ApiInfo, Route } from "@weftkit/http";
import { weftkitVersion } from "../identity.ts";
import { exportRoute, importRoute } from "./archive.ts";
import { deleteAttachmentRoute, getAttachment, listAttachmentsRoute, putAttachment } from "./attachments.ts";
import { changesRoute } from "./changes.ts";
import {
  createCollectionRoute,
  deleteCollectionRoute,
  getCollectionRoute,
  listCollectionsRoute,
} from "./collections.ts";
import type { ApiContext } from "./context.ts";
import { deleteDocumentRoute } from "./delete-document.ts";
import { diffRoute } from "./diff.ts";
import { getDocument } from "./get-document.ts";
import { backlinksRoute, renameRoute } from "./links.ts";
import { listDocumentsRoute } from "./list-documents.ts";
import { brokenLinksRoute, linksRoute } from "./outgoing-links.ts";
import { patchDocument } from "./patch-document.ts";
import { putDocument } from "./put-document.ts";
import { restoreRoute } from "./restore.ts";
import { searchRoute, searchSeveralRoute } from "./search.ts";
import { getSynonymsRoute, replaceSynonymsRoute } from "./synonyms.ts";
import { listTrashRoute, purgeRoute } from "./trash.ts";
import { listVersionsRoute } from "./versions.ts";
import {
  createWebhookRoute,
  deleteWebhookRoute,
  listDeadLettersRoute,
  listWebhooksRoute,
  retryDeadLettersRoute,
} from "./webhooks.ts";

export const prefix = "/v1";

/** Every operation. */
export function routesOf(api: ApiContext): Route[] {
  return [
    createCollectionRoute,
    listCollectionsRoute,
    getCollectionRoute,
    deleteCollectionRoute,
    putDocument,
    getDocument,
    patchDocument,
    deleteDocumentRoute,
    listDocumentsRoute,
    searchRoute,
    searchSeveralRoute,
    getSynonymsRoute,
    replaceSynonymsRoute,
    linksRoute,
    backlinksRoute,
    brokenLinksRoute,
    renameRoute,
    listVersionsRoute,
    diffRoute,
    restoreRoute,
    listTrashRoute,
    purgeRoute,
    putAttachment,
    getAttachment,
    deleteAttachmentRoute,
    listAttachmentsRoute,
    changesRoute,
    createWebhookRoute,
    listWebhooksRoute,
    deleteWebhookRoute,
    listDeadLettersRoute,
    retryDeadLettersRoute,
    exportRoute,
    importRoute,
  ].map((make) => make(api));
}

export const info: ApiInfo = {
  title: "weftkit/markdown",
  version: weftkitVersion,
  description:
    "Collections of Markdown documents with front matter, full-text search, links and versions.\n\nSend a token with every request: `Authorization: Bearer TOKEN`, where the token is a JSON Web Token, or a configured user's `user:password`. Errors are problem details (RFC 9457) whose `type` says what kind they are.",
  prefix,
  tags: {
    Collections: "Where documents live. Creating and deleting them needs a role that allows `schema`.",
    Documents: "Markdown with fields: the front matter.",
    Search: "Finds documents by their words. Setting synonyms needs a role that allows `schema`.",
    Links: "`[[wiki links]]` and `[Markdown](links.md)` between the documents of a collection.",
    Versions: "Each write is a version, with its author and time.",
    Trash: "Deleted documents, until they are restored, purged, or their time is over.",
    Attachments: "Small files beside the documents.",
    Changes: "What happened, in its order.",
    Webhooks: "Whoever is to be told of it. Managing them needs a role that allows `schema`.",
    "Import and export": "A collection is a folder of files.",
  },
};
