import { createHash } from "node:crypto";
import { sign } from "@weftkit/http-aws";

export const accessKey = "bench";
export const secretKey = "a secret of the bench";

const region = "us-east-1";
const signedHeaders = ["host", "x-amz-content-sha256", "x-amz-date"];

export interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: string;
  readonly body?: Buffer;
}

/** The headers of a request, signed; a large body is not hashed for it, as SDKs do not over TLS. */
export function signedRequestHeaders(
  port: number,
  { method, path, query = "", body }: S3Request,
): Record<string, string> {
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const isLarge = body !== undefined && body.length > 1024 * 1024;
  const bodyHash = isLarge
    ? "UNSIGNED-PAYLOAD"
    : createHash("sha256")
        .update(body ?? "")
        .digest("hex");
  const headers = { host: `127.0.0.1:${port}`, "x-amz-content-sha256": bodyHash, "x-amz-date": timestamp };
  const credential = { accessKey, date: timestamp.slice(0, 8), region, service: "s3" };
  const authorization = sign(
    { method, path, query, headers, bodyHash },
    { credential, secret: secretKey, timestamp, signedHeaders, encodesPathTwice: false },
  );
  return { ...headers, authorization, "content-length": String(body?.length ?? 0) };
}
