import { coerceToBoolean } from "../analyse/coerce.ts";
import { Level } from "../analyse/context.ts";
import type { Expr } from "../analyse/expr.ts";
import { children } from "../analyse/expr.ts";
import { analyseExpr } from "../analyse/expressions.ts";
import { itemOf, tableEntry } from "../analyse/from.ts";
import { catalogNamespace, type Policy, type Relation } from "../catalog/model.ts";
import { deparseOverTable } from "../deparse/query.ts";
import { PgError } from "../errors.ts";
import type { Node, pg } from "../parse/ast.ts";
import { analyserOf, type Ddl, newOid, requireRelation } from "./context.ts";
import { requireRelationOwner } from "./rights.ts";
import { granteeOf, roleSpecs } from "./role-names.ts";

/** CREATE, ALTER and DROP POLICY. */

const commands: Readonly<Record<string, Policy["command"]>> = {
  all: "*",
  select: "r",
  insert: "a",
  update: "w",
  delete: "d",
};

function tableOf(ddl: Ddl, name: pg.RangeVar): Relation {
  const relation = requireRelation(ddl, name, ["r", "p"], "table");
  requireRelationOwner(ddl, relation);
  return relation;
}

function rolesOf(ddl: Ddl, nodes: readonly unknown[] | undefined): number[] {
  const roles = roleSpecs(nodes).map((spec) => granteeOf(ddl, spec));
  if (roles.length === 0) return [0];
  if (!roles.includes(0)) return roles;
  if (roles.length > 1)
    ddl.notice("ignoring specified roles other than PUBLIC", "WARNING", {
      hint: "All roles are members of the PUBLIC role.",
    });
  return [0];
}

/** A condition as the catalog keeps it: every name with its schema. @throws PgError 42803, 42P20, 0A000 */
function conditionText(ddl: Ddl, relation: Relation, node: Node): string {
  const { ctx, analyser } = analyserOf(ddl);
  const level = new Level();
  level.place = "POLICY";
  const entry = tableEntry(ctx, relation, relation.name);
  level.namespace = [itemOf(entry)];
  const expr = coerceToBoolean(ctx, analyseExpr(analyser, level, node), "POLICY");
  refuse(expr);
  const io = { ...ddl.io, catalog: ddl.catalog, searchPath: [catalogNamespace] };
  return deparseOverTable(ddl.catalog, io, entry, expr);
}

function refuse(expr: Expr): void {
  if (expr.kind === "aggref" && expr.levelsUp === 0)
    throw new PgError("42803", "aggregate functions are not allowed in policy expressions");
  if (expr.kind === "window")
    throw new PgError("42P20", "window functions are not allowed in policy expressions");
  if (expr.kind === "func" && expr.proc.returnsSet)
    throw new PgError("0A000", "set-returning functions are not allowed in policy expressions");
  for (const child of children(expr)) refuse(child);
}

function find(ddl: Ddl, relation: Relation, name: string): Policy | undefined {
  return [...ddl.catalog.all("policy")].find((p) => p.relation === relation.oid && p.name === name);
}

function requireFree(ddl: Ddl, relation: Relation, name: string): void {
  if (find(ddl, relation, name) !== undefined)
    throw new PgError("42710", `policy "${name}" for table "${relation.name}" already exists`);
}

export function createPolicy(ddl: Ddl, node: pg.CreatePolicyStmt): void {
  const command = commands[node.cmd_name ?? "all"];
  if (command === undefined)
    throw new PgError("42601", `unrecognized row security option "${node.cmd_name}"`);
  checkClauses(command, node.qual !== undefined, node.with_check !== undefined);
  const roles = rolesOf(ddl, node.roles);
  const relation = tableOf(ddl, node.table!);
  const name = node.policy_name ?? "";
  requireFree(ddl, relation, name);
  const using = node.qual === undefined ? undefined : conditionText(ddl, relation, node.qual as Node);
  const check =
    node.with_check === undefined ? undefined : conditionText(ddl, relation, node.with_check as Node);
  ddl.catalog.set("policy", {
    oid: newOid(ddl),
    name,
    relation: relation.oid,
    // The grammar's bit is set unless AS RESTRICTIVE was said.
    isPermissive: node.permissive === true,
    command,
    roles,
    ...(using === undefined ? {} : { using }),
    ...(check === undefined ? {} : { check }),
  });
}

/** @throws PgError 42601 */
function checkClauses(command: Policy["command"], hasUsing: boolean, hasCheck: boolean): void {
  if ((command === "r" || command === "d") && hasCheck)
    throw new PgError("42601", "WITH CHECK cannot be applied to SELECT or DELETE");
  if (command === "a" && hasUsing)
    throw new PgError("42601", "only WITH CHECK expression allowed for INSERT");
}

function requirePolicy(ddl: Ddl, relation: Relation, name: string): Policy {
  const policy = find(ddl, relation, name);
  if (policy === undefined)
    throw new PgError("42704", `policy "${name}" for table "${relation.name}" does not exist`);
  return policy;
}

export function alterPolicy(ddl: Ddl, node: pg.AlterPolicyStmt): void {
  const relation = tableOf(ddl, node.table!);
  const policy = requirePolicy(ddl, relation, node.policy_name ?? "");
  checkClauses(policy.command, node.qual !== undefined, node.with_check !== undefined);
  const using = node.qual === undefined ? policy.using : conditionText(ddl, relation, node.qual as Node);
  const check =
    node.with_check === undefined ? policy.check : conditionText(ddl, relation, node.with_check as Node);
  ddl.catalog.set("policy", {
    ...policy,
    ...((node.roles?.length ?? 0) > 0 ? { roles: rolesOf(ddl, node.roles) } : {}),
    ...(using === undefined ? {} : { using }),
    ...(check === undefined ? {} : { check }),
  });
}

export function renamePolicy(ddl: Ddl, table: pg.RangeVar, name: string, next: string): void {
  const relation = tableOf(ddl, table);
  requireFree(ddl, relation, next);
  ddl.catalog.set("policy", { ...requirePolicy(ddl, relation, name), name: next });
}

export function dropPolicy(ddl: Ddl, names: readonly string[], missingOk: boolean): void {
  const [name, table, schema] = [names.at(-1)!, names.at(-2)!, names.at(-3)];
  let relation: Relation;
  try {
    relation = requireRelation(
      ddl,
      schema === undefined ? { relname: table } : { relname: table, schemaname: schema },
    );
  } catch (error) {
    if (!missingOk || !(error instanceof PgError) || error.code !== "42P01") throw error;
    ddl.notice(`relation "${table}" does not exist, skipping`);
    return;
  }
  const policy = find(ddl, relation, name);
  if (policy === undefined && missingOk) {
    ddl.notice(`policy "${name}" for relation "${relation.name}" does not exist, skipping`);
    return;
  }
  const found = requirePolicy(ddl, relation, name);
  requireRelationOwner(ddl, relation);
  removePolicy(ddl, found);
}

export function removePolicy(ddl: Ddl, policy: Policy): void {
  ddl.catalog.delete("policy", policy.oid);
  for (const comment of [...ddl.catalog.all("comment")])
    if (comment.object === policy.oid && comment.classOid === 3256)
      ddl.catalog.delete("comment", comment.oid);
}

/** Policies whose conditions read a column; those of other tables that read it in a subquery, too. */
export function policiesReading(ddl: Ddl, relation: Relation, attnum: number): Policy[] {
  return [...ddl.catalog.all("policy")].filter((policy) => {
    const table = ddl.catalog.get("relation", policy.relation);
    if (table === undefined) return false;
    return [policy.using, policy.check].some((text) => {
      if (text === undefined) return false;
      const { ctx, analyser } = analyserOf(ddl);
      const entry = tableEntry(ctx, table, table.name);
      const level = new Level();
      level.namespace = [itemOf(entry)];
      const expr = analyser.expressionOf(table, text, level);
      if (table.oid === relation.oid && entry.used.has(attnum)) return true;
      return readsWithin(expr, relation.oid, attnum, new Set());
    });
  });
}

function readsWithin(value: unknown, relation: number, attnum: number, seen: Set<unknown>): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  const { relation: of, used } = value as { relation?: { oid: number }; used?: unknown };
  if (of?.oid === relation && used instanceof Set && used.has(attnum)) return true;
  return Object.values(value).some((item) => readsWithin(item, relation, attnum, seen));
}
