import {
  builtinAggregates,
  builtinCasts,
  builtinOperators,
  builtinProcs,
  opclasses,
} from "../catalog/builtin.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { publicSchemaAcl } from "../catalog/data/roles.ts";
import { builtinExtensions, extensions } from "../catalog/extensions.ts";
import {
  bootstrapRole,
  type Column,
  catalogNamespace,
  publicNamespace,
  type Relation,
  type TypeInfo,
  theDatabase,
} from "../catalog/model.ts";
import { isInheritedConstraint, partitionsOf } from "../catalog/partitions.ts";
import { roleName } from "../catalog/roles.ts";
import { indexDefinition } from "../deparse/catalog.ts";
import { partitionBoundText } from "../deparse/partitions.ts";
import { shownAcl } from "../functions/privileges.ts";
import type { Exec } from "../run/exec.ts";
import { type Datum, PgArray } from "../types/datum.ts";
import { isArrayType } from "../types/type-text.ts";
import { isPartitioned, parentOf, partsOf } from "./partitions.ts";
import { defineRows } from "./row-sources.ts";

/** The tables of pg_catalog: their rows are made of the catalog object when they are read. */

type Source = (exec: Exec) => Iterable<Readonly<Record<string, Datum | undefined>>>;

/** A row by the columns' names; what is not named is NULL. */
function rows(name: string, source: Source, isOfCatalog = false): void {
  defineRows(
    name,
    function* (exec) {
      const relation = exec.catalog.relationByName(catalogNamespace, name)!;
      const names = relation.columns.map((column) => column.name);
      for (const values of source(exec)) yield names.map((column) => values[column] ?? null);
    },
    isOfCatalog,
  );
}

/** As `rows`, of a table that is the same for everybody as long as no definition changes. */
function catalogRows(name: string, source: Source): void {
  rows(name, source, true);
}

const vector = (values: readonly number[]) =>
  values.length === 0 ? new PgArray([]) : new PgArray(values, [values.length], [0]);
rows("pg_init_privs", ({ catalog }) => [
  {
    objoid: publicNamespace,
    classoid: 2615,
    objsubid: 0,
    privtype: "i",
    initprivs: shownAcl(catalog, publicSchemaAcl),
  },
]);
catalogRows("pg_namespace", function* ({ catalog }) {
  for (const n of catalog.all("namespace"))
    yield {
      oid: n.oid,
      nspname: n.name,
      nspowner: n.owner,
      nspacl: shownAcl(catalog, n.acl),
    };
});

const accessMethods = [
  { oid: 2, amname: "heap", amhandler: 3, amtype: "t" },
  { oid: 403, amname: "btree", amhandler: 330, amtype: "i" },
  { oid: 405, amname: "hash", amhandler: 331, amtype: "i" },
  { oid: 783, amname: "gist", amhandler: 332, amtype: "i" },
  { oid: 2742, amname: "gin", amhandler: 333, amtype: "i" },
  { oid: 4000, amname: "spgist", amhandler: 334, amtype: "i" },
  { oid: 3580, amname: "brin", amhandler: 335, amtype: "i" },
];
rows("pg_am", () => accessMethods);
const methodOid = (name: string) => accessMethods.find((m) => m.amname === name)?.oid ?? 403;

function* relationsOf({ catalog }: Exec): Generator<Relation> {
  yield* catalog.all("relation");
}

catalogRows("pg_class", function* (exec) {
  const { catalog } = exec;
  for (const r of relationsOf(exec)) {
    const constraints = r.system === true ? [] : catalog.constraintsOf(r.oid);
    const index = r.kind === "i" ? catalog.get("index", r.oid) : undefined;
    yield {
      oid: r.oid,
      relname: r.name,
      relnamespace: r.namespace,
      reltype: r.typeOid,
      reloftype: 0,
      relowner: r.owner,
      relam: index !== undefined ? methodOid(index.method) : r.kind === "r" || r.kind === "m" ? 2 : 0,
      relfilenode: r.kind === "v" || isPartitioned(catalog, r) ? 0 : r.oid,
      reltablespace: 0,
      relpages: 0,
      reltuples: -1,
      relallvisible: 0,
      relallfrozen: 0,
      reltoastrelid: 0,
      relhasindex: r.system === true ? r.kind === "r" : catalog.indexesOf(r.oid).length > 0,
      relisshared: false,
      relpersistence: r.persistence,
      relkind: isPartitioned(catalog, r) ? (index === undefined ? "p" : "I") : r.kind,
      relnatts: r.columns.length,
      relchecks: constraints.filter((c) => c.type === "c").length,
      relhasrules: r.kind === "v",
      relhastriggers:
        catalog.triggersOf(r.oid).length > 0 ||
        constraints.some((c) => c.type === "f") ||
        (r.system !== true && catalog.referencesTo(r.oid).length > 0),
      relhassubclass: r.system !== true && isPartitioned(catalog, r) && partsOf(catalog, r).length > 0,
      relrowsecurity: r.rowSecurity === true,
      relforcerowsecurity: r.forceRowSecurity === true,
      relispopulated: r.populated !== false,
      relreplident:
        r.kind === "r" || r.kind === "m" || r.kind === "p"
          ? r.system === true
            ? "n"
            : (r.replicaIdentity ?? "d")
          : "n",
      relispartition: parentOf(catalog, r) !== undefined,
      relpartbound: r.partitionOf === undefined ? null : partitionBoundText(catalog, exec.io, r),
      relrewrite: 0,
      relfrozenxid: r.kind === "r" || r.kind === "m" ? 3 : 0,
      relminmxid: r.kind === "r" || r.kind === "m" ? 1 : 0,
      relacl: shownAcl(catalog, r.acl),
      reloptions: r.options === undefined || r.options.length === 0 ? null : new PgArray([...r.options]),
    };
  }
});

const systemAttributes: readonly (readonly [name: string, attnum: number, type: number, length: number])[] = [
  ["ctid", -1, 27, 6],
  ["xmin", -2, 28, 4],
  ["cmin", -3, 29, 4],
  ["xmax", -4, 28, 4],
  ["cmax", -5, 29, 4],
  ["tableoid", -6, 26, 4],
];

function attribute(
  catalog: Catalog,
  r: Relation,
  c: Column,
  type: TypeInfo | undefined,
): Readonly<Record<string, Datum | undefined>> {
  const isDropped = c.dropped === true;
  return {
    attrelid: r.oid,
    attname: c.name,
    atttypid: isDropped ? 0 : c.type,
    attlen: type?.length ?? -1,
    attnum: c.attnum,
    atttypmod: c.typmod,
    attndims: type !== undefined && isArrayType(type) ? 1 : 0,
    attbyval: type?.byValue ?? false,
    attalign: type?.align ?? "i",
    attstorage: type?.storage ?? "p",
    attcompression: c.compression ?? "",
    attnotnull: c.notNull && !isDropped,
    atthasdef: c.default !== undefined,
    atthasmissing: false,
    attidentity: c.identity ?? "",
    attgenerated: c.generated ?? "",
    attisdropped: isDropped,
    attislocal: r.partitionOf === undefined || c.attnum < 0,
    attinhcount: r.partitionOf === undefined || c.attnum < 0 ? 0 : 1,
    attcollation: c.collation,
    attstattarget: c.statistics ?? null,
    attacl: shownAcl(catalog, c.acl),
    attoptions: null,
    attfdwoptions: null,
    attmissingval: null,
  };
}

catalogRows("pg_attribute", function* (exec) {
  const { catalog } = exec;
  for (const r of relationsOf(exec)) {
    for (const c of r.columns) yield attribute(catalog, r, c, catalog.type(c.type));
    if (r.kind !== "r" && r.kind !== "m" && r.kind !== "S" && r.kind !== "p") continue;
    for (const [name, attnum, type, length] of systemAttributes) {
      const info = catalog.type(type);
      yield {
        ...attribute(catalog, r, { attnum, name, type, typmod: -1, notNull: true, collation: 0 }, info),
        attlen: length,
      };
    }
  }
});

catalogRows("pg_attrdef", function* ({ catalog }) {
  for (const r of catalog.all("relation")) {
    if (r.system === true) continue;
    for (const c of r.columns)
      if (c.default !== undefined && c.dropped !== true)
        yield { oid: c.defaultOid ?? r.oid, adrelid: r.oid, adnum: c.attnum, adbin: c.default };
  }
});

catalogRows("pg_type", function* ({ catalog }) {
  for (const t of catalog.all("type")) {
    yield {
      oid: t.oid,
      typname: t.name,
      typnamespace: t.namespace,
      typowner: t.owner,
      typlen: t.length,
      typbyval: t.byValue,
      typtype: t.kind,
      typcategory: t.category,
      typispreferred: t.preferred,
      typisdefined: true,
      typdelim: t.delimiter,
      typrelid: t.relation,
      typsubscript: t.subscript,
      typelem: t.element,
      typarray: t.array,
      typinput: t.functions[0] ?? 0,
      typoutput: t.functions[1] ?? 0,
      typreceive: t.functions[2] ?? 0,
      typsend: t.functions[3] ?? 0,
      typmodin: t.functions[4] ?? 0,
      typmodout: t.functions[5] ?? 0,
      typanalyze: 0,
      typalign: t.align,
      typstorage: t.storage,
      typnotnull: t.notNull,
      typbasetype: t.baseType,
      typtypmod: t.baseTypmod,
      typndims: t.dimensions,
      typcollation: t.collation,
      typdefaultbin: t.default ?? null,
      typdefault: t.default ?? null,
      typacl: shownAcl(catalog, t.acl),
    };
  }
});

catalogRows("pg_enum", function* ({ catalog }) {
  for (const t of catalog.all("type"))
    for (const label of t.labels ?? [])
      yield { oid: label.oid, enumtypid: t.oid, enumsortorder: label.sort, enumlabel: label.label };
});

catalogRows("pg_range", function* ({ catalog }) {
  for (const t of catalog.all("type"))
    if (t.range !== undefined)
      yield {
        rngtypid: t.oid,
        rngsubtype: t.range.subtype,
        rngmultitypid: t.range.multirange,
        rngcollation: 0,
        rngsubopc: 0,
        rngcanonical: 0,
        rngsubdiff: 0,
      };
});

catalogRows("pg_index", function* ({ catalog }) {
  for (const i of catalog.all("index")) {
    const attnums = [...i.keys.map((key) => key.attnum), ...i.include];
    yield {
      indexrelid: i.oid,
      indrelid: i.relation,
      indnatts: attnums.length,
      indnkeyatts: i.keys.length,
      indisunique: i.unique,
      indnullsnotdistinct: i.nullsNotDistinct,
      indisprimary: i.primary,
      indisexclusion: catalog.constraintsOf(i.relation).some((c) => c.index === i.oid && c.type === "x"),
      indimmediate: !catalog.constraintsOf(i.relation).some((c) => c.index === i.oid && c.deferrable),
      indisclustered: i.clustered === true,
      indisvalid: true,
      indcheckxmin: false,
      indisready: true,
      indislive: true,
      indisreplident:
        catalog.get("relation", i.relation)?.replicaIdentity === "i" &&
        catalog.get("relation", i.relation)?.replicaIdentityIndex === i.oid,
      indkey: vector(attnums),
      indcollation: vector(i.keys.map((key) => key.collation)),
      indclass: vector(i.keys.map((key) => key.opclass)),
      indoption: vector(i.keys.map((key) => (key.descending ? 1 : 0) | (key.nullsFirst ? 2 : 0))),
      indexprs: i.keys.some((key) => key.expression !== undefined)
        ? i.keys
            .map((key) => key.expression)
            .filter((text) => text !== undefined)
            .join(", ")
        : null,
      indpred: i.predicate ?? null,
    };
  }
});

catalogRows("pg_constraint", function* ({ catalog }) {
  for (const c of catalog.all("constraint")) {
    const isForeign = c.foreign !== undefined;
    yield {
      oid: c.oid,
      conname: c.name,
      connamespace: c.namespace,
      contype: c.type,
      condeferrable: c.deferrable,
      condeferred: c.deferred,
      conenforced: c.enforced !== false,
      convalidated: c.validated,
      conrelid: c.relation,
      contypid: c.typeOid,
      conindid: c.index,
      conparentid: c.parent ?? 0,
      confrelid: c.foreign?.relation ?? 0,
      confupdtype: c.foreign?.onUpdate ?? " ",
      confdeltype: c.foreign?.onDelete ?? " ",
      confmatchtype: c.foreign?.match ?? " ",
      conislocal: !isInheritedConstraint(catalog, c),
      coninhcount: isInheritedConstraint(catalog, c) ? 1 : 0,
      connoinherit:
        c.noInherit === true ||
        (c.parent === undefined &&
          (c.type === "p" ||
            c.type === "u" ||
            c.type === "x" ||
            (c.type === "f" && catalog.get("relation", c.relation)?.kind !== "p"))),
      conperiod: false,
      conkey: c.keys.length === 0 ? null : new PgArray([...c.keys]),
      confkey: isForeign ? new PgArray([...c.foreign!.keys]) : null,
      confdelsetcols: c.foreign?.setColumns === undefined ? null : new PgArray([...c.foreign.setColumns]),
      conexclop: c.exclusion === undefined ? null : new PgArray([...c.exclusion.operators]),
      conbin: c.expression ?? null,
    };
  }
});

catalogRows("pg_inherits", function* ({ catalog }) {
  for (const r of catalog.all("relation")) {
    const parent = r.system === true ? undefined : parentOf(catalog, r);
    if (parent !== undefined)
      yield { inhrelid: r.oid, inhparent: parent.oid, inhseqno: 1, inhdetachpending: false };
  }
});

catalogRows("pg_partitioned_table", function* ({ catalog }) {
  for (const r of catalog.all("relation")) {
    if (r.partitionBy === undefined) continue;
    const { strategy, keys } = r.partitionBy;
    const expressions = keys.flatMap(({ expression }) => expression ?? []);
    const vector = (list: readonly number[]) => new PgArray([...list], [list.length], [0]);
    yield {
      partrelid: r.oid,
      partstrat: strategy,
      partnatts: keys.length,
      partdefid:
        partitionsOf(catalog, r.oid).find(({ partitionOf }) => partitionOf!.bound.kind === "default")?.oid ??
        0,
      partattrs: vector(keys.map(({ attnum }) => attnum)),
      partclass: vector(keys.map(({ opclass }) => opclass)),
      partcollation: vector(keys.map(({ collation }) => collation)),
      partexprs: expressions.length === 0 ? null : expressions.join(", "),
    };
  }
});

catalogRows("pg_sequence", function* ({ catalog }) {
  for (const s of catalog.all("sequence"))
    yield {
      seqrelid: s.oid,
      seqtypid: s.type,
      seqstart: s.start,
      seqincrement: s.increment,
      seqmax: s.max,
      seqmin: s.min,
      seqcache: s.cache,
      seqcycle: s.cycle,
    };
});

catalogRows("pg_proc", function* ({ catalog }) {
  for (const p of [...builtinProcs.values(), ...catalog.all("proc")]) {
    yield {
      oid: p.oid,
      proname: p.name,
      pronamespace: p.namespace,
      proowner: p.owner,
      prolang: p.language === "sql" ? 14 : p.language === "plpgsql" ? 13500 : 12,
      procost: p.cost ?? (p.language === undefined ? 1 : 100),
      prorows: p.rows ?? (p.returnsSet ? 1000 : 0),
      provariadic: p.variadic,
      prosupport: 0,
      prokind: p.kind,
      prosecdef: p.securityDefiner === true,
      proleakproof: p.leakproof === true,
      proisstrict: p.strict,
      proretset: p.returnsSet,
      provolatile: p.volatility,
      proparallel: p.parallel ?? (p.language === undefined ? "s" : "u"),
      pronargs: p.arguments.length,
      pronargdefaults: p.defaultCount,
      prorettype: p.result,
      proargtypes: vector(p.arguments),
      proallargtypes: p.modes === "" ? null : new PgArray([...p.allArguments]),
      proargmodes: p.modes === "" ? null : new PgArray([...p.modes]),
      proargnames: p.argumentNames.length === 0 ? null : new PgArray([...p.argumentNames]),
      proargdefaults: p.defaults.length === 0 ? null : p.defaults.join(", "),
      proacl: shownAcl(catalog, p.acl),
      prosrc: p.source,
      prosqlbody: p.body === undefined ? null : p.body.statements.join("; "),
      proconfig:
        p.settings === undefined ? null : new PgArray(p.settings.map(([name, value]) => `${name}=${value}`)),
    };
  }
});

catalogRows("pg_operator", function* () {
  for (const o of builtinOperators.values()) {
    yield {
      oid: o.oid,
      oprname: o.name,
      oprnamespace: catalogNamespace,
      oprowner: 10,
      oprkind: o.kind,
      oprcanmerge: o.canMerge,
      oprcanhash: o.canHash,
      oprleft: o.left,
      oprright: o.right,
      oprresult: o.result,
      oprcom: o.commutator,
      oprnegate: o.negator,
      oprcode: o.proc,
      oprrest: 0,
      oprjoin: 0,
    };
  }
});
catalogRows("pg_cast", function* () {
  for (const c of builtinCasts)
    yield {
      oid: c.oid,
      castsource: c.source,
      casttarget: c.target,
      castfunc: c.proc,
      castcontext: c.context,
      castmethod: c.method,
    };
});
catalogRows("pg_aggregate", function* () {
  for (const a of builtinAggregates.values())
    yield {
      aggfnoid: a.proc,
      aggkind: a.kind,
      aggnumdirectargs: a.directArguments,
      aggtranstype: a.transitionType,
    };
});
catalogRows("pg_opclass", function* () {
  for (const o of opclasses)
    yield {
      oid: o.oid,
      opcmethod: o.method,
      opcname: o.name,
      opcnamespace: catalogNamespace,
      opcowner: 10,
      opcfamily: o.family,
      opcintype: o.input,
      opcdefault: o.isDefault,
      opckeytype: o.keyType,
    };
});
rows("pg_collation", () =>
  [
    { oid: 100, collname: "default", collprovider: "d", collencoding: -1 },
    { oid: 950, collname: "C", collprovider: "c", collencoding: -1, collcollate: "C", collctype: "C" },
    {
      oid: 951,
      collname: "POSIX",
      collprovider: "c",
      collencoding: -1,
      collcollate: "POSIX",
      collctype: "POSIX",
    },
    { oid: 962, collname: "ucs_basic", collprovider: "b", collencoding: 6, colllocale: "C" },
  ].map((c) => ({ ...c, collnamespace: catalogNamespace, collowner: 10, collisdeterministic: true })),
);
rows("pg_language", () =>
  [
    { oid: 12, lanname: "internal" },
    { oid: 13, lanname: "c" },
    { oid: 14, lanname: "sql", lanpltrusted: true },
    { oid: 13500, lanname: "plpgsql", lanpltrusted: true, lanispl: true, lanplcallfoid: 13501 },
  ].map((l) => ({
    lanowner: 10,
    lanispl: false,
    lanpltrusted: false,
    lanplcallfoid: 0,
    laninline: 0,
    lanvalidator: 0,
    ...l,
  })),
);
rows("pg_database", function* ({ session, catalog }) {
  const { oid, owner, acl } = catalog.get("database", theDatabase)!;
  yield {
    oid,
    datname: session.database,
    datdba: owner,
    datacl: shownAcl(catalog, acl),
    encoding: 6,
    datlocprovider: "c",
    datistemplate: false,
    datallowconn: true,
    dathasloginevt: false,
    datconnlimit: -1,
    datfrozenxid: 3,
    datminmxid: 1,
    dattablespace: 1663,
    datcollate: "C",
    datctype: "C",
  };
});
rows("pg_tablespace", () => [
  { oid: 1663, spcname: "pg_default", spcowner: 10 },
  { oid: 1664, spcname: "pg_global", spcowner: 10 },
]);
catalogRows("pg_description", function* ({ catalog }) {
  const language = "PL/pgSQL procedural language";
  yield { objoid: 13500, classoid: 2612, objsubid: 0, description: language };
  yield { objoid: 13499, classoid: 3079, objsubid: 0, description: language };
  if (catalog.comment(publicNamespace, 2615, 0) === undefined)
    yield { objoid: publicNamespace, classoid: 2615, objsubid: 0, description: "standard public schema" };
  for (const c of catalog.all("comment"))
    yield { objoid: c.object, classoid: c.classOid, objsubid: c.subId, description: c.text };
});
rows("pg_tables", function* ({ catalog }) {
  for (const r of catalog.all("relation")) {
    if (r.kind !== "r" && r.kind !== "p") continue;
    yield {
      schemaname: catalog.get("namespace", r.namespace)?.name,
      tablename: r.name,
      tableowner: roleName(catalog, r.owner),
      tablespace: null,
      hasindexes: catalog.indexesOf(r.oid).length > 0,
      hasrules: false,
      hastriggers: catalog.triggersOf(r.oid).length > 0,
      rowsecurity: r.rowSecurity === true,
    };
  }
});
rows("pg_views", function* ({ catalog }) {
  for (const r of catalog.all("relation"))
    if (r.kind === "v")
      yield {
        schemaname: catalog.get("namespace", r.namespace)?.name,
        viewname: r.name,
        viewowner: roleName(catalog, r.owner),
        definition: r.query === undefined ? null : ` ${r.query};`,
      };
});
rows("pg_matviews", function* ({ catalog }) {
  for (const r of catalog.all("relation"))
    if (r.kind === "m")
      yield {
        schemaname: catalog.get("namespace", r.namespace)?.name,
        matviewname: r.name,
        matviewowner: roleName(catalog, r.owner),
        tablespace: null,
        hasindexes: catalog.indexesOf(r.oid).length > 0,
        ispopulated: r.populated !== false,
        definition: ` ${r.query};`,
      };
});
rows("pg_indexes", function* ({ catalog, io }) {
  for (const i of catalog.all("index")) {
    const r = catalog.get("relation", i.relation)!;
    yield {
      schemaname: catalog.get("namespace", r.namespace)?.name,
      tablename: r.name,
      indexname: catalog.get("relation", i.oid)?.name,
      tablespace: null,
      indexdef: indexDefinition(catalog, io, i),
    };
  }
});
rows("pg_sequences", function* ({ catalog }) {
  for (const s of catalog.all("sequence")) {
    const r = catalog.get("relation", s.oid)!;
    yield {
      schemaname: catalog.get("namespace", r.namespace)?.name,
      sequencename: r.name,
      sequenceowner: roleName(catalog, r.owner),
      data_type: s.type,
      start_value: s.start,
      min_value: s.min,
      max_value: s.max,
      increment_by: s.increment,
      cycle: s.cycle,
      cache_size: s.cache,
      last_value: null,
    };
  }
});
/** The relations that are views, with those that they read: each view has one rule, of its own number. */
catalogRows("pg_rewrite", function* ({ catalog }) {
  for (const r of catalog.all("relation"))
    if ((r.kind === "v" || r.kind === "m") && r.system !== true)
      yield {
        oid: r.oid,
        rulename: "_RETURN",
        ev_class: r.oid,
        ev_type: "1",
        ev_enabled: "O",
        is_instead: true,
        ev_qual: "",
        ev_action: "",
      };
});
const depends = (
  [classid, objid, objsubid]: readonly [number, number, number],
  [refclassid, refobjid, refobjsubid]: readonly [number, number, number],
  deptype: string,
) => ({ classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype });
catalogRows("pg_depend", function* ({ catalog }) {
  const rewrite = 2618;
  for (const r of catalog.all("relation")) {
    if (r.system === true) continue;
    if (r.kind === "v" || r.kind === "m") yield depends([rewrite, r.oid, 0], [1259, r.oid, 0], "i");
    for (const c of r.columns) {
      if (c.default === undefined || c.dropped === true) continue;
      const own: readonly [number, number, number] = [2604, c.defaultOid ?? r.oid, 0];
      yield depends(own, [1259, r.oid, c.attnum], "a");
      for (const sequence of catalog.all("sequence")) {
        const name = catalog.get("relation", sequence.oid);
        if (name === undefined || !c.default.startsWith("nextval(")) continue;
        const schema = catalog.get("namespace", name.namespace)?.name;
        const texts = [name.name, `"${name.name}"`].flatMap((n) => [n, `${schema}.${n}`, `"${schema}".${n}`]);
        if (texts.some((text) => c.default!.includes(`'${text}'`)))
          yield depends(own, [1259, name.oid, 0], "n");
      }
    }
  }
  for (const i of catalog.all("index"))
    if (i.parent !== undefined) yield depends([1259, i.oid, 0], [1259, i.parent, 0], "P");
  for (const c of catalog.all("constraint"))
    if (c.parent !== undefined) yield depends([2606, c.oid, 0], [2606, c.parent, 0], "P");
  for (const d of catalog.all("depend"))
    yield depends(
      [catalog.get("proc", d.dependent) === undefined ? rewrite : 1255, d.dependent, 0],
      [1259, d.on, d.attnum],
      "n",
    );
  for (const t of catalog.all("trigger")) {
    yield depends([2620, t.oid, 0], [1259, t.relation, 0], "a");
    yield depends([2620, t.oid, 0], [1255, t.proc, 0], "n");
  }
  for (const p of catalog.all("proc"))
    if (p.extension !== undefined) yield depends([1255, p.oid, 0], [3079, p.extension, 0], "e");
  for (const p of catalog.all("proc"))
    for (const type of new Set([p.result, ...p.allArguments])) {
      const element = catalog.type(type)?.element || type;
      if (catalog.type(element)?.namespace !== catalogNamespace)
        yield depends([1255, p.oid, 0], [1247, element, 0], "n");
    }
  for (const s of catalog.all("sequence"))
    if (s.ownedBy !== undefined)
      yield {
        classid: 1259,
        objid: s.oid,
        objsubid: 0,
        refclassid: 1259,
        refobjid: s.ownedBy.relation,
        refobjsubid: s.ownedBy.attnum,
        deptype: s.ownedBy.identity ? "i" : "a",
      };
});
catalogRows("pg_extension", function* ({ catalog }) {
  const base = { extowner: bootstrapRole, extrelocatable: false, extconfig: null, extcondition: null };
  yield { ...base, oid: 13499, extname: "plpgsql", extnamespace: catalogNamespace, extversion: "1.0" };
  for (const e of catalog.all("extension"))
    yield {
      ...base,
      oid: e.oid,
      extname: e.name,
      extowner: e.owner,
      extnamespace: e.namespace,
      extversion: e.version,
      extrelocatable: true,
    };
});
rows("pg_available_extensions", function* ({ catalog }) {
  const installed = new Map([...catalog.all("extension")].map((e) => [e.name, e.version]));
  for (const [name, version] of builtinExtensions)
    yield {
      name,
      default_version: version,
      installed_version: version,
      comment: "PL/pgSQL procedural language",
    };
  for (const [name, { version, comment }] of extensions)
    yield { name, default_version: version, installed_version: installed.get(name) ?? null, comment };
});
rows("pg_available_extension_versions", function* ({ catalog }) {
  const installed = new Set([...catalog.all("extension")].map((e) => e.name));
  for (const [name, { version, comment }] of extensions)
    yield {
      name,
      version,
      installed: installed.has(name),
      superuser: false,
      trusted: true,
      relocatable: true,
      comment,
    };
});

for (const name of [
  "pg_event_trigger",
  "pg_rules",
  "pg_statistic",
  "pg_statistic_ext",
  "pg_statistic_ext_data",
  "pg_stats",
  "pg_stats_ext",
  "pg_stats_ext_exprs",
  "pg_foreign_table",
  "pg_foreign_server",
  "pg_foreign_data_wrapper",
  "pg_user_mapping",
  "pg_user_mappings",
  "pg_subscription",
  "pg_subscription_rel",
  "pg_largeobject",
  "pg_largeobject_metadata",
  "pg_seclabel",
  "pg_seclabels",
  "pg_shseclabel",
  "pg_shdescription",
  "pg_shdepend",
  "pg_transform",
  "pg_conversion",
  "pg_prepared_xacts",
  "pg_cursors",
  "pg_ts_config",
  "pg_ts_config_map",
  "pg_ts_dict",
  "pg_ts_parser",
  "pg_ts_template",
  "pg_amop",
  "pg_amproc",
  "pg_opfamily",
  "pg_replication_origin",
  "pg_stat_database",
  "pg_file_settings",
  "pg_hba_file_rules",
  "pg_ident_file_mappings",
  "pg_timezone_names",
  "pg_timezone_abbrevs",
  "pg_parameter_acl",
  "pg_stat_progress_create_index",
  "pg_stat_progress_vacuum",
  "pg_stat_progress_analyze",
  "pg_stat_ssl",
  "pg_stat_gssapi",
  "pg_stat_user_functions",
  "pg_stat_bgwriter",
  "pg_stat_wal",
  "pg_stat_archiver",
  "pg_shmem_allocations",
  "pg_shmem_allocations_numa",
  "pg_backend_memory_contexts",
  "pg_statio_sys_tables",
  "pg_statio_sys_indexes",
  "pg_statio_all_sequences",
  "pg_statio_sys_sequences",
  "pg_statio_user_sequences",
  "pg_stat_progress_cluster",
  "pg_stat_progress_basebackup",
  "pg_stat_progress_copy",
  "pg_replication_origin_status",
  "pg_aios",
])
  rows(name, () => []);

rows("pg_settings", function* ({ session }) {
  for (const name of [
    "server_version",
    "server_version_num",
    "max_connections",
    "search_path",
    "TimeZone",
    "DateStyle",
    "standard_conforming_strings",
    "client_encoding",
    "server_encoding",
    "max_index_keys",
    "max_identifier_length",
    "default_transaction_isolation",
    "statement_timeout",
    "lock_timeout",
    "integer_datetimes",
    "block_size",
    "lc_collate",
    "work_mem",
  ]) {
    const setting = session.setting(name);
    if (setting !== undefined)
      yield {
        name,
        setting,
        category: "",
        short_desc: "",
        context: "user",
        vartype: "string",
        source: "default",
        boot_val: setting,
        reset_val: setting,
        pending_restart: false,
      };
  }
});
