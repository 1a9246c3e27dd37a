import type { IncomingHttpHeaders } from "node:http";
import { notImplemented, S3Error } from "../errors.ts";
import type { Operation } from "./operation.ts";
import { operations } from "./operations/registry.ts";
import type { Address } from "./request/address.ts";

/** Parameters of queries that name a part of AWS's API that is not here. */
const absent: ReadonlySet<string> = new Set([
  "analytics",
  "inventory",
  "intelligent-tiering",
  "metrics",
  "select",
  "torrent",
  "restore",
  "website",
  "logging",
  "notification",
  "replication",
  "accelerate",
  "requestPayment",
  "metadataTable",
  "metadataConfiguration",
  "session",
  "renameObject",
  "append",
  "acl",
  "policy",
  "policyStatus",
  "cors",
  "lifecycle",
  "tagging",
  "versioning",
  "encryption",
  "object-lock",
  "publicAccessBlock",
  "ownershipControls",
  "uploads",
  "uploadId",
  "retention",
  "legal-hold",
  "attributes",
  "versions",
  "delete",
  "location",
]);

/** Operations by what they are on and the method, those first that ask for most. */
const byMethod = new Map<string, Operation[]>();
for (const operation of operations) {
  const name = `${operation.on} ${operation.method}`;
  const list = byMethod.get(name) ?? [];
  list.push(operation);
  byMethod.set(name, list);
}
for (const list of byMethod.values()) list.sort((a, b) => demands(b) - demands(a));

function demands({ query, queryValue, header }: Operation): number {
  return [query, queryValue, header].filter((demand) => demand !== undefined).length;
}

/** @throws S3Error `MethodNotAllowed`, `NotImplemented` */
export function operationFor(
  method: string,
  { bucket, key, query }: Address,
  headers: Readonly<IncomingHttpHeaders>,
): Operation {
  const on = bucket === undefined ? "service" : key === undefined ? "bucket" : "object";
  const found = byMethod.get(`${on} ${method}`)?.find((operation) => fits(operation, query, headers));
  for (const name of query.keys()) {
    if (absent.has(name) && found?.query !== name && !isParameterOf(found, name)) {
      throw notImplemented(`${method} with ?${name}`);
    }
  }
  if (found === undefined)
    throw new S3Error("MethodNotAllowed", undefined, { Method: method, ResourceType: on.toUpperCase() });
  return found;
}

/** Some names are of an operation and a parameter of others. */
function isParameterOf(operation: Operation | undefined, name: string): boolean {
  return operation?.query === "uploads" || (operation?.query === "uploadId" && name === "uploadId");
}

function fits(
  { query: name, queryValue, header }: Operation,
  query: ReadonlyMap<string, string>,
  headers: Readonly<IncomingHttpHeaders>,
): boolean {
  if (name !== undefined && (queryValue === undefined ? !query.has(name) : query.get(name) !== queryValue))
    return false;
  return header === undefined || headers[header] !== undefined;
}
