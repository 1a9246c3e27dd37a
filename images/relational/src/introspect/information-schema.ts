import { checkOptionOf, hasInsteadTrigger } from "../analyse/view-options.ts";
import type { Catalog } from "../catalog/catalog.ts";
import {
  type Column,
  informationNamespace,
  type Namespace,
  type Relation,
  type TypeInfo,
} from "../catalog/model.ts";
import {
  type Authority,
  columnRights,
  namespaceObject,
  relationObject,
  rightsOn,
} from "../catalog/rights.ts";
import { hasRightsOf, roleName } from "../catalog/roles.ts";
import { stripParentheses } from "../deparse/expr.ts";
import { shownExpression, shownQuery } from "../deparse/stored.ts";
import type { Exec } from "../run/exec.ts";
import type { Datum } from "../types/datum.ts";
import { numericTypmod } from "../types/numeric.ts";
import { oid } from "../types/oids.ts";
import { formatType, isArrayType } from "../types/type-text.ts";
import { defineRows } from "./row-sources.ts";
import { isColumnUpdatable, updatable, updatableEvents } from "./updatable.ts";

/** information_schema: the standard's views over the same catalog. */

type Values = Readonly<Record<string, Datum | undefined>>;

function rows(name: string, source: (exec: Exec) => Iterable<Values>): void {
  defineRows(name, function* (exec) {
    const relation = exec.catalog.relationByName(informationNamespace, name)!;
    const names = relation.columns.map((column) => column.name);
    for (const values of source(exec)) yield names.map((column) => values[column] ?? null);
  });
}

const yesNo = (value: boolean) => (value ? "YES" : "NO");
const schemaOf = (catalog: Catalog, namespace: number) => catalog.get("namespace", namespace)?.name ?? "";

function isVisible(authority: Authority, role: number, namespace: Namespace): boolean {
  return (
    hasRightsOf(authority.catalog, role, namespace.owner) ||
    rightsOn(authority, role, namespaceObject(namespace), "UC") !== ""
  );
}

/** The relations that who asks has any right on. */
function* relations({ catalog, session }: Exec, kinds: string): Generator<Relation> {
  const { authority } = session;
  const { current } = authority;
  for (const relation of catalog.all("relation")) {
    if (!kinds.includes(relation.kind)) continue;
    if (current.isSuperuser || mayAnything(authority, current.oid, relation)) yield relation;
  }
}

function mayAnything(authority: Authority, role: number, relation: Relation): boolean {
  if (hasRightsOf(authority.catalog, role, relation.owner)) return true;
  if (rightsOn(authority, role, relationObject(relation), relation.kind === "S" ? "rwU" : "arwdDxt") !== "")
    return true;
  return relation.columns.some(
    (c) => c.acl !== undefined && columnRights(authority, role, relation, c, "arwx") !== "",
  );
}

rows("information_schema_catalog_name", function* ({ session }) {
  yield { catalog_name: session.database };
});
rows("schemata", function* ({ catalog, session }) {
  const { authority } = session;
  for (const n of catalog.all("namespace")) {
    if (!authority.current.isSuperuser && !isVisible(authority, authority.current.oid, n)) continue;
    yield {
      catalog_name: session.database,
      schema_name: n.name,
      schema_owner: roleName(catalog, n.owner),
    };
  }
});
rows("tables", function* (exec) {
  const { catalog, session } = exec;
  for (const r of relations(exec, "rvp")) {
    yield {
      table_catalog: session.database,
      table_schema: schemaOf(catalog, r.namespace),
      table_name: r.name,
      table_type: r.persistence === "t" ? "LOCAL TEMPORARY" : r.kind === "v" ? "VIEW" : "BASE TABLE",
      is_insertable_into: yesNo((updatableEvents(catalog, exec.io, r, false) & updatable.insert) !== 0),
      is_typed: "NO",
      commit_action: null,
    };
  }
});

const precisions: Readonly<Record<number, readonly [bits: number, radix: number, scale: number | null]>> = {
  [oid.int2]: [16, 2, 0],
  [oid.int4]: [32, 2, 0],
  [oid.int8]: [64, 2, 0],
  [oid.float4]: [24, 2, null],
  [oid.float8]: [53, 2, null],
};
const textTypes: ReadonlySet<number> = new Set([oid.text, oid.varchar, oid.bpchar]);
const timeTypes: ReadonlySet<number> = new Set([oid.time, oid.timetz, oid.timestamp, oid.timestamptz]);

/** What the standard says of a type: lengths, precisions. */
function typeColumns(catalog: Catalog, session: Exec["session"], type: number, typmod: number): Values {
  const given = catalog.type(type);
  if (given === undefined) return {};
  let info = given;
  let modifier = typmod;
  const domain = info.kind === "d" ? info : undefined;
  while (info.kind === "d") {
    modifier = info.baseTypmod;
    info = catalog.type(info.baseType)!;
  }
  const id = info.oid;
  const numeric =
    id === oid.numeric
      ? modifier >= 4
        ? [numericTypmod(modifier).precision, 10, numericTypmod(modifier).scale]
        : [null, 10, null]
      : (precisions[id] ?? [null, null, null]);
  const isBit = id === oid.bit || id === oid.varbit;
  const length =
    id === oid.varchar || id === oid.bpchar
      ? modifier >= 4
        ? modifier - 4
        : null
      : isBit && modifier > 0
        ? modifier
        : null;
  const octets = textTypes.has(id) ? (length === null ? 1_073_741_824 : length * 4) : null;
  return {
    data_type: dataType(catalog, info),
    character_maximum_length: length,
    character_octet_length: octets,
    numeric_precision: numeric[0] ?? null,
    numeric_precision_radix: numeric[1] ?? null,
    numeric_scale: numeric[2] ?? null,
    datetime_precision:
      id === oid.date
        ? 0
        : timeTypes.has(id)
          ? modifier < 0
            ? 6
            : modifier
          : id === oid.interval
            ? modifier < 0 || (modifier & 0xffff) === 0xffff
              ? 6
              : modifier & 0xffff
            : null,
    ...(domain === undefined
      ? {}
      : {
          domain_catalog: session.database,
          domain_schema: schemaOf(catalog, domain.namespace),
          domain_name: domain.name,
        }),
    udt_catalog: session.database,
    udt_schema: schemaOf(catalog, info.namespace),
    udt_name: info.name,
  };
}

function dataType(catalog: Catalog, info: TypeInfo): string {
  if (isArrayType(info)) return "ARRAY";
  return info.namespace === 11 ? formatType(catalog, info.oid) : "USER-DEFINED";
}

function identityOf(catalog: Catalog, r: Relation, c: Column): Values {
  if (c.identity === undefined) return { is_identity: "NO", identity_cycle: "NO" };
  const sequence = [...catalog.all("sequence")].find(
    (s) => s.ownedBy?.relation === r.oid && s.ownedBy.attnum === c.attnum,
  );
  return {
    is_identity: "YES",
    identity_generation: c.identity === "a" ? "ALWAYS" : "BY DEFAULT",
    identity_start: String(sequence?.start ?? 1n),
    identity_increment: String(sequence?.increment ?? 1n),
    identity_maximum: String(sequence?.max ?? ""),
    identity_minimum: String(sequence?.min ?? ""),
    identity_cycle: yesNo(sequence?.cycle === true),
  };
}

rows("columns", function* (exec) {
  const { catalog, session } = exec;
  for (const r of relations(exec, "rvp")) {
    for (const c of r.columns) {
      if (c.dropped === true) continue;
      const isNamed = c.collation !== 0 && c.collation !== 100;
      yield {
        table_catalog: session.database,
        table_schema: schemaOf(catalog, r.namespace),
        table_name: r.name,
        column_name: c.name,
        ordinal_position: c.attnum,
        column_default:
          c.generated === undefined && c.default !== undefined
            ? shownExpression(catalog, exec.io, r, c.default)
            : null,
        is_nullable: yesNo(!(c.notNull || catalog.type(c.type)?.notNull === true)),
        ...typeColumns(catalog, session, c.type, c.typmod),
        ...(isNamed
          ? {
              collation_catalog: session.database,
              collation_schema: "pg_catalog",
              collation_name: c.collation === 950 ? "C" : "POSIX",
            }
          : {}),
        dtd_identifier: String(c.attnum),
        is_self_referencing: "NO",
        ...identityOf(catalog, r, c),
        is_generated: c.generated === undefined ? "NEVER" : "ALWAYS",
        generation_expression:
          c.generated === undefined || c.default === undefined
            ? null
            : shownExpression(catalog, exec.io, r, c.default),
        is_updatable: yesNo(isColumnUpdatable(catalog, exec.io, r, c.attnum, false)),
      };
    }
  }
});

const constraintTypes: Readonly<Record<string, string>> = {
  p: "PRIMARY KEY",
  u: "UNIQUE",
  f: "FOREIGN KEY",
  c: "CHECK",
  n: "CHECK",
};

function* tableConstraints({ catalog }: Exec) {
  for (const constraint of catalog.all("constraint")) {
    const relation = catalog.get("relation", constraint.relation);
    if (relation !== undefined) yield { constraint, relation };
  }
}

rows("table_constraints", function* (exec) {
  const { catalog, session } = exec;
  for (const { constraint: c, relation: r } of tableConstraints(exec)) {
    yield {
      constraint_catalog: session.database,
      constraint_schema: schemaOf(catalog, c.namespace),
      constraint_name: c.name,
      table_catalog: session.database,
      table_schema: schemaOf(catalog, r.namespace),
      table_name: r.name,
      constraint_type: constraintTypes[c.type],
      is_deferrable: yesNo(c.deferrable),
      initially_deferred: yesNo(c.deferred),
      enforced: yesNo(c.enforced !== false),
      nulls_distinct: c.type === "u" ? yesNo(catalog.get("index", c.index)?.nullsNotDistinct !== true) : null,
    };
  }
});
rows("key_column_usage", function* (exec) {
  const { catalog, session } = exec;
  for (const { constraint: c, relation: r } of tableConstraints(exec)) {
    if (c.type !== "p" && c.type !== "u" && c.type !== "f") continue;
    const referenced = c.foreign === undefined ? undefined : catalog.get("index", c.index);
    for (const [i, attnum] of c.keys.entries()) {
      yield {
        constraint_catalog: session.database,
        constraint_schema: schemaOf(catalog, c.namespace),
        constraint_name: c.name,
        table_catalog: session.database,
        table_schema: schemaOf(catalog, r.namespace),
        table_name: r.name,
        column_name: r.columns.find((column) => column.attnum === attnum)?.name,
        ordinal_position: i + 1,
        position_in_unique_constraint:
          referenced === undefined
            ? null
            : referenced.keys.findIndex((key) => key.attnum === c.foreign!.keys[i]) + 1,
      };
    }
  }
});
rows("constraint_column_usage", function* (exec) {
  const { catalog, session } = exec;
  for (const { constraint: c, relation } of tableConstraints(exec)) {
    const r = c.foreign === undefined ? relation : catalog.get("relation", c.foreign.relation)!;
    for (const attnum of c.foreign?.keys ?? c.keys) {
      yield {
        table_catalog: session.database,
        table_schema: schemaOf(catalog, r.namespace),
        table_name: r.name,
        column_name: r.columns.find((column) => column.attnum === attnum)?.name,
        constraint_catalog: session.database,
        constraint_schema: schemaOf(catalog, c.namespace),
        constraint_name: c.name,
      };
    }
  }
});
rows("constraint_table_usage", function* (exec) {
  const { catalog, session } = exec;
  for (const { constraint: c, relation } of tableConstraints(exec)) {
    if (c.type === "c" || c.type === "n") continue;
    const r = c.foreign === undefined ? relation : catalog.get("relation", c.foreign.relation)!;
    yield {
      table_catalog: session.database,
      table_schema: schemaOf(catalog, r.namespace),
      table_name: r.name,
      constraint_catalog: session.database,
      constraint_schema: schemaOf(catalog, c.namespace),
      constraint_name: c.name,
    };
  }
});
const rules: Readonly<Record<string, string>> = {
  a: "NO ACTION",
  r: "RESTRICT",
  c: "CASCADE",
  n: "SET NULL",
  d: "SET DEFAULT",
};
rows("referential_constraints", function* (exec) {
  const { catalog, session } = exec;
  for (const { constraint: c } of tableConstraints(exec)) {
    if (c.foreign === undefined) continue;
    const unique = catalog
      .constraintsOf(c.foreign.relation)
      .find((one) => one.index === c.index && one.type !== "f");
    yield {
      constraint_catalog: session.database,
      constraint_schema: schemaOf(catalog, c.namespace),
      constraint_name: c.name,
      unique_constraint_catalog: unique === undefined ? null : session.database,
      unique_constraint_schema: unique === undefined ? null : schemaOf(catalog, unique.namespace),
      unique_constraint_name: unique?.name,
      match_option: c.foreign.match === "f" ? "FULL" : "NONE",
      update_rule: rules[c.foreign.onUpdate],
      delete_rule: rules[c.foreign.onDelete],
    };
  }
});
rows("check_constraints", function* ({ catalog, session }) {
  for (const c of catalog.all("constraint")) {
    if (c.type !== "c" && c.type !== "n") continue;
    const column = catalog.get("relation", c.relation)?.columns.find((one) => one.attnum === c.keys[0])?.name;
    yield {
      constraint_catalog: session.database,
      constraint_schema: schemaOf(catalog, c.namespace),
      constraint_name: c.name,
      check_clause: c.type === "n" ? `${column ?? "VALUE"} IS NOT NULL` : stripOnce(c.expression ?? ""),
    };
  }
});
function stripOnce(text: string): string {
  return text === stripParentheses(text) ? text : `(${stripParentheses(text)})`;
}
rows("views", function* (exec) {
  const { catalog, session } = exec;
  const changing = updatable.update | updatable.delete;
  for (const r of relations(exec, "v")) {
    const events = updatableEvents(catalog, exec.io, r, false);
    yield {
      table_catalog: session.database,
      table_schema: schemaOf(catalog, r.namespace),
      table_name: r.name,
      view_definition: r.query === undefined ? null : `${shownQuery(catalog, exec.io, r)};`,
      check_option: (checkOptionOf(r) ?? "none").toUpperCase(),
      is_updatable: yesNo((events & changing) === changing),
      is_insertable_into: yesNo((events & updatable.insert) !== 0),
      is_trigger_updatable: yesNo(hasInsteadTrigger(catalog, r, "update")),
      is_trigger_deletable: yesNo(hasInsteadTrigger(catalog, r, "delete")),
      is_trigger_insertable_into: yesNo(hasInsteadTrigger(catalog, r, "insert")),
    };
  }
});
rows("sequences", function* ({ catalog, session }) {
  for (const s of catalog.all("sequence")) {
    if (s.ownedBy?.identity === true) continue;
    const r = catalog.get("relation", s.oid)!;
    yield {
      sequence_catalog: session.database,
      sequence_schema: schemaOf(catalog, r.namespace),
      sequence_name: r.name,
      data_type: formatType(catalog, s.type),
      numeric_precision: s.type === oid.int8 ? 64 : s.type === oid.int4 ? 32 : 16,
      numeric_precision_radix: 2,
      numeric_scale: 0,
      start_value: String(s.start),
      minimum_value: String(s.min),
      maximum_value: String(s.max),
      increment: String(s.increment),
      cycle_option: yesNo(s.cycle),
    };
  }
});
rows("domains", function* ({ catalog, session }) {
  for (const t of catalog.all("type")) {
    if (t.kind !== "d") continue;
    const {
      domain_catalog: _c,
      domain_schema: _s,
      domain_name: _n,
      ...columns
    } = typeColumns(catalog, session, t.oid, -1);
    yield {
      domain_catalog: session.database,
      domain_schema: schemaOf(catalog, t.namespace),
      domain_name: t.name,
      ...columns,
      domain_default: t.default ?? null,
      dtd_identifier: "1",
    };
  }
});
rows("domain_constraints", function* ({ catalog, session }) {
  for (const c of catalog.all("constraint")) {
    const type = catalog.type(c.typeOid);
    if (c.typeOid === 0 || type === undefined) continue;
    yield {
      constraint_catalog: session.database,
      constraint_schema: schemaOf(catalog, c.namespace),
      constraint_name: c.name,
      domain_catalog: session.database,
      domain_schema: schemaOf(catalog, type.namespace),
      domain_name: type.name,
      is_deferrable: "NO",
      initially_deferred: "NO",
    };
  }
});
rows("element_types", function* (exec) {
  const { catalog, session } = exec;
  for (const r of relations(exec, "rvp")) {
    if (r.system === true) continue;
    for (const c of r.columns) {
      const type = c.dropped === true ? undefined : catalog.type(c.type);
      if (type === undefined || !isArrayType(type)) continue;
      yield {
        object_catalog: session.database,
        object_schema: schemaOf(catalog, r.namespace),
        object_name: r.name,
        object_type: r.kind === "v" ? "VIEW" : "TABLE",
        collection_type_identifier: String(c.attnum),
        ...typeColumns(catalog, session, type.element, -1),
        dtd_identifier: `a${c.attnum}`,
      };
    }
  }
});
rows("character_sets", function* ({ session }) {
  yield {
    character_set_name: "UTF8",
    character_repertoire: "UCS",
    form_of_use: "UTF8",
    default_collate_catalog: session.database,
    default_collate_schema: "pg_catalog",
    default_collate_name: "default",
  };
});
for (const name of [
  "triggered_update_columns",
  "column_domain_usage",
  "column_udt_usage",
  "domain_udt_usage",
  "view_routine_usage",
  "udt_privileges",
  "user_defined_types",
  "role_udt_grants",
  "attributes",
  "foreign_tables",
  "foreign_servers",
  "foreign_data_wrappers",
  "foreign_table_options",
  "foreign_server_options",
  "foreign_data_wrapper_options",
  "user_mappings",
  "user_mapping_options",
  "column_options",
  "transforms",
  "column_column_usage",
  "view_column_usage",
  "view_table_usage",
  "check_constraint_routine_usage",
  "collations",
  "collation_character_set_applicability",
  "data_type_privileges",
  "routine_column_usage",
  "routine_routine_usage",
  "routine_sequence_usage",
  "routine_table_usage",
])
  rows(name, () => []);
