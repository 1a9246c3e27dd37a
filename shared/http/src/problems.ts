import { problemKind } from "./problem.ts";

/** What any HTTP engine can answer, whatever it stores. */
export const problems = {
  malformedRequest: problemKind("malformed-request", 400, "The request is not valid HTTP"),
  invalidRequest: problemKind("invalid-request", 400, "The request does not have the form that is asked for"),
  invalidJson: problemKind("invalid-json", 400, "The body is not JSON"),
  invalidEncoding: problemKind("invalid-encoding", 400, "The text is not UTF-8"),
  bodyMissing: problemKind("body-missing", 400, "The request needs a body"),
  invalidCursor: problemKind("invalid-cursor", 400, "The cursor is not one of this listing's"),
  unauthorized: problemKind("unauthorized", 401, "The token is missing or wrong"),
  forbidden: problemKind("forbidden", 403, "The token does not allow this"),
  notFound: problemKind("not-found", 404, "There is nothing at this address"),
  methodNotAllowed: problemKind("method-not-allowed", 405, "The address does not have this method"),
  notAcceptable: problemKind("not-acceptable", 406, "There is no representation that the client accepts"),
  requestTimeout: problemKind("request-timeout", 408, "The request took too long to arrive"),
  preconditionFailed: problemKind("precondition-failed", 412, "It has changed"),
  bodyTooLarge: problemKind("body-too-large", 413, "The body is too large"),
  addressTooLong: problemKind("address-too-long", 414, "The address is too long"),
  unsupportedMediaType: problemKind(
    "unsupported-media-type",
    415,
    "The body has a type that is not taken here",
  ),
  rangeNotSatisfiable: problemKind("range-not-satisfiable", 416, "The range begins after the end"),
  headersTooLarge: problemKind("headers-too-large", 431, "The headers are too large"),
  tooManyRequests: problemKind("too-many-requests", 429, "The rate limit is reached"),
  internal: problemKind("internal", 500, "A defect of the engine"),
  methodNotImplemented: problemKind("method-not-implemented", 501, "The method is not known"),
  unavailable: problemKind("unavailable", 503, "The engine cannot do this now"),
} as const;
