import { databaseName, neo4jVersion } from "../identity.ts";
import type { RunContext } from "../runtime/context.ts";
import type { Value } from "../values/types.ts";
import type { ProcedureColumn, ProcedureDefinition } from "./definition.ts";

export function text(name: string): ProcedureColumn {
  return { name, type: "STRING", static: "string" };
}

export function list(name: string, of = "STRING"): ProcedureColumn {
  return { name, type: `LIST<${of}>`, static: "list" };
}

function* names(
  kind: "label" | "type" | "key",
  ids: Iterable<number>,
  ctx: RunContext,
): Generator<readonly Value[]> {
  for (const id of ids) yield [ctx.graph.tokens.name(kind, id)];
}

/** Procedures that tools ask about a database. */
export const databaseProcedures: readonly ProcedureDefinition[] = [
  {
    name: "db.labels",
    description: "List all labels attached to nodes within a database according to the user's access rights.",
    mode: "READ",
    args: [],
    columns: [text("label")],
    call: (_, ctx) => names("label", ctx.graph.usedLabels(), ctx),
  },
  {
    name: "db.relationshipTypes",
    description:
      "List all types attached to relationships within a database according to the user's access rights.",
    mode: "READ",
    args: [],
    columns: [text("relationshipType")],
    call: (_, ctx) => names("type", ctx.graph.usedTypes(), ctx),
  },
  {
    name: "db.propertyKeys",
    description: "List all property keys in the database.",
    mode: "READ",
    args: [],
    columns: [text("propertyKey")],
    call: (_, ctx) => ctx.graph.tokens.names("key").map((name) => [name]),
  },
  {
    name: "db.ping",
    description:
      "This procedure can be used by client side tooling to test whether they are correctly connected to a database.",
    mode: "READ",
    args: [],
    columns: [{ name: "success", type: "BOOLEAN", static: "boolean" }],
    call: () => [[true]],
  },
  {
    name: "db.info",
    description: "Provides information regarding the database.",
    mode: "READ",
    args: [],
    columns: [text("id"), text("name"), text("creationDate")],
    call: (_, ctx) => [[ctx.graph.databaseId(), databaseName, null]],
  },
  {
    name: "db.awaitIndexes",
    description: "Wait for all indexes to come online. Indexes are online when their transaction commits.",
    mode: "READ",
    args: [{ name: "timeOutSeconds", type: "INTEGER", fallback: 300n }],
    columns: [],
    call: () => [],
  },
  {
    name: "db.awaitIndex",
    description: "Wait for an index to come online. Indexes are online when their transaction commits.",
    mode: "READ",
    args: [
      { name: "indexName", type: "STRING" },
      { name: "timeOutSeconds", type: "INTEGER", fallback: 300n },
    ],
    columns: [],
    call: () => [],
  },
  {
    name: "dbms.components",
    description: "List DBMS components and their versions.",
    mode: "DBMS",
    args: [],
    columns: [text("name"), list("versions"), text("edition")],
    call: () => [["Neo4j Kernel", [neo4jVersion], "community"]],
  },
  {
    name: "dbms.info",
    description: "Provides information regarding the DBMS.",
    mode: "DBMS",
    args: [],
    columns: [text("id"), text("name"), text("creationDate")],
    call: (_, ctx) => [[ctx.graph.databaseId(), "system", null]],
  },
  {
    name: "dbms.showCurrentUser",
    description: "Shows the current user.",
    mode: "DBMS",
    args: [],
    columns: [text("username"), list("roles"), list("flags")],
    call: (_, ctx) => [[ctx.user, null, []]],
  },
  {
    name: "dbms.clientConfig",
    description: "Return client configuration.",
    mode: "DBMS",
    args: [],
    columns: [
      text("name"),
      text("description"),
      text("value"),
      { name: "dynamic", type: "BOOLEAN", static: "boolean" },
    ],
    call: () => [["server.bolt.advertised_address", "Advertised address for this connector", ":7687", false]],
  },
];
