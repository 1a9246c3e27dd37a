import { argumentError, typeError } from "../errors.ts";
import type { RunContext } from "../runtime/context.ts";
import type { GraphWriter } from "../storage/graph-writer.ts";
import { equals } from "../values/compare.ts";
import { type CypherMap, isList, isMap, NodeRef, type RelRef, type Value } from "../values/types.ts";
import type { ProcedureColumn, ProcedureDefinition } from "./definition.ts";
import { nodeShapes, relShapes, type Shape } from "./schema-procedures.ts";
import { joinedLabels } from "./visualization.ts";

const dataColumns: readonly ProcedureColumn[] = [
  { name: "label", type: "STRING", static: "string" },
  { name: "property", type: "STRING", static: "string" },
  { name: "count", type: "INTEGER", static: "integer" },
  { name: "unique", type: "BOOLEAN", static: "boolean" },
  { name: "index", type: "BOOLEAN", static: "boolean" },
  { name: "existence", type: "BOOLEAN", static: "boolean" },
  { name: "type", type: "STRING", static: "string" },
  { name: "array", type: "BOOLEAN", static: "boolean" },
  { name: "sample", type: "LIST<ANY>", static: "list" },
  { name: "left", type: "INTEGER", static: "integer" },
  { name: "right", type: "INTEGER", static: "integer" },
  { name: "other", type: "LIST<STRING>", static: "list" },
  { name: "otherLeft", type: "LIST<STRING>", static: "list" },
  { name: "otherRight", type: "LIST<STRING>", static: "list" },
  { name: "elementType", type: "STRING", static: "string" },
];

function apocType(type: string): string {
  return type.startsWith("LIST<")
    ? "LIST"
    : type
        .replace("ZONED DATETIME", "DATE_TIME")
        .replace("LOCAL DATETIME", "LOCAL_DATE_TIME")
        .replace("ZONED TIME", "TIME")
        .replace(" ", "_");
}

function* propertyRows(
  shapes: readonly Shape[],
  entity: "NODE" | "RELATIONSHIP",
  ctx: RunContext,
): Generator<readonly Value[]> {
  const seen = new Set<string>();
  for (const shape of shapes) {
    for (const label of shape.names) {
      const rules = ctx.graph.schema.of(entity, label);
      for (const [property, { types }] of shape.properties) {
        if (seen.has(`${label}\0${property}`)) continue;
        seen.add(`${label}\0${property}`);
        const [type = "STRING"] = types;
        const isIndexed = rules.some(({ properties }) => properties.includes(property));
        const isUnique = rules.some(
          (rule) => rule.kind === "constraint" && rule.properties.includes(property),
        );
        yield [
          label,
          property,
          0n,
          isUnique,
          isIndexed,
          false,
          apocType(type),
          type.startsWith("LIST<"),
          null,
          0n,
          0n,
          [],
          [],
          [],
          entity === "NODE" ? "node" : "relationship",
        ];
      }
    }
  }
}

/** What LangChain and others read the schema from: properties of labels and types, and which labels the types join. */
function* metaData(ctx: RunContext): Generator<readonly Value[]> {
  yield* propertyRows(nodeShapes(ctx), "NODE", ctx);
  yield* propertyRows(relShapes(ctx), "RELATIONSHIP", ctx);
  const joined = new Map<string, { start: string; type: string; ends: string[] }>();
  for (const { type, start, end } of joinedLabels(ctx)) {
    const key = `${start}\0${type}`;
    const known = joined.get(key);
    if (known === undefined) joined.set(key, { start, type, ends: [end] });
    else known.ends.push(end);
  }
  for (const { start, type, ends } of joined.values())
    yield [start, type, 0n, false, false, false, "RELATIONSHIP", true, null, 0n, 0n, ends, [], [], "node"];
}

function map(value: Value | undefined, what: string): CypherMap {
  if (value === null || value === undefined) return new Map();
  if (isMap(value)) return value;
  throw typeError(`${what} must be a map`);
}

function strings(value: Value | undefined, what: string): string[] {
  if (value !== undefined && isList(value) && value.every((item) => typeof item === "string" && item !== ""))
    return value as string[];
  throw argumentError(`The list of ${what} cannot contain empty or null values`);
}

function stored(properties: CypherMap, graph: GraphWriter): Map<number, Value> {
  const result = new Map<number, Value>();
  for (const [key, value] of properties) if (value !== null) result.set(graph.token("key", key), value);
  return result;
}

function hasAll(actual: ReadonlyMap<number, Value>, wanted: CypherMap, graph: GraphWriter): boolean {
  return [...wanted].every(
    ([key, value]) => equals(actual.get(graph.tokens.find("key", key) ?? -1) ?? null, value) === true,
  );
}

function withAll(
  properties: ReadonlyMap<number, Value>,
  more: CypherMap,
  graph: GraphWriter,
): Map<number, Value> {
  const result = new Map(properties);
  for (const [key, value] of more) {
    const id = graph.token("key", key);
    if (value === null) result.delete(id);
    else result.set(id, value);
  }
  return result;
}

function* mergeNode(
  [labels, identity, onCreate, onMatch]: readonly Value[],
  ctx: RunContext,
): Generator<readonly Value[]> {
  const graph = ctx.writing;
  const names = strings(labels, "labels");
  const wanted = map(identity, "identProps");
  if (names.length === 0) throw argumentError("you need to supply at least one label");
  const ids = names.map((name) => graph.token("label", name));
  const found: number[] = [];
  for (let last = -1; ; ) {
    const nodes = graph.nodesWithLabelAfter(ids[0]!, last, 1000);
    for (const node of nodes) {
      ctx.tick();
      const record = graph.node(node)!;
      if (ids.every((id) => record.labels.includes(id)) && hasAll(record.properties, wanted, graph))
        found.push(node);
    }
    if (nodes.length === 0) break;
    last = nodes.at(-1)!;
  }
  if (found.length === 0) {
    yield [
      new NodeRef(
        graph.createNode(
          [...new Set(ids)],
          withAll(stored(wanted, graph), map(onCreate, "onCreateProps"), graph),
        ),
      ),
    ];
    return;
  }
  for (const node of found) {
    const more = map(onMatch, "onMatchProps");
    if (more.size > 0) graph.setNodeProperties(node, withAll(graph.node(node)!.properties, more, graph));
    yield [new NodeRef(node)];
  }
}

function* mergeRelationship(
  [start, type, identity, onCreate, end, onMatch]: readonly Value[],
  ctx: RunContext,
): Generator<readonly Value[]> {
  const graph = ctx.writing;
  if (!(start instanceof NodeRef && end instanceof NodeRef))
    throw typeError("startNode and endNode must be nodes");
  if (typeof type !== "string" || type === "")
    throw argumentError("It is not possible to merge a relationship without a relationship type");
  const wanted = map(identity, "identProps");
  const found = graph
    .relsOf(start.id, "out", [graph.token("type", type)])
    .filter((rel: RelRef) => rel.end === end.id && hasAll(graph.rel(rel.id)!.properties, wanted, graph));
  if (found.length === 0) {
    const properties = withAll(stored(wanted, graph), map(onCreate, "onCreateProps"), graph);
    yield [graph.createRel(graph.token("type", type), start.id, end.id, properties)];
    return;
  }
  for (const rel of found) {
    const more = map(onMatch, "onMatchProps");
    if (more.size > 0) graph.setRelProperties(rel.id, withAll(graph.rel(rel.id)!.properties, more, graph));
    yield [rel];
  }
}

/** The procedures of APOC that frameworks call. */
export const apocProcedures: readonly ProcedureDefinition[] = [
  {
    name: "apoc.meta.data",
    description: "Examines the full graph and returns a table of metadata.",
    mode: "READ",
    args: [{ name: "config", type: "MAP", fallback: new Map() }],
    columns: dataColumns,
    call: (_, ctx) => metaData(ctx),
  },
  {
    name: "apoc.merge.node",
    description: "Merges the given NODE values with the given dynamic labels.",
    mode: "WRITE",
    args: [
      { name: "labels", type: "LIST<STRING>" },
      { name: "identProps", type: "MAP" },
      { name: "onCreateProps", type: "MAP", fallback: new Map() },
      { name: "onMatchProps", type: "MAP", fallback: new Map() },
    ],
    columns: [{ name: "node", type: "NODE", static: "node" }],
    call: mergeNode,
  },
  {
    name: "apoc.merge.relationship",
    description: "Merges the given RELATIONSHIP values with the given dynamic types/properties.",
    mode: "WRITE",
    args: [
      { name: "startNode", type: "NODE" },
      { name: "relType", type: "STRING" },
      { name: "identProps", type: "MAP" },
      { name: "onCreateProps", type: "MAP" },
      { name: "endNode", type: "NODE" },
      { name: "onMatchProps", type: "MAP", fallback: new Map() },
    ],
    columns: [{ name: "rel", type: "RELATIONSHIP", static: "relationship" }],
    call: mergeRelationship,
  },
];
