import { builtinExtensions, extensions } from "../catalog/extensions.ts";
import type { Proc } from "../catalog/model.ts";
import { database, databaseObject, requireOwner, rightsOn } from "../catalog/rights.ts";
import { notSupported, PgError } from "../errors.ts";
import { type Node, type pg, stringOf } from "../parse/ast.ts";
import { type Ddl, newOid, targetNamespace } from "./context.ts";

/** CREATE EXTENSION: its functions become functions of the schema. @throws PgError 42710, 0A000 */
export function createExtension(ddl: Ddl, node: pg.CreateExtensionStmt): void {
  const name = node.extname ?? "";
  const options = ((node.options ?? []) as Node[]).map((option) => option.DefElem!);
  const schema = options.find(({ defname }) => defname === "schema")?.arg as Node | undefined;
  const isThere = builtinExtensions.has(name) || findExtension(ddl, name) !== undefined;
  if (isThere) {
    if (node.if_not_exists !== true) throw new PgError("42710", `extension "${name}" already exists`);
    ddl.notice(`extension "${name}" already exists, skipping`);
    return;
  }
  const extension = extensions.get(name);
  if (extension === undefined) throw notSupported(`extension "${name}"`);
  if (!ddl.authority.current.isSuperuser && !mayCreateExtensions(ddl))
    throw new PgError("42501", `permission denied to create extension "${name}"`, {
      hint: "Must have CREATE privilege on current database to create this extension.",
    });
  const namespace = targetNamespace(
    ddl,
    schema === undefined ? undefined : { relname: name, schemaname: stringOf(schema) },
  );
  const id = newOid(ddl);
  ddl.catalog.set("extension", { oid: id, name, namespace, owner: ddl.owner, version: extension.version });
  for (const made of extension.functions) {
    const proc: Proc = {
      oid: newOid(ddl),
      name: made.name,
      namespace,
      owner: ddl.owner,
      kind: "f",
      returnsSet: false,
      strict: true,
      volatility: made.volatility,
      result: made.result,
      arguments: made.arguments,
      defaultCount: 0,
      variadic: 0,
      modes: "",
      argumentNames: made.argumentNames ?? [],
      allArguments: made.arguments,
      source: made.source,
      defaults: [],
      extension: id,
    };
    ddl.catalog.set("proc", proc);
  }
}

function mayCreateExtensions(ddl: Ddl): boolean {
  const object = databaseObject(database(ddl.catalog), ddl.database);
  return rightsOn(ddl.authority, ddl.authority.current.oid, object, "C") === "C";
}

function findExtension(ddl: Ddl, name: string) {
  return [...ddl.catalog.all("extension")].find((each) => each.name === name);
}

export function dropExtension(ddl: Ddl, name: string, missingOk: boolean): void {
  if (builtinExtensions.has(name)) throw notSupported(`DROP EXTENSION ${name}`);
  const extension = findExtension(ddl, name);
  if (extension === undefined) {
    if (!missingOk) throw new PgError("42704", `extension "${name}" does not exist`);
    ddl.notice(`extension "${name}" does not exist, skipping`);
    return;
  }
  requireOwner(ddl.authority, ddl.authority.current.oid, {
    ...extension,
    kind: "f",
    acl: undefined,
    word: "extension",
  });
  for (const proc of [...ddl.catalog.all("proc")])
    if (proc.extension === extension.oid) ddl.catalog.delete("proc", proc.oid);
  ddl.catalog.delete("extension", extension.oid);
}
