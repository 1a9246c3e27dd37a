export { EndpointClient } from "./endpoint-client.ts";
export { EndpointError, type EndpointErrorCode } from "./errors.ts";
export type { Connections, Exchange, HttpReply } from "./exchange.ts";
export type { CommittableManifest, EndpointClientOptions, UploadablePart } from "./options.ts";
export { defaultRetryRule, type RetryRule } from "./retry.ts";
export { isAllowedUrl, parseEndpointUrl } from "./url-rules.ts";
