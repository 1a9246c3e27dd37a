import { formatBytes, WeftkitError } from "@weftkit/core";

/** What is wrong with a request, in gRPC's terms; each face says it in its own. */
export type VectorErrorCode =
  | "invalid_argument"
  | "not_found"
  | "already_exists"
  | "permission_denied"
  | "unauthenticated"
  | "resource_exhausted"
  | "failed_precondition"
  | "unimplemented"
  | "deadline_exceeded"
  | "cancelled"
  | "unavailable"
  | "internal";

export class VectorError extends WeftkitError {
  declare readonly code: VectorErrorCode;

  // biome-ignore lint/complexity/noUselessConstructor: narrows the code
  constructor(code: VectorErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

export function invalid(message: string): VectorError {
  return new VectorError("invalid_argument", message);
}

export function noSuchCollection(name: string): VectorError {
  return new VectorError("not_found", `Not found: Collection \`${name}\` doesn't exist!`);
}

export function collectionExists(name: string): VectorError {
  return new VectorError("already_exists", `Collection \`${name}\` already exists!`);
}

export function noSuchPoint(id: string): VectorError {
  return new VectorError("not_found", `there is no vector with the id "${id}"`);
}

export function noSuchVector(name: string, known: readonly string[]): VectorError {
  const names = known.map((one) => (one === "" ? "the one without a name" : `"${one}"`)).join(", ");
  const which = name === "" ? "a vector without a name" : `a vector with the name "${name}"`;
  return invalid(
    `Wrong input: Not existing vector name error: ${name}. The collection has no ${which.slice(2)}; there is: ${names}`,
  );
}

export function wrongDimension(expected: number, got: number, name = ""): VectorError {
  const which = name === "" ? "" : ` of vector "${name}"`;
  return invalid(
    `Wrong input: Vector dimension error: expected dim: ${expected}, got ${got}${which}; nothing of the request was written`,
  );
}

export function unsupported(what: string): VectorError {
  return new VectorError("unimplemented", `${what} is not supported`);
}

export function forbidden(user: string, action: string, collection?: string): VectorError {
  const to = collection === undefined ? "" : ` on collection "${collection}"`;
  return new VectorError(
    "permission_denied",
    `${user} may not ${action}${to}; it needs a role that allows ${action}`,
  );
}

export function indexFull(bytesMax: number, used: number, needed: number): VectorError {
  return new VectorError(
    "resource_exhausted",
    `the indexes take ${formatBytes(used)} of max_index_bytes (${formatBytes(bytesMax)}), and this needs ${formatBytes(needed)} more: delete vectors or collections, or raise max_index_bytes`,
  );
}

export function spaceFull(name: string): VectorError {
  const which = name === "" ? "" : ` with the name "${name}"`;
  return new VectorError(
    "resource_exhausted",
    `the vectors${which} of a collection take 4 GiB at the most, and that is reached: use another collection`,
  );
}
