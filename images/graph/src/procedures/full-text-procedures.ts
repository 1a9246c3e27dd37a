import { argumentError, CypherError } from "../errors.ts";
import type { RunContext } from "../runtime/context.ts";
import { fullTextTable } from "../storage/full-text.ts";
import { addIndex, dropIndexByName, requireStrings } from "../storage/schema-commands.ts";
import { NodeRef, type Value } from "../values/types.ts";
import { option, type ProcedureArgument, type ProcedureDefinition } from "./definition.ts";
import { luceneToFts } from "./lucene.ts";

const nodeColumn = { name: "node", type: "NODE", static: "node" } as const;
const relColumn = { name: "relationship", type: "RELATIONSHIP", static: "relationship" } as const;
const scoreColumn = { name: "score", type: "FLOAT", static: "float" } as const;
const queryArgs: readonly ProcedureArgument[] = [
  { name: "indexName", type: "STRING" },
  { name: "queryString", type: "STRING" },
  { name: "options", type: "MAP", fallback: new Map() },
];
const createArgs = (what: string): readonly ProcedureArgument[] => [
  { name: "indexName", type: "STRING" },
  { name: what, type: "LIST<STRING>" },
  { name: "properties", type: "LIST<STRING>" },
  { name: "config", type: "MAP", fallback: new Map() },
];

function* query(
  entity: "NODE" | "RELATIONSHIP",
  [indexName, queryString, options]: readonly Value[],
  ctx: RunContext,
): Generator<readonly Value[]> {
  const rule = ctx.graph.schema.byName(String(indexName));
  if (rule?.type !== "FULLTEXT")
    throw new CypherError(
      "Neo.ClientError.Procedure.ProcedureCallFailed",
      `Failed to invoke procedure: There is no such fulltext schema index: ${String(indexName)}`,
    );
  if (rule.entity !== entity)
    throw argumentError(
      `The '${rule.name}' index is an index on ${rule.entity}, so it cannot be queried for the other.`,
    );
  if (typeof queryString !== "string") return;
  const [skip, limit] = [option(options, "skip"), option(options, "limit")];
  const table = fullTextTable(rule);
  const match = luceneToFts(queryString, rule.properties);
  if (match === undefined) return;
  let rows: unknown[];
  try {
    rows = ctx.graph.rows(
      `SELECT rowid, -bm25(${table}) FROM ${table} WHERE ${table} MATCH ? ORDER BY bm25(${table}), rowid LIMIT ? OFFSET ?`,
      match,
      typeof limit === "bigint" ? Number(limit) : -1,
      typeof skip === "bigint" ? Number(skip) : 0,
    );
  } catch (error) {
    throw new CypherError(
      "Neo.ClientError.Procedure.ProcedureCallFailed",
      `Failed to invoke procedure: the query cannot be understood: ${queryString}`,
      { cause: error },
    );
  }
  for (const [id, score] of rows as [number, number][]) {
    if (entity === "NODE") yield [new NodeRef(id), score];
    else {
      const rel = ctx.graph.rel(id);
      if (rel !== undefined) yield [rel.ref, score];
    }
  }
}

function create(
  entity: "NODE" | "RELATIONSHIP",
  [name, labels, properties, config]: readonly Value[],
  ctx: RunContext,
): readonly (readonly Value[])[] {
  const analyzer = option(config, "analyzer");
  addIndex(
    {
      kind: "index",
      type: "FULLTEXT",
      entity,
      labels: requireStrings(labels, "labels"),
      properties: requireStrings(properties, "properties"),
      ...(typeof analyzer === "string" && { analyzer }),
    },
    String(name),
    false,
    ctx.writing,
  );
  return [];
}

export const fullTextProcedures: readonly ProcedureDefinition[] = [
  {
    name: "db.index.fulltext.queryNodes",
    description:
      "Query the given full-text index. Returns the matching nodes and their score, ordered by score.",
    mode: "READ",
    args: queryArgs,
    columns: [nodeColumn, scoreColumn],
    call: (args, ctx) => query("NODE", args, ctx),
  },
  {
    name: "db.index.fulltext.queryRelationships",
    description:
      "Query the given full-text index. Returns the matching relationships and their score, ordered by score.",
    mode: "READ",
    args: queryArgs,
    columns: [relColumn, scoreColumn],
    call: (args, ctx) => query("RELATIONSHIP", args, ctx),
  },
  {
    name: "db.index.fulltext.createNodeIndex",
    description: "Create a node full-text index for the given labels and properties.",
    mode: "SCHEMA",
    args: createArgs("labels"),
    columns: [],
    call: (args, ctx) => create("NODE", args, ctx),
  },
  {
    name: "db.index.fulltext.createRelationshipIndex",
    description: "Create a relationship full-text index for the given types and properties.",
    mode: "SCHEMA",
    args: createArgs("relationshipTypes"),
    columns: [],
    call: (args, ctx) => create("RELATIONSHIP", args, ctx),
  },
  {
    name: "db.index.fulltext.drop",
    description: "Drop the specified index.",
    mode: "SCHEMA",
    args: [{ name: "indexName", type: "STRING" }],
    columns: [],
    call: ([name], ctx) => {
      dropIndexByName(String(name), ctx.writing);
      return [];
    },
  },
  {
    name: "db.index.fulltext.awaitEventuallyConsistentIndexRefresh",
    description:
      "Wait for the updates from recently committed transactions to be applied to any eventually-consistent full-text indexes.",
    mode: "READ",
    args: [],
    columns: [],
    call: () => [],
  },
  {
    name: "db.index.fulltext.listAvailableAnalyzers",
    description: "List the available analyzers that the full-text indexes can be configured with.",
    mode: "READ",
    args: [],
    columns: [
      { name: "analyzer", type: "STRING", static: "string" },
      { name: "description", type: "STRING", static: "string" },
      { name: "stopwords", type: "LIST<STRING>", static: "list" },
    ],
    call: () => [
      ["standard-no-stop-words", "Words, without accents and case.", []],
      ["english", "Words by their English stems.", []],
    ],
  },
];
