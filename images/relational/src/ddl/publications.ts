import { coerceToBoolean } from "../analyse/coerce.ts";
import { Level } from "../analyse/context.ts";
import { children, type Expr } from "../analyse/expr.ts";
import { analyseExpr } from "../analyse/expressions.ts";
import { itemOf, lookUpRelation, tableEntry } from "../analyse/from.ts";
import type { Catalog } from "../catalog/catalog.ts";
import {
  catalogNamespace,
  type Publication,
  type PublicationTable,
  type Relation,
} from "../catalog/model.ts";
import { treeOf } from "../catalog/partitions.ts";
import { isPublishable, publicationNamed } from "../catalog/publications.ts";
import { hasRightsOf } from "../catalog/roles.ts";
import { deparse } from "../deparse/expr.ts";
import { PgError } from "../errors.ts";
import { type Node, type pg, stringOf, strings } from "../parse/ast.ts";
import { parseBoolean } from "../types/texts.ts";
import { analyserOf, type Ddl, deparseContext, newOid, requireRelation } from "./context.ts";
import { optionValue } from "./option-value.ts";
import { requireOnDatabase, requireRealOwner, requireRelationOwner } from "./rights.ts";
import { requireSetRole, roleOf } from "./role-names.ts";

/** CREATE, ALTER and DROP PUBLICATION. */

type Options = Pick<Publication, "insert" | "update" | "delete" | "truncate" | "viaRoot" | "generated">;

const initialOptions: Options = {
  insert: true,
  update: true,
  delete: true,
  truncate: true,
  viaRoot: false,
  generated: false,
};

/** @throws PgError 42601, 22023 */
function optionsOf(nodes: readonly pg.Node[] | undefined): Partial<Options> {
  const options: { -readonly [Name in keyof Options]?: Options[Name] } = {};
  const seen = new Set<string>();
  for (const node of nodes ?? []) {
    const { defname: name = "", arg } = (node as Node).DefElem!;
    if (seen.has(name)) throw new PgError("42601", "conflicting or redundant options");
    seen.add(name);
    const value = optionValue(arg as Node | undefined);
    if (name === "publish") Object.assign(options, actionsOf(value));
    else if (name === "publish_via_partition_root") options.viaRoot = requireBoolean(name, value);
    else if (name === "publish_generated_columns") {
      if (value !== "none" && value !== "stored")
        throw new PgError("22023", `invalid value for publication parameter "${name}": "${value}"`, {
          detail: 'Valid values are "none" and "stored".',
        });
      options.generated = value === "stored";
    } else throw new PgError("42601", `unrecognized publication parameter: "${name}"`);
  }
  return options;
}

function requireBoolean(name: string, value: string): boolean {
  const known = parseBoolean(value);
  if (known === undefined) throw new PgError("42601", `${name} requires a Boolean value`);
  return known;
}

function actionsOf(text: string): Partial<Options> {
  const actions = { insert: false, update: false, delete: false, truncate: false };
  for (const word of text.split(",").map((each) => each.trim().toLowerCase())) {
    if (word === "" && text.trim() === "") continue;
    if (!Object.hasOwn(actions, word))
      throw new PgError("42601", `unrecognized value for publication option "publish": "${word}"`);
    actions[word as keyof typeof actions] = true;
  }
  return actions;
}

/** The tables and schemas that a statement names. */
interface Members {
  readonly tables: readonly (PublicationTable & { readonly of: Relation })[];
  readonly schemas: readonly number[];
}

function membersOf(ddl: Ddl, nodes: readonly pg.Node[] | undefined, isDrop: boolean): Members {
  const tables: (PublicationTable & { of: Relation })[] = [];
  const schemas = new Set<number>();
  for (const node of nodes ?? []) {
    const { pubobjtype, pubtable, name } = (node as Node).PublicationObjSpec!;
    if (pubobjtype === "PUBLICATIONOBJ_TABLE") {
      const table = tableOf(ddl, pubtable!, isDrop);
      const known = tables.find(({ relation }) => relation === table.relation);
      if (known === undefined) tables.push(table);
      else refuseTwice(known, table);
    } else schemas.add(schemaOf(ddl, pubobjtype === "PUBLICATIONOBJ_TABLES_IN_SCHEMA" ? name! : undefined));
  }
  return { tables, schemas: [...schemas] };
}

function refuseTwice(known: PublicationTable & { of: Relation }, again: PublicationTable): void {
  const what =
    known.where !== undefined || again.where !== undefined
      ? "WHERE clauses"
      : known.columns !== undefined || again.columns !== undefined
        ? "column lists"
        : undefined;
  if (what !== undefined)
    throw new PgError("42710", `conflicting or redundant ${what} for table "${known.of.name}"`);
}

function schemaOf(ddl: Ddl, name: string | undefined): number {
  if (name === undefined) {
    const first = ddl.io.searchPath.find((namespace) => namespace !== catalogNamespace);
    if (first === undefined) throw new PgError("3F000", "no schema has been selected for CURRENT_SCHEMA");
    return first;
  }
  const namespace = ddl.catalog.namespaceByName(name);
  if (namespace === undefined) throw new PgError("3F000", `schema "${name}" does not exist`);
  return namespace.oid;
}

/** @throws PgError 22023, 42703, 42710 */
function tableOf(
  ddl: Ddl,
  { relation: name, whereClause, columns }: pg.PublicationTable,
  isDrop: boolean,
): PublicationTable & { of: Relation } {
  const relation =
    lookUpRelation(analyserOf(ddl).ctx, name!.schemaname, name!.relname ?? "") ?? requireRelation(ddl, name!);
  if (isDrop) {
    if (whereClause !== undefined)
      throw new PgError("42601", "cannot use a WHERE clause when removing a table from a publication");
    if ((columns?.length ?? 0) > 0)
      throw new PgError("42601", "column list must not be specified in ALTER PUBLICATION ... DROP");
    return { oid: 0, relation: relation.oid, of: relation };
  }
  if (!isPublishable(relation)) throw unpublishable(relation);
  requireRelationOwner(ddl, relation);
  const list = (columns?.length ?? 0) === 0 ? undefined : attnumsOf(relation, strings(columns as Node[]));
  const where = whereClause === undefined ? undefined : filterText(ddl, relation, whereClause as Node);
  return {
    oid: 0,
    relation: relation.oid,
    of: relation,
    ...(list === undefined ? {} : { columns: list }),
    ...(where === undefined ? {} : { where }),
  };
}

const relationWords: Readonly<Record<string, string>> = {
  v: "views",
  m: "materialized views",
  S: "sequences",
  i: "indexes",
  c: "composite types",
};

function unpublishable({ name, kind, persistence, system }: Relation): PgError {
  const what =
    system === true
      ? "system tables"
      : (relationWords[kind] ?? (persistence === "t" ? "temporary tables" : "unlogged tables"));
  return new PgError("22023", `cannot add relation "${name}" to publication`, {
    detail: `This operation is not supported for ${what}.`,
  });
}

function attnumsOf(relation: Relation, names: readonly string[]): number[] {
  const attnums = names.map((name, index) => {
    const column = relation.columns.find((each) => each.name === name && each.dropped !== true);
    if (column === undefined)
      throw new PgError("42703", `column "${name}" of relation "${relation.name}" does not exist`);
    if (column.generated === "v")
      throw new PgError("42P10", `cannot use virtual generated column "${name}" in publication column list`);
    if (names.indexOf(name) !== index)
      throw new PgError("42710", `duplicate column "${name}" in publication column list`);
    return column.attnum;
  });
  return attnums.sort((a, b) => a - b);
}

/** @throws PgError 0A000, 42804 */
function filterText(ddl: Ddl, relation: Relation, node: Node): string {
  const { ctx, analyser } = analyserOf(ddl);
  const level = new Level();
  level.place = "CHECK";
  level.namespace = [itemOf(tableEntry(ctx, relation, relation.name))];
  const expr = coerceToBoolean(ctx, analyseExpr(analyser, level, node), "PUBLICATION WHERE");
  refuse(expr);
  return deparse(deparseContext(ddl), expr);
}

/** A filter is asked of rows outside of any transaction: it may look at nothing but the row. */
function refuse(expr: Expr): void {
  const detail =
    expr.kind === "sublink"
      ? "Only columns, constants, built-in operators, built-in data types, built-in collations, and immutable built-in functions are allowed."
      : expr.kind === "func" && expr.proc.language !== undefined
        ? "User-defined or built-in mutable functions are not allowed."
        : expr.kind === "func" && expr.proc.volatility !== "i"
          ? "User-defined or built-in mutable functions are not allowed."
          : undefined;
  if (detail !== undefined)
    throw new PgError("0A000", "invalid publication WHERE expression", { detail }, expr.location);
  for (const child of children(expr)) refuse(child);
}

function requireFree(ddl: Ddl, name: string): void {
  if (publicationNamed(ddl.catalog, name) !== undefined)
    throw new PgError("42710", `publication "${name}" already exists`);
}

function requirePublication(ddl: Ddl, name: string): Publication {
  const publication = publicationNamed(ddl.catalog, name);
  if (publication === undefined) throw new PgError("42704", `publication "${name}" does not exist`);
  return publication;
}

/** @throws PgError 42501 */
function requirePublicationOwner(ddl: Ddl, publication: Publication): void {
  const { current, catalog } = ddl.authority;
  if (current.isSuperuser || hasRightsOf(catalog, current.oid, publication.owner)) return;
  throw new PgError("42501", `must be owner of publication ${publication.name}`);
}

/** A whole database or schema has tables of others. @throws PgError 42501 */
function requireSuperuser(ddl: Ddl, what: string): void {
  if (!ddl.authority.current.isSuperuser) throw new PgError("42501", `must be superuser to ${what}`);
}

export function createPublication(ddl: Ddl, node: pg.CreatePublicationStmt): void {
  const name = node.pubname ?? "";
  requireOnDatabase(ddl, "C");
  const allTables = node.for_all_tables === true;
  if (allTables) requireSuperuser(ddl, "create FOR ALL TABLES publication");
  requireFree(ddl, name);
  const options = { ...initialOptions, ...optionsOf(node.options) };
  const { tables, schemas } = membersOf(ddl, node.pubobjects, false);
  if (schemas.length > 0) requireSuperuser(ddl, "create FOR TABLES IN SCHEMA publication");
  put(ddl, {
    oid: newOid(ddl),
    name,
    owner: ddl.owner,
    allTables,
    ...options,
    tables: tables.map((table) => stored(ddl, table)),
    schemas: schemas.map((namespace) => ({ oid: newOid(ddl), namespace })),
  });
}

function stored(
  ddl: Ddl,
  { of: _relation, ...table }: PublicationTable & { of: Relation },
): PublicationTable {
  return { ...table, oid: newOid(ddl) };
}

/** @throws PgError 22023 */
function put(ddl: Ddl, publication: Publication): void {
  const { catalog } = ddl;
  for (const { relation: id, columns, where } of publication.tables) {
    const relation = catalog.get("relation", id)!;
    const shown = `"${catalog.get("namespace", relation.namespace)?.name}.${relation.name}"`;
    if (columns !== undefined && publication.schemas.length > 0)
      throw new PgError(
        "22023",
        `cannot use column list for relation ${shown} in publication "${publication.name}"`,
        {
          detail:
            "Column lists cannot be specified in publications containing FOR TABLES IN SCHEMA elements.",
        },
      );
    if (relation.kind !== "p" || publication.viaRoot) continue;
    const what = columns !== undefined ? "column list" : where !== undefined ? "WHERE clause" : undefined;
    if (what !== undefined)
      throw new PgError("22023", `cannot use publication ${what} for relation "${relation.name}"`, {
        detail: `${what} cannot be used for a partitioned table when publish_via_partition_root is false.`,
      });
  }
  catalog.set("publication", publication);
}

export function alterPublication(ddl: Ddl, node: pg.AlterPublicationStmt): void {
  const publication = requirePublication(ddl, node.pubname ?? "");
  requirePublicationOwner(ddl, publication);
  if ((node.options?.length ?? 0) > 0) {
    put(ddl, { ...publication, ...optionsOf(node.options) });
    return;
  }
  const action = node.action ?? "AP_AddObjects";
  const { tables, schemas } = membersOf(ddl, node.pubobjects, action === "AP_DropObjects");
  if (publication.allTables)
    throw new PgError("55000", `publication "${publication.name}" is defined as FOR ALL TABLES`, {
      detail: "Tables or schemas cannot be added to or dropped from FOR ALL TABLES publications.",
    });
  if (schemas.length > 0 && action !== "AP_DropObjects") requireSuperuser(ddl, "add or set schemas");
  put(ddl, changed(ddl, publication, action, { tables, schemas }));
}

function changed(
  ddl: Ddl,
  publication: Publication,
  action: pg.AlterPublicationStmt["action"],
  { tables, schemas }: Members,
): Publication {
  const schemaName = (oid: number) => ddl.catalog.get("namespace", oid)?.name;
  const made = () => schemas.map((namespace) => ({ oid: newOid(ddl), namespace }));
  if (action === "AP_SetObjects")
    return { ...publication, tables: tables.map((table) => stored(ddl, table)), schemas: made() };
  if (action === "AP_DropObjects") {
    for (const { relation, of } of tables)
      if (!publication.tables.some((table) => table.relation === relation))
        throw new PgError("42704", `relation "${of.name}" is not part of the publication`);
    for (const schema of schemas)
      if (!publication.schemas.some(({ namespace }) => namespace === schema))
        throw new PgError(
          "42704",
          `tables from schema "${schemaName(schema)}" are not part of the publication`,
        );
    return {
      ...publication,
      tables: publication.tables.filter(
        (table) => !tables.some(({ relation }) => relation === table.relation),
      ),
      schemas: publication.schemas.filter(({ namespace }) => !schemas.includes(namespace)),
    };
  }
  for (const { relation, of } of tables)
    if (publication.tables.some((table) => table.relation === relation))
      throw new PgError(
        "42710",
        `relation "${of.name}" is already member of publication "${publication.name}"`,
      );
  for (const schema of schemas)
    if (publication.schemas.some(({ namespace }) => namespace === schema))
      throw new PgError(
        "42710",
        `schema "${schemaName(schema)}" is already member of publication "${publication.name}"`,
      );
  return {
    ...publication,
    tables: [...publication.tables, ...tables.map((table) => stored(ddl, table))],
    schemas: [...publication.schemas, ...made()],
  };
}

export function dropPublication(ddl: Ddl, name: string, missingOk: boolean): void {
  if (missingOk && publicationNamed(ddl.catalog, name) === undefined) {
    ddl.notice(`publication "${name}" does not exist, skipping`);
    return;
  }
  const publication = requirePublication(ddl, name);
  requirePublicationOwner(ddl, publication);
  ddl.catalog.delete("publication", publication.oid);
}

export function renamePublication(ddl: Ddl, name: string, next: string): void {
  const publication = requirePublication(ddl, name);
  requireFree(ddl, next);
  requirePublicationOwner(ddl, publication);
  ddl.catalog.set("publication", { ...publication, name: next });
}

export function setPublicationOwner(ddl: Ddl, object: Node, spec: pg.RoleSpec): void {
  const publication = requirePublication(ddl, stringOf(object));
  const owner = roleOf(ddl, spec);
  if (publication.owner === owner.oid) return;
  requireRealOwner(ddl, { ...publication, kind: "r", acl: undefined, word: "publication" });
  if (!ddl.authority.current.isSuperuser) {
    requireSetRole(ddl, owner.oid);
    requireOnDatabase(ddl, "C", owner.oid);
  }
  if ((publication.allTables || publication.schemas.length > 0) && !owner.isSuperuser)
    throw new PgError("42501", `permission denied to change owner of publication "${publication.name}"`, {
      hint: `The owner of a ${publication.allTables ? "FOR ALL TABLES" : "FOR TABLES IN SCHEMA"} publication must be a superuser.`,
    });
  ddl.catalog.set("publication", { ...publication, owner: owner.oid });
}

/** A table that is dropped is in no publication any more; so is a schema. */
export function forgetPublished(
  catalog: Catalog,
  what: { readonly relation?: number; readonly namespace?: number },
): void {
  for (const publication of [...catalog.all("publication")]) {
    const tables = publication.tables.filter(({ relation }) => relation !== what.relation);
    const schemas = publication.schemas.filter(({ namespace }) => namespace !== what.namespace);
    if (tables.length < publication.tables.length || schemas.length < publication.schemas.length)
      catalog.set("publication", { ...publication, tables, schemas });
  }
}

/** Publications that name a column of a table, in a list or in a filter. */
export function publicationsNaming(ddl: Ddl, relation: Relation, attnum: number): Publication[] {
  return [...ddl.catalog.all("publication")].filter(({ tables }) =>
    tables.some((table) => table.relation === relation.oid && namesColumn(ddl, relation, table, attnum)),
  );
}

function namesColumn(ddl: Ddl, relation: Relation, table: PublicationTable, attnum: number): boolean {
  if (table.columns?.includes(attnum) === true) return true;
  if (table.where === undefined) return false;
  const { ctx, analyser } = analyserOf(ddl);
  const entry = tableEntry(ctx, relation, relation.name);
  const level = new Level();
  level.namespace = [itemOf(entry)];
  analyser.expressionOf(relation, table.where, level);
  return entry.used.has(attnum);
}

/** What a table's publications cannot go on without, where one of its columns is dropped with CASCADE. */
export function removePublished(ddl: Ddl, publication: Publication, relation: Relation): void {
  const tree = new Set(treeOf(ddl.catalog, relation).map(({ oid }) => oid));
  const current = ddl.catalog.get("publication", publication.oid)!;
  ddl.catalog.set("publication", {
    ...current,
    tables: current.tables.filter((table) => !tree.has(table.relation)),
  });
}
