import type { IncomingHttpHeaders } from "node:http";
import { AwsError } from "../aws-error.ts";

/** Who signed, and for what. */
export interface Credential {
  readonly accessKey: string;
  /** `20260102`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** A signature as it came, in the header or in the query. */
export interface ReadSignature {
  readonly credential: Credential;
  readonly signedHeaders: readonly string[];
  /** In hexadecimal. */
  readonly signature: string;
  /** `20260102T030405Z`. */
  readonly timestamp: string;
  /** Of a presigned address: how long it may be used. */
  readonly expiresSeconds: number | undefined;
  readonly sessionToken: string | undefined;
}

const algorithm = "AWS4-HMAC-SHA256";

/**
 * Reads the signature of a request, in the order in which AWS complains; it does not check it.
 *
 * @throws AwsError `MissingAuthenticationTokenException`, `IncompleteSignatureException` or `InvalidSignatureException`
 */
export function readSignature(
  headers: Readonly<IncomingHttpHeaders>,
  query: string,
  service: string,
): ReadSignature {
  const header = headers.authorization;
  const isPresigned = query.includes("X-Amz-Algorithm");
  if (header !== undefined && isPresigned) {
    throw AwsError.service(
      "InvalidSignatureException",
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    );
  }
  if (isPresigned) return readQuery(query, service);
  if (header === undefined || !header.startsWith("AWS4-")) {
    throw AwsError.service("MissingAuthenticationTokenException", "Request is missing Authentication Token");
  }
  return readHeader(header, headers, service);
}

function readHeader(header: string, headers: Readonly<IncomingHttpHeaders>, service: string): ReadSignature {
  const space = header.indexOf(" ");
  const parts = new Map<string, string>();
  for (const part of space === -1 ? [] : header.slice(space + 1).split(",")) {
    const equals = part.indexOf("=");
    if (equals !== -1) parts.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
  }
  const amzDate = headers["x-amz-date"];
  const timestamp =
    typeof amzDate === "string" ? amzDate : headers.date === undefined ? undefined : toBasic(headers.date);
  let lacking = "";
  for (const name of ["Credential", "Signature", "SignedHeaders"]) {
    if (!parts.get(name)) lacking += `Authorization header requires '${name}' parameter. `;
  }
  if (timestamp === undefined) {
    lacking += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  }
  if (lacking !== "") throw incomplete(`${lacking}Authorization=${header}`);
  requireAlgorithm(space === -1 ? header : header.slice(0, space));
  const token = headers["x-amz-security-token"];
  return {
    credential: readCredential(parts.get("Credential")!, timestamp!, service),
    signedHeaders: parts.get("SignedHeaders")!.toLowerCase().split(";"),
    signature: parts.get("Signature")!,
    timestamp: timestamp!,
    expiresSeconds: undefined,
    sessionToken: typeof token === "string" ? token : undefined,
  };
}

function readQuery(query: string, service: string): ReadSignature {
  const parameters = new URLSearchParams(query.replaceAll("+", "%2B"));
  const get = (name: string) => parameters.get(name) ?? "";
  let lacking = "";
  for (const name of ["Algorithm", "Credential", "Signature", "SignedHeaders", "Date"]) {
    if (get(`X-Amz-${name}`) === "") lacking += `AWS query-string parameters must include 'X-Amz-${name}'. `;
  }
  if (lacking !== "") throw incomplete(`${lacking}Re-examine the query-string parameters.`);
  requireAlgorithm(get("X-Amz-Algorithm"));
  const expires = parameters.get("X-Amz-Expires");
  return {
    credential: readCredential(get("X-Amz-Credential"), get("X-Amz-Date"), service),
    signedHeaders: get("X-Amz-SignedHeaders").toLowerCase().split(";"),
    signature: get("X-Amz-Signature"),
    timestamp: get("X-Amz-Date"),
    expiresSeconds: expires === null ? undefined : Number(expires),
    sessionToken: parameters.get("X-Amz-Security-Token") ?? undefined,
  };
}

function requireAlgorithm(found: string): void {
  if (found === algorithm) return;
  throw incomplete(`Unsupported AWS 'algorithm': '${found}' (only ${algorithm} for now). `);
}

function readCredential(text: string, timestamp: string, service: string): Credential {
  const parts = text.replace(/\/+$/, "").split("/");
  // Of an access key that has slashes itself, only the last four are ours.
  const [date, region, scopeService, terminator] = parts.slice(-4);
  const accessKey = parts.slice(0, -4).join("/");
  if (accessKey === "" || terminator === undefined) {
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${text}'`,
    );
  }
  let wrong = "";
  if (region === "") wrong += "Credential should be scoped to a valid region. ";
  if (scopeService !== service) wrong += `Credential should be scoped to correct service: '${service}'. `;
  if (terminator !== "aws4_request")
    wrong += `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminator}'. `;
  if (date !== timestamp.slice(0, 8)) {
    wrong += `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${timestamp.slice(0, 8)}', from '${timestamp}'. `;
  }
  if (wrong !== "") throw AwsError.service("InvalidSignatureException", wrong.trimEnd());
  return { accessKey, date: date!, region: region!, service: scopeService! };
}

/** An HTTP date as ISO 8601's basic format. */
function toBasic(date: string): string | undefined {
  const parsed = new Date(date);
  return Number.isNaN(parsed.getTime()) ? undefined : `${parsed.toISOString().replace(/[-:]|\.\d+/g, "")}`;
}

function incomplete(message: string): AwsError {
  return AwsError.service("IncompleteSignatureException", message);
}
