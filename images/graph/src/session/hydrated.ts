import { elementId, propertyMap } from "../functions/graph-functions.ts";
import type { RunContext } from "../runtime/context.ts";
import { isList, isMap, NodeRef, PathValue, RelRef, type Value } from "../values/types.ts";

/** A node with all that belongs to it, as it is sent to clients. */
export class HydratedNode {
  readonly id: number;
  readonly elementId: string;
  readonly labels: readonly string[];
  readonly properties: ReadonlyMap<string, Value>;

  constructor(
    id: number,
    elementIdText: string,
    labels: readonly string[],
    properties: ReadonlyMap<string, Value>,
  ) {
    this.id = id;
    this.elementId = elementIdText;
    this.labels = labels;
    this.properties = properties;
  }
}

export class HydratedRel {
  readonly id: number;
  readonly elementId: string;
  readonly type: string;
  readonly start: number;
  readonly startElementId: string;
  readonly end: number;
  readonly endElementId: string;
  readonly properties: ReadonlyMap<string, Value>;

  constructor(
    rel: RelRef,
    ids: readonly [own: string, start: string, end: string],
    type: string,
    properties: ReadonlyMap<string, Value>,
  ) {
    this.id = rel.id;
    [this.elementId, this.startElementId, this.endElementId] = ids;
    this.type = type;
    this.start = rel.start;
    this.end = rel.end;
    this.properties = properties;
  }
}

export class HydratedPath {
  readonly nodes: readonly HydratedNode[];
  readonly rels: readonly HydratedRel[];

  constructor(nodes: readonly HydratedNode[], rels: readonly HydratedRel[]) {
    this.nodes = nodes;
    this.rels = rels;
  }
}

/** A value that needs the graph no more. */
export type Hydrated =
  | Exclude<Value, readonly Value[] | ReadonlyMap<string, Value> | NodeRef | RelRef | PathValue>
  | readonly Hydrated[]
  | ReadonlyMap<string, Hydrated>
  | HydratedNode
  | HydratedRel
  | HydratedPath;

/** Reads what belongs to nodes and relationships; of those that are gone, only what they were called. */
function hydrateNode(node: NodeRef, ctx: RunContext): HydratedNode {
  const record = ctx.graph.node(node.id);
  const labels = record?.labels.map((label) => ctx.graph.tokens.name("label", label)) ?? [];
  return new HydratedNode(
    node.id,
    elementId(node, ctx),
    labels,
    record === undefined ? new Map() : propertyMap(record.properties, ctx),
  );
}

function hydrateRel(rel: RelRef, ctx: RunContext): HydratedRel {
  const record = ctx.graph.rel(rel.id);
  const ids = [
    elementId(rel, ctx),
    elementId(new NodeRef(rel.start), ctx),
    elementId(new NodeRef(rel.end), ctx),
  ] as const;
  const properties = record === undefined ? new Map<string, Value>() : propertyMap(record.properties, ctx);
  return new HydratedRel(rel, ids, ctx.graph.tokens.name("type", rel.type), properties);
}

export function hydrate(value: Value, ctx: RunContext): Hydrated {
  if (value === null || typeof value !== "object") return value;
  if (value instanceof NodeRef) return hydrateNode(value, ctx);
  if (value instanceof RelRef) return hydrateRel(value, ctx);
  if (value instanceof PathValue)
    return new HydratedPath(
      value.nodes.map((node) => hydrateNode(node, ctx)),
      value.rels.map((rel) => hydrateRel(rel, ctx)),
    );
  if (isList(value)) return value.map((item) => hydrate(item, ctx));
  if (isMap(value)) return new Map([...value].map(([key, item]) => [key, hydrate(item, ctx)]));
  return value;
}
