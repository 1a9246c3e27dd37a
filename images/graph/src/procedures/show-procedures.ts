import { unsupported } from "../errors.ts";
import { aggregateNames } from "../functions/aggregates.ts";
import { functions } from "../functions/registry.ts";
import { databaseName } from "../identity.ts";
import type { RunContext } from "../runtime/context.ts";
import { isUnique, type SchemaRule } from "../storage/schema.ts";
import type { Value } from "../values/types.ts";
import type { ProcedureDefinition } from "./definition.ts";

/** What SHOW lists: all columns, and how many of them it shows without YIELD. */
interface Listing {
  readonly what: string;
  readonly columns: readonly string[];
  readonly brief: readonly string[];
  rows(filter: string | undefined, ctx: RunContext): Iterable<ReadonlyMap<string, Value>>;
}

function row(entries: Readonly<Record<string, Value>>): ReadonlyMap<string, Value> {
  return new Map(Object.entries(entries));
}

const indexColumns = [
  "id",
  "name",
  "state",
  "populationPercent",
  "type",
  "entityType",
  "labelsOrTypes",
  "properties",
  "indexProvider",
  "owningConstraint",
  "lastRead",
  "readCount",
  "trackedSince",
  "options",
  "failureMessage",
  "createStatement",
];
const constraintColumns = [
  "id",
  "name",
  "type",
  "entityType",
  "labelsOrTypes",
  "properties",
  "ownedIndex",
  "propertyType",
  "options",
  "createStatement",
];

function createStatement(rule: SchemaRule): string {
  const { entity, labels, properties, name, type } = rule;
  const target =
    entity === "NODE" ? `(n:${labels.map(quoted).join("|")})` : `()-[r:${labels.map(quoted).join("|")}]-()`;
  const variable = entity === "NODE" ? "n" : "r";
  const keys = properties.map((property) => `${variable}.${quoted(property)}`).join(", ");
  if (rule.kind === "constraint")
    return `CREATE CONSTRAINT ${quoted(name)} FOR ${target} REQUIRE (${keys}) IS UNIQUE`;
  if (type === "FULLTEXT") return `CREATE FULLTEXT INDEX ${quoted(name)} FOR ${target} ON EACH [${keys}]`;
  return `CREATE ${type} INDEX ${quoted(name)} FOR ${target} ON (${keys})`;
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

function* indexRows(filter: string | undefined, ctx: RunContext): Generator<ReadonlyMap<string, Value>> {
  const common = {
    state: "ONLINE",
    populationPercent: 100,
    lastRead: null,
    readCount: null,
    trackedSince: null,
    failureMessage: "",
  };
  const type = filter?.replace(/^ALL$/, "");
  const isWanted = (kind: string) => type === undefined || type === "" || type === kind;
  if (isWanted("LOOKUP")) {
    for (const [id, entity, name] of [
      [1n, "NODE", "index_343aff4e"],
      [2n, "RELATIONSHIP", "index_f7700477"],
    ] as const) {
      const pattern = entity === "NODE" ? "(n) ON EACH labels(n)" : "()-[r]-() ON EACH type(r)";
      yield row({
        ...common,
        id,
        name,
        type: "LOOKUP",
        entityType: entity,
        labelsOrTypes: null,
        properties: null,
        indexProvider: "token-lookup-1.0",
        owningConstraint: null,
        options: row({}),
        createStatement: `CREATE LOOKUP INDEX \`${name}\` FOR ${pattern}`,
      });
    }
  }
  for (const rule of ctx.graph.schema.rules) {
    const kind = isUnique(rule) ? "RANGE" : rule.type;
    if (!isWanted(kind)) continue;
    yield row({
      ...common,
      id: BigInt(rule.id + 2),
      name: rule.name,
      type: kind,
      entityType: rule.entity,
      labelsOrTypes: rule.labels,
      properties: rule.properties,
      indexProvider: kind === "FULLTEXT" ? "fulltext-1.0" : `${kind.toLowerCase()}-1.0`,
      owningConstraint: rule.kind === "constraint" ? rule.name : null,
      options: row({}),
      createStatement: createStatement(rule),
    });
  }
}

function* constraintRows(
  _filter: string | undefined,
  ctx: RunContext,
): Generator<ReadonlyMap<string, Value>> {
  for (const rule of ctx.graph.schema.rules) {
    if (rule.kind !== "constraint") continue;
    yield row({
      id: BigInt(rule.id + 2),
      name: rule.name,
      type: rule.entity === "NODE" ? "UNIQUENESS" : "RELATIONSHIP_UNIQUENESS",
      entityType: rule.entity,
      labelsOrTypes: rule.labels,
      properties: rule.properties,
      ownedIndex: rule.name,
      propertyType: rule.propertyType ?? null,
      options: row({}),
      createStatement: createStatement(rule),
    });
  }
}

const databaseColumns = [
  "name",
  "type",
  "aliases",
  "access",
  "databaseID",
  "serverID",
  "address",
  "role",
  "writer",
  "requestedStatus",
  "currentStatus",
  "statusMessage",
  "default",
  "home",
  "currentPrimariesCount",
  "currentSecondariesCount",
  "requestedPrimariesCount",
  "requestedSecondariesCount",
  "creationTime",
  "lastStartTime",
  "lastStopTime",
  "store",
  "lastCommittedTxn",
  "replicationLag",
  "constituents",
  "options",
];

function* databaseRows(filter: string | undefined, ctx: RunContext): Generator<ReadonlyMap<string, Value>> {
  const only = filter?.replace(/^(?:HOME|DEFAULT)$/, databaseName);
  for (const name of [databaseName, "system"]) {
    if (only !== undefined && only !== name) continue;
    const isHome = name === databaseName;
    yield row({
      name,
      type: isHome ? "standard" : "system",
      aliases: [],
      access: "read-write",
      databaseID: ctx.graph.databaseId(),
      serverID: ctx.graph.databaseId(),
      address: "localhost:7687",
      role: "primary",
      writer: true,
      requestedStatus: "online",
      currentStatus: "online",
      statusMessage: "",
      default: isHome,
      home: isHome,
      currentPrimariesCount: 1n,
      currentSecondariesCount: 0n,
      requestedPrimariesCount: 1n,
      requestedSecondariesCount: 0n,
      creationTime: null,
      lastStartTime: null,
      lastStopTime: null,
      store: null,
      lastCommittedTxn: null,
      replicationLag: 0n,
      constituents: [],
      options: row({}),
    });
  }
}

function listings(procedures: readonly ProcedureDefinition[]): readonly Listing[] {
  return [
    { what: "indexes", columns: indexColumns, brief: indexColumns.slice(0, 12), rows: indexRows },
    {
      what: "constraints",
      columns: constraintColumns,
      brief: constraintColumns.slice(0, 8),
      rows: constraintRows,
    },
    {
      what: "databases",
      columns: databaseColumns,
      brief: [
        "name",
        "type",
        "aliases",
        "access",
        "address",
        "role",
        "writer",
        "requestedStatus",
        "currentStatus",
        "statusMessage",
        "default",
        "home",
        "constituents",
      ],
      rows: databaseRows,
    },
    {
      what: "procedures",
      columns: [
        "name",
        "description",
        "mode",
        "worksOnSystem",
        "signature",
        "argumentDescription",
        "returnDescription",
        "admin",
        "rolesExecution",
        "rolesBoostedExecution",
        "isDeprecated",
        "option",
      ],
      brief: ["name", "description", "mode", "worksOnSystem"],
      rows: () => procedures.map((procedure) => row(procedureRow(procedure))),
    },
    {
      what: "functions",
      columns: [
        "name",
        "category",
        "description",
        "signature",
        "isBuiltIn",
        "argumentDescription",
        "returnDescription",
        "aggregating",
        "rolesExecution",
        "rolesBoostedExecution",
        "isDeprecated",
      ],
      brief: ["name", "category", "description"],
      rows: () => functionRows(),
    },
    {
      what: "current user",
      columns: ["user", "roles", "passwordChangeRequired", "suspended", "home"],
      brief: ["user", "roles", "passwordChangeRequired", "suspended", "home"],
      rows: (_, ctx) => [
        row({ user: ctx.user, roles: null, passwordChangeRequired: false, suspended: null, home: null }),
      ],
    },
  ];
}

function procedureRow(procedure: ProcedureDefinition): Record<string, Value> {
  const { name, description, mode, args, columns } = procedure;
  const input = args
    .map(
      (arg) => `${arg.name}${arg.fallback === undefined ? "" : ` = ${String(arg.fallback)}`} :: ${arg.type}`,
    )
    .join(", ");
  const output = columns.map((column) => `${column.name} :: ${column.type}`).join(", ");
  const describe = (item: { name: string; type: string }) =>
    row({
      name: item.name,
      type: item.type,
      description: `${item.name} :: ${item.type}`,
      isDeprecated: false,
    });
  return {
    name,
    description,
    mode,
    worksOnSystem: mode === "DBMS",
    signature: `${name}(${input})${columns.length === 0 ? "" : ` :: (${output})`}`,
    argumentDescription: args.map(describe),
    returnDescription: columns.map(describe),
    admin: false,
    rolesExecution: null,
    rolesBoostedExecution: null,
    isDeprecated: false,
    option: row({ deprecated: false }),
  };
}

function* functionRows(): Generator<ReadonlyMap<string, Value>> {
  const common = {
    category: "",
    description: "",
    isBuiltIn: true,
    argumentDescription: [],
    returnDescription: "",
    rolesExecution: null,
    rolesBoostedExecution: null,
    isDeprecated: false,
  };
  for (const { name } of functions)
    yield row({ ...common, name, signature: `${name}()`, aggregating: false });
  for (const name of aggregateNames)
    yield row({ ...common, name, signature: `${name}()`, aggregating: true });
}

const known = listings([]);

function listingOf(what: string): Listing {
  const listing = known.find((candidate) => candidate.what === what);
  if (listing === undefined) throw unsupported(`SHOW ${what.toUpperCase()}`);
  return listing;
}

/** The procedure behind a SHOW; its name has a blank, so that no query can call it by accident. */
export function showName(what: string, _yields: "all" | "brief" | "named"): string {
  return `show ${listingOf(what).what}`;
}

export function showColumns(what: string, isYielding: boolean): readonly string[] {
  const { columns, brief } = listingOf(what);
  return isYielding ? columns : brief;
}

export function showProcedures(procedures: readonly ProcedureDefinition[]): ProcedureDefinition[] {
  return listings(procedures).map((listing) => ({
    name: `show ${listing.what}`,
    description: "",
    mode: ["databases", "current user"].includes(listing.what) ? "DBMS" : "READ",
    args: [{ name: "filter", type: "ANY" }],
    columns: listing.columns.map((name) => ({ name, type: "ANY", static: "any" })),
    *call([filter], ctx) {
      for (const entry of listing.rows(typeof filter === "string" ? filter : undefined, ctx))
        yield listing.columns.map((name) => entry.get(name) ?? null);
    },
  }));
}
