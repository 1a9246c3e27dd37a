import { WeftkitError } from "@weftkit/core";

/** A part of a subtree's name, a key id: what is safe in a path, a header and a log line. */
const segment = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const sha256Name = /^[0-9a-f]{64}$/;
const owner = /^[\x21-\x7e]{1,128}$/;

/** Whether `text` is a SHA-256 in lower-case hexadecimal, the only form in which the contract names anything. */
export function isSha256(text: unknown): text is string {
  return typeof text === "string" && sha256Name.test(text);
}

/** Whether `text` is `namespace/engine/replica`, each of letters, digits, ".", "_" and "-", at most 63 of them. */
export function isSubtree(text: unknown): text is string {
  if (typeof text !== "string" || text.length > 191) return false;
  const segments = text.split("/");
  return segments.length === 3 && segments.every((part) => segment.test(part));
}

/** Whether `text` can name a signing key. */
export function isKeyId(text: unknown): text is string {
  return typeof text === "string" && segment.test(text);
}

/** Whether `text` can name an owner of a lease: 1 to 128 printable ASCII characters, no spaces. */
export function isOwner(text: unknown): text is string {
  return typeof text === "string" && owner.test(text);
}

/**
 * Puts a subtree's name together.
 *
 * @throws WeftkitError `malformed` when a part cannot stand in one.
 */
export function subtreeOf(namespace: string, engine: string, replica: string): string {
  const subtree = `${namespace}/${engine}/${replica}`;
  if (isSubtree(subtree)) return subtree;
  const message = `"${subtree}" cannot be a subtree: namespace, engine and replica each begin with a letter or digit and go on with at most 62 letters, digits, ".", "_" or "-"`;
  throw new WeftkitError("malformed", message);
}

/** The engine in a valid subtree's name. */
export function engineOf(subtree: string): string {
  return subtree.split("/")[1]!;
}
