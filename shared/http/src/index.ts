export { type Answer, content, empty, json } from "./answer.ts";
export { RequestAuthenticator } from "./authenticate.ts";
export { type ByteRange, byteRangeOf } from "./byte-range.ts";
export { Cursors } from "./cursor.ts";
export { descriptionPages } from "./description-pages.ts";
export { type Preconditions, preconditionsOf } from "./entity-tags.ts";
export { escapeHtml } from "./escape-html.ts";
export { type BesideServer, HttpServer, type HttpServerOptions, type Page } from "./http-server.ts";
export { negotiate } from "./negotiate.ts";
export type { ApiInfo } from "./openapi.ts";
export {
  type FieldError,
  Problem,
  type ProblemKind,
  type ProblemOptions,
  type ProblemType,
  problemKind,
} from "./problem.ts";
export { problems } from "./problems.ts";
export { RateLimit } from "./rate-limit.ts";
export {
  type Bodies,
  type Body,
  type HttpRequest,
  type ResponseDoc,
  type Route,
  route,
  type SentBody,
} from "./route.ts";
