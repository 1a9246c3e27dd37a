import type { Catalog } from "./catalog.ts";
import type { Namespace } from "./model.ts";

/** Schemas of temporary objects begin so; the session's number follows. */
export const temporaryPrefix = "pg_temp_";

/** A schema by its name; `pg_temp` is the session's own, which its path has. */
export function namespaceNamed(
  catalog: Catalog,
  searchPath: readonly number[],
  name: string,
): Namespace | undefined {
  if (name !== "pg_temp") return catalog.namespaceByName(name);
  for (const oid of searchPath) {
    const namespace = catalog.get("namespace", oid);
    if (namespace?.name.startsWith(temporaryPrefix) === true) return namespace;
  }
  return undefined;
}
