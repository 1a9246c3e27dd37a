import {
  isSignatureOf,
  readSignedFields,
  requestText,
  type SignedFields,
  type SigningKey,
} from "../contract/signing.ts";
import type { FunctionRequest } from "./function-request.ts";

/** The base URL's own path may stand before it; it is not signed, as the function need not know it. */
const routePattern = /^(?:\/(?!\.{1,2}\/)[A-Za-z0-9._~-]{1,128}){0,8}(\/(?:persist|restore|lease))$/;
const queryLengthMax = 1024;

export interface Authenticated {
  readonly key: SigningKey;
  readonly fields: SignedFields;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Who signed the request, by its headers alone; undefined when nobody whose key is here, whatever the reason. */
export function authenticate(
  keys: readonly SigningKey[],
  { method, path, query: rawQuery, headers }: FunctionRequest,
): Authenticated | undefined {
  const route = path.length <= 2048 ? routePattern.exec(path)?.[1] : undefined;
  const query = readQuery(rawQuery);
  const signed = readSignedFields((name) => {
    const value = headers[name];
    return typeof value === "string" ? value : undefined;
  });
  if (route === undefined || query === undefined || signed === undefined) return undefined;
  const { fields, signature } = signed;
  const text = requestText({ method, path: route, query }, fields);
  const key = keys.find(
    (candidate) => candidate.id === fields.keyId && isSignatureOf(candidate, text, signature),
  );
  return key && { key, fields, path: route, query };
}

/** Undefined for what the contract has none of: parameters without a value or given twice, broken encoding. */
function readQuery(raw: string): Readonly<Record<string, string>> | undefined {
  if (raw.length > queryLengthMax) return undefined;
  if (raw === "") return {};
  const pairs = new Map<string, string>();
  for (const pair of raw.split("&")) {
    const [name, value, ...rest] = pair.split("=").map(decode);
    if (name === undefined || value === undefined || rest.length > 0 || pairs.has(name)) return undefined;
    pairs.set(name, value);
  }
  return Object.fromEntries(pairs);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
