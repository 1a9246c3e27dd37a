import { recordChange } from "@weftkit/changes";
import type { Database } from "@weftkit/store";
import { deparseSync } from "pgsql-deparser";
import type { Catalog, CatalogChange } from "../catalog/catalog.ts";
import { temporaryPrefix } from "../catalog/namespaces.ts";
import { type Node, tagOf } from "../parse/ast.ts";
import { tableNamespace } from "../plan/row-changes.ts";

/** Commands that change no definition that somebody else would have to know. */
const untold: ReadonlySet<string> = new Set([
  "TruncateStmt",
  "CommentStmt",
  "RefreshMatViewStmt",
  "GrantStmt",
  "AlterOwnerStmt",
  "ReassignOwnedStmt",
]);

/** A command that changes definitions, with what it has changed. */
export interface SchemaChange {
  readonly node: Node;
  /** As the client sees it: CREATE TABLE. */
  readonly tag: string;
  readonly changes: readonly CatalogChange[];
  readonly before: Catalog;
  readonly after: Catalog;
  /** Where its names are looked for. */
  readonly searchPath: readonly number[];
}

/** Tells the change log of a command, so that it can be run elsewhere; not of what is temporary. */
export function recordSchema(db: Database, change: SchemaChange): void {
  if (untold.has(tagOf(change.node)) || change.changes.length === 0) return;
  const namespace = subjectOf(change);
  if (namespace === undefined || namespace.startsWith(temporaryPrefix)) return;
  recordChange(db, () => ({
    namespace,
    key: Buffer.alloc(0),
    op: "schema",
    after: Buffer.from(
      JSON.stringify({
        command: change.tag,
        sql: textOf(change.node),
        search_path: change.searchPath.map((oid) => change.after.get("namespace", oid)?.name ?? ""),
      }),
    ),
    format: "json",
  }));
}

/** Null for the rare command that cannot be written as a text again: it is told all the same. */
function textOf(node: Node): string | null {
  const { CreateTableAsStmt: as } = node;
  // Its rows are told as such, and need not be computed again.
  const told =
    as?.into === undefined ? node : { CreateTableAsStmt: { ...as, into: { ...as.into, skipData: true } } };
  try {
    return deparseSync(told as never);
  } catch {
    return null;
  }
}

/** What a command is about: a table with its schema, before other objects. */
function subjectOf({ changes, before, after }: SchemaChange): string | undefined {
  let other: string | undefined;
  for (const { kind, oid, object } of changes) {
    const found = (object ?? before.get(kind, oid)) as
      | { readonly relation?: unknown; readonly namespace?: unknown; readonly name?: unknown }
      | undefined;
    if (found === undefined) continue;
    const id = kind === "relation" ? oid : found.relation;
    const relation =
      typeof id === "number" ? (after.get("relation", id) ?? before.get("relation", id)) : undefined;
    if (relation !== undefined && relation.kind !== "i") {
      const catalog = after.get("namespace", relation.namespace) === undefined ? before : after;
      return tableNamespace(catalog, relation);
    }
    if (typeof found.name !== "string") continue;
    if (kind === "namespace") other ??= found.name;
    else if (typeof found.namespace === "number") {
      const schema = after.get("namespace", found.namespace) ?? before.get("namespace", found.namespace);
      other ??= `${schema?.name}.${found.name}`;
    }
  }
  return other;
}
