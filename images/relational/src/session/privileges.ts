import type { FromNode, Query } from "../analyse/expr.ts";
import { children, type Expr } from "../analyse/expr.ts";
import { expressionsOf, subqueriesOf } from "../analyse/grouping.ts";
import type { Relation } from "../catalog/model.ts";
import { notSupported, PgError } from "../errors.ts";
import type { SessionState } from "./state.ts";

/** Refuses what the user's roles do not allow. @throws PgError 42501 */
export function checkPrivileges(session: SessionState, query: Query): void {
  const { user } = session;
  const hasRowSecurity = session.catalog.derive("row security", () => {
    const found = [...session.catalog.all("relation")].some((relation) => relation.rowSecurity === true);
    return { found };
  }).found;
  if (!hasRowSecurity && user.scope("read") === "all" && user.scope("write") === "all") return;
  visit(session, query);
}

function visit(session: SessionState, query: Query): void {
  if (query.command !== "select") requireAction(session, "write", query.relation);
  const tree = (node: FromNode): void => {
    if (node.kind === "join") {
      tree(node.left);
      tree(node.right);
    } else if (node.entry.relation !== undefined && node.entry.relation.system !== true)
      requireAction(session, "read", node.entry.relation);
  };
  if (query.command === "merge") tree(query.source);
  else if (query.command !== "insert") for (const node of query.from) tree(node);
  for (const inner of subqueriesOf(query)) visit(session, inner);
  if (query.command === "select" && query.setOperation !== undefined) {
    visit(session, query.setOperation.left);
    visit(session, query.setOperation.right);
  }
  const expression = (expr: Expr): void => {
    if (expr.kind === "sublink") visit(session, expr.query);
    for (const child of children(expr)) expression(child);
  };
  for (const expr of expressionsOf(query)) expression(expr);
}

export function requireAction(
  session: SessionState,
  action: "read" | "write" | "schema",
  relation: Relation,
): void {
  if (relation.rowSecurity === true && !session.user.can("schema", relation.name))
    // There are no policies, and without one nobody but the owner sees or changes a row.
    throw notSupported(`row-level security of table "${relation.name}" for users who do not own it`);
  if (session.user.can(action, relation.name)) return;
  const kind = relation.kind === "v" ? "view" : relation.kind === "S" ? "sequence" : "table";
  throw new PgError("42501", `permission denied for ${kind} ${relation.name}`);
}

/** For definitions: CREATE, ALTER, DROP. */
export function requireSchema(session: SessionState, name: string | undefined): void {
  if (session.user.can("schema", name)) return;
  throw new PgError("42501", `permission denied for schema public`);
}
