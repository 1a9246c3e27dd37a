import type { IncomingHttpHeaders } from "node:http";
import { problems } from "@weftkit/http";

/** The prefix of headers that are an object's metadata. */
export const metadataPrefix = "x-meta-";

const metadataBytesMax = 4096;

/** @throws Problem `invalid-request` when they are too long */
export function metadataOf(headers: Readonly<IncomingHttpHeaders>): Record<string, string> {
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(metadataPrefix) || typeof value !== "string") continue;
    metadata[name.slice(metadataPrefix.length)] = value;
    bytes += name.length + value.length;
  }
  if (bytes > metadataBytesMax) {
    throw problems.invalidRequest(`the metadata are longer than ${metadataBytesMax} bytes together`);
  }
  return metadata;
}

/** Headers that are given back as they came. */
export function keptHeaders(headers: Readonly<IncomingHttpHeaders>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ["cache-control", "content-disposition", "content-language"]) {
    const value = headers[name];
    if (typeof value === "string") kept[name] = value;
  }
  return kept;
}
