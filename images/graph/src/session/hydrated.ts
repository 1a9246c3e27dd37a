import { elementId, propertyMap } from "../functions/graph-functions.ts";
import type { RunContext } from "../runtime/context.ts";
import { type Hydrated, HydratedNode, HydratedPath, HydratedRel } from "../values/hydrated-entities.ts";
import { isList, isMap, NodeRef, PathValue, RelRef, type Value } from "../values/types.ts";

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
