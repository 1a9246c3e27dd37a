import { WeftkitError } from "@weftkit/core";
import type { FunctionReply, FunctionRequest } from "@weftkit/persist/server";

/**
 * What Lambda hands over of a request to a function URL, or to an HTTP API of API Gateway: payload format 2.0, of which this is
 * what is used here.
 */
export interface HttpEvent {
  readonly version: "2.0";
  /** As it came, without the query. */
  readonly rawPath: string;
  readonly rawQueryString: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: { readonly http: { readonly method: string } };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** @throws WeftkitError `not_http` for what is no request by HTTP, such as the console's test events */
export function toRequest(event: HttpEvent): FunctionRequest {
  const method = event?.requestContext?.http?.method;
  if (event?.version !== "2.0" || typeof method !== "string") {
    throw new WeftkitError("not_http", "this event is no HTTP request; call the function by its URL");
  }
  const { rawPath, rawQueryString, headers, body = "", isBase64Encoded } = event;
  return {
    method,
    path: rawPath,
    query: rawQueryString,
    headers,
    body: Buffer.from(body, isBase64Encoded ? "base64" : "utf8"),
  };
}

/** Bodies go as base64 always: their length in Lambda's 6 MB is known, whatever is in them. */
export function toResult({ status, headers, body }: FunctionReply): HttpResult {
  if (body.length === 0) return { statusCode: status, headers };
  const { buffer, byteOffset, byteLength } = body;
  const text = Buffer.from(buffer, byteOffset, byteLength).toString("base64");
  return { statusCode: status, headers, body: text, isBase64Encoded: true };
}
