import type { RunContext } from "../runtime/context.ts";
import { valueTypeName } from "../values/type-names.ts";
import type { Value } from "../values/types.ts";
import { list, text } from "./database-procedures.ts";
import type { ProcedureDefinition } from "./definition.ts";

/** How many nodes or relationships of each kind are looked at to tell what properties they have. */
const sampleMax = 1000;

interface PropertyShape {
  readonly types: Set<string>;
  count: number;
}

/** What nodes with the same labels, or relationships of the same type, look like. */
export interface Shape {
  readonly names: readonly string[];
  total: number;
  readonly properties: Map<string, PropertyShape>;
}

function note(shape: Shape, properties: ReadonlyMap<number, Value>, ctx: RunContext): void {
  shape.total++;
  for (const [key, value] of properties) {
    const name = ctx.graph.tokens.name("key", key);
    let property = shape.properties.get(name);
    if (property === undefined) {
      property = { types: new Set(), count: 0 };
      shape.properties.set(name, property);
    }
    property.types.add(valueTypeName(value).replace(/ NOT NULL$/, ""));
    property.count++;
  }
}

export function nodeShapes(ctx: RunContext): Shape[] {
  const shapes = new Map<string, Shape>();
  for (const label of ctx.graph.usedLabels()) {
    for (const id of ctx.graph.nodesWithLabelAfter(label, -1, sampleMax)) {
      ctx.tick();
      const record = ctx.graph.node(id)!;
      if (record.labels[0] !== label && record.labels.includes(label) && Math.min(...record.labels) !== label)
        continue;
      const names = record.labels.map((other) => ctx.graph.tokens.name("label", other)).sort();
      const key = names.join("\0");
      let shape = shapes.get(key);
      if (shape === undefined) {
        shape = { names, total: 0, properties: new Map() };
        shapes.set(key, shape);
      }
      note(shape, record.properties, ctx);
    }
  }
  return [...shapes.values()];
}

export function relShapes(ctx: RunContext): Shape[] {
  return ctx.graph.usedTypes().map((type) => {
    const shape: Shape = { names: [ctx.graph.tokens.name("type", type)], total: 0, properties: new Map() };
    for (const { id } of ctx.graph.relsOfTypeAfter(type, -1, sampleMax)) {
      ctx.tick();
      note(shape, ctx.graph.rel(id)!.properties, ctx);
    }
    return shape;
  });
}

const displayed: Readonly<Record<string, string>> = {
  STRING: "String",
  INTEGER: "Long",
  FLOAT: "Double",
  BOOLEAN: "Boolean",
  DATE: "Date",
  POINT: "Point",
  DURATION: "Duration",
  "LOCAL TIME": "LocalTime",
  "ZONED TIME": "Time",
  "LOCAL DATETIME": "LocalDateTime",
  "ZONED DATETIME": "DateTime",
};

function typeDisplayed(type: string): string {
  if (!type.startsWith("LIST<")) return displayed[type] ?? type;
  return `${displayed[type.slice(5, -1).replace(/ NOT NULL/g, "")] ?? "String"}Array`;
}

function* propertyRows(
  shapes: readonly Shape[],
  lead: (shape: Shape) => readonly Value[],
): Generator<readonly Value[]> {
  for (const shape of shapes) {
    if (shape.properties.size === 0) yield [...lead(shape), null, null, false];
    for (const [name, { types, count }] of shape.properties)
      yield [...lead(shape), name, [...types].map(typeDisplayed), count === shape.total];
  }
}

const mandatory = { name: "mandatory", type: "BOOLEAN", static: "boolean" } as const;

export const schemaProcedures: readonly ProcedureDefinition[] = [
  {
    name: "db.schema.nodeTypeProperties",
    description: "Show the derived property schema of the nodes in tabular form.",
    mode: "READ",
    args: [],
    columns: [text("nodeType"), list("nodeLabels"), text("propertyName"), list("propertyTypes"), mandatory],
    call: (_, ctx) =>
      propertyRows(nodeShapes(ctx), ({ names }) => [names.map((name) => `:\`${name}\``).join(""), names]),
  },
  {
    name: "db.schema.relTypeProperties",
    description: "Show the derived property schema of the relationships in tabular form.",
    mode: "READ",
    args: [],
    columns: [text("relType"), text("propertyName"), list("propertyTypes"), mandatory],
    call: (_, ctx) => propertyRows(relShapes(ctx), ({ names }) => [`:\`${names[0]}\``]),
  },
];
