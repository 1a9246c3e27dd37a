/** What an object's key names; see `layout` of `@weftkit/persist/server`. */
export type Named =
  | { readonly subtree: string; readonly kind: "head" }
  | { readonly subtree: string; readonly kind: "manifest" | "part"; readonly name: string };

const pattern = /^([^/]+\/[^/]+\/[^/]+)\/(?:head|(manifests|parts)\/([0-9a-f]{64}))$/;

/** Undefined for an object that is no state's, such as a probe. */
export function namedBy(key: string): Named | undefined {
  const found = pattern.exec(key);
  if (found === null) return undefined;
  const [, subtree = "", folder, name = ""] = found;
  if (folder === undefined) return { subtree, kind: "head" };
  return { subtree, kind: folder === "parts" ? "part" : "manifest", name };
}
