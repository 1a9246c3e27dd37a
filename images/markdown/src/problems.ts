import { problemKind } from "@weftkit/http";

/** The errors that only this engine has; what any HTTP engine answers is in @weftkit/http. */
export const collectionNotFound = problemKind("collection-not-found", 404, "The collection does not exist");
export const documentNotFound = problemKind("document-not-found", 404, "The document does not exist");
export const versionNotFound = problemKind("version-not-found", 404, "The version does not exist");
export const attachmentNotFound = problemKind("attachment-not-found", 404, "The attachment does not exist");
export const collectionExists = problemKind("collection-exists", 409, "The collection exists already");
export const documentExists = problemKind("document-exists", 409, "The document exists already");
export const pathConflict = problemKind(
  "path-conflict",
  409,
  "A file cannot have the path of a folder, nor a folder that of a file",
);
export const tooManyLinks = problemKind("too-many-links", 409, "Too many documents link here");
export const invalidCollectionName = problemKind(
  "invalid-collection-name",
  400,
  "A collection cannot have this name",
);
export const invalidDocumentId = problemKind("invalid-document-id", 400, "A document cannot have this id");
export const invalidAttachmentPath = problemKind(
  "invalid-attachment-path",
  400,
  "An attachment cannot have this path",
);
export const invalidFrontMatter = problemKind("invalid-front-matter", 400, "The front matter cannot be read");
export const invalidDocument = problemKind("invalid-document", 400, "The document cannot be stored");
export const invalidFilter = problemKind("invalid-filter", 400, "The filter cannot be read");
export const invalidQuery = problemKind("invalid-query", 400, "The query cannot be searched for");
export const invalidSynonyms = problemKind("invalid-synonyms", 400, "The synonyms cannot be searched with");
export const invalidSort = problemKind("invalid-sort", 400, "The order cannot be read");
export const invalidArchive = problemKind("invalid-archive", 400, "The archive cannot be read");
export const documentTooLarge = problemKind("document-too-large", 413, "The document is too large");
export const webhookNotFound = problemKind("webhook-not-found", 404, "The webhook does not exist");
export const invalidWebhook = problemKind("invalid-webhook", 400, "A webhook cannot be like this");
export const tooManyWebhooks = problemKind("too-many-webhooks", 409, "The collection has too many webhooks");
