import type { Catalog } from "./catalog.ts";
import type { Namespace } from "./model.ts";

/** Schemas of temporary objects begin so; the session's number follows. */
export const temporaryPrefix = "pg_temp_";

/** Where a statement looks for names, and what it asks before it looks into a schema. */
export interface Lookup {
  readonly catalog: Catalog;
  /** OIDs of schemas. */
  readonly searchPath: readonly number[];
  /** @throws PgError 42501 */
  readonly requireUsage?: ((namespace: Namespace) => void) | undefined;
}

/** A schema that a statement names, in which it may look for things; `pg_temp` is the session's own. @throws PgError 42501 */
export function usableNamespace(lookup: Lookup, name: string): Namespace | undefined {
  const namespace = namespaceNamed(lookup.catalog, lookup.searchPath, name);
  if (namespace !== undefined && name !== "pg_temp") lookup.requireUsage?.(namespace);
  return namespace;
}

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
