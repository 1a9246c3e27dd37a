import { CypherError, typeError } from "../errors.ts";
import type { RunContext } from "../runtime/context.ts";
import { coordinateSystems, PointValue } from "../values/point.ts";
import { DurationValue, isTemporal } from "../values/temporal.ts";
import { durationField, temporalField } from "../values/temporal-fields.ts";
import { displayOf } from "../values/text.ts";
import { typeName } from "../values/type-names.ts";
import { isList, isMap, NodeRef, PathValue, RelRef, type Value } from "../values/types.ts";
import { define, defineLoose, type FunctionDefinition } from "./definition.ts";

function deleted(what: string, id: number): CypherError {
  return new CypherError(
    "Neo.ClientError.Statement.EntityNotFound",
    `${what} with id ${id} has been deleted in this transaction`,
  );
}

/** Properties of a node or relationship by the numbers of their keys. @throws CypherError EntityNotFound */
export function propertiesOf(entity: NodeRef | RelRef, ctx: RunContext): ReadonlyMap<number, Value> {
  const record = entity instanceof NodeRef ? ctx.graph.node(entity.id) : ctx.graph.rel(entity.id);
  if (record !== undefined) return record.properties;
  throw deleted(entity instanceof NodeRef ? "Node" : "Relationship", entity.id);
}

export function labelsOf(node: NodeRef, ctx: RunContext): string[] {
  const record = ctx.graph.node(node.id);
  if (record === undefined) throw deleted("Node", node.id);
  return record.labels.map((label) => ctx.graph.tokens.name("label", label));
}

/** Properties as a map of Cypher. */
export function propertyMap(properties: ReadonlyMap<number, Value>, ctx: RunContext): Map<string, Value> {
  const map = new Map<string, Value>();
  for (const [key, value] of properties) map.set(ctx.graph.tokens.name("key", key), value);
  return map;
}

function pointField(point: PointValue, field: string): Value {
  const { isGeographic, name } = coordinateSystems[point.srid];
  switch (field) {
    case "x":
      return point.x;
    case "y":
      return point.y;
    case "z":
      return point.z ?? null;
    case "longitude":
      return isGeographic ? point.x : null;
    case "latitude":
      return isGeographic ? point.y : null;
    case "height":
      return isGeographic ? (point.z ?? null) : null;
    case "srid":
      return BigInt(point.srid);
    case "crs":
      return name;
  }
  throw typeError(`No such field: ${field}`);
}

/** `object.key` */
export function propertyOf(object: Value, key: string, ctx: RunContext): Value {
  if (object === null) return null;
  if (object instanceof NodeRef || object instanceof RelRef) {
    const properties = propertiesOf(object, ctx);
    const id = ctx.graph.tokens.find("key", key);
    return id === undefined ? null : (properties.get(id) ?? null);
  }
  if (isMap(object)) return object.get(key) ?? null;
  if (isTemporal(object)) {
    const value = temporalField(object, key);
    if (value === undefined) throw typeError(`No such field: ${key}`);
    return value;
  }
  if (object instanceof DurationValue) {
    const value = durationField(object, key);
    if (value === undefined) throw typeError(`No such field: ${key}`);
    return value;
  }
  if (object instanceof PointValue) return pointField(object, key);
  throw typeError(`Type mismatch: expected a map but was ${displayOf(object)}`);
}

function requireRel(name: string, value: Value): RelRef {
  if (value instanceof RelRef) return value;
  throw typeError(
    `Invalid input for function '${name}()': Expected a Relationship, got: ${displayOf(value)}`,
  );
}

function entity(name: string, value: Value): NodeRef | RelRef {
  if (value instanceof NodeRef || value instanceof RelRef) return value;
  throw typeError(
    `Invalid input for function '${name}()': Expected a Node or Relationship, got: ${typeName(value)}`,
  );
}

const node = ["node"] as const;
const relationship = ["relationship"] as const;
const path = ["path"] as const;

/** The name that drivers know an entity by. */
export function elementId(value: NodeRef | RelRef, ctx: RunContext): string {
  return `${value instanceof NodeRef ? 4 : 5}:${ctx.graph.databaseId()}:${value.id}`;
}

export const graphFunctions: readonly FunctionDefinition[] = [
  // Of LOAD CSV: the planner knows where a row keeps them.
  defineLoose("linenumber", 0, "integer", () => null),
  defineLoose("file", 0, "string", () => null),
  define("id", 1, "integer", ([value]) => BigInt(entity("id", value!).id), [["node", "relationship"]]),
  define("elementId", 1, "string", ([value], ctx) => elementId(entity("elementId", value!), ctx), [
    ["node", "relationship"],
  ]),
  define(
    "labels",
    1,
    "list",
    ([value], ctx) => {
      if (value instanceof NodeRef) return labelsOf(value, ctx);
      throw typeError(`Invalid input for function 'labels()': Expected a Node, got: ${displayOf(value!)}`);
    },
    [node],
  ),
  define(
    "type",
    1,
    "string",
    ([value], ctx) => ctx.graph.tokens.name("type", requireRel("type", value!).type),
    [relationship],
  ),
  define("startNode", 1, "node", ([value]) => new NodeRef(requireRel("startNode", value!).start), [
    relationship,
  ]),
  define("endNode", 1, "node", ([value]) => new NodeRef(requireRel("endNode", value!).end), [relationship]),
  define(
    "nodes",
    1,
    "list",
    ([value]) => {
      if (value instanceof PathValue) return value.nodes;
      throw typeError(`Invalid input for function 'nodes()': Expected a Path, got: ${displayOf(value!)}`);
    },
    [path],
  ),
  ...["relationships", "rels"].map((name) =>
    define(
      name,
      1,
      "list",
      ([value]) => {
        if (value instanceof PathValue) return value.rels;
        throw typeError(`Invalid input for function '${name}()': Expected a Path, got: ${displayOf(value!)}`);
      },
      [path],
    ),
  ),
  define(
    "length",
    1,
    "integer",
    ([value]) => {
      if (value instanceof PathValue) return BigInt(value.rels.length);
      throw typeError(`Invalid input for function 'length()': Expected a Path, got: ${displayOf(value!)}`);
    },
    [path],
  ),
  define(
    "keys",
    1,
    "list",
    ([value], ctx) => {
      if (value instanceof NodeRef || value instanceof RelRef)
        return [...propertyMap(propertiesOf(value, ctx), ctx).keys()];
      if (isMap(value!)) return [...value.keys()];
      throw typeError(
        `Invalid input for function 'keys()': Expected a Node, Relationship or Map, got: ${displayOf(value!)}`,
      );
    },
    [["node", "relationship", "map"]],
  ),
  define(
    "properties",
    1,
    "map",
    ([value], ctx) => {
      if (value instanceof NodeRef || value instanceof RelRef)
        return propertyMap(propertiesOf(value, ctx), ctx);
      if (isMap(value!)) return value;
      throw typeError(
        `Invalid input for function 'properties()': Expected a Node, Relationship or Map, got: ${displayOf(value!)}`,
      );
    },
    [["node", "relationship", "map"]],
  ),
  defineLoose("exists", 1, "boolean", ([value]) => value !== null && !(isList(value!) && value.length === 0)),
];
