import * as tables from "@aws-sdk/client-dynamodb";
import * as streams from "@aws-sdk/client-dynamodb-streams";

/**
 * The shapes of DynamoDB's requests as AWS's own model has them. The SDK carries it as arrays that begin with the kind of a
 * shape (`StaticSchema` of @smithy/types); botocore's service-2.json is drawn from the same model.
 */
export type ModelShape =
  | { readonly kind: "string" | "number" | "boolean" | "timestamp" | "blob" }
  | { readonly kind: "list" | "map"; readonly of: ModelShape }
  | { readonly kind: "structure"; readonly name: string; readonly members: ReadonlyMap<string, ModelShape> };

type StaticSchema = number | readonly unknown[] | (() => StaticSchema);

const kindOfShape = { list: 1, map: 2, structure: 3, union: 4, operation: 9 } as const;
const listOf = 64;
const mapOf = 128;

/** By the value of the header `x-amz-target`: the shape of the operation's request. */
export function requestShapes(): ReadonlyMap<string, ModelShape> {
  const found = new Map<string, ModelShape>();
  for (const [version, client] of [
    ["DynamoDB_20120810", tables],
    ["DynamoDBStreams_20120810", streams],
  ] as const) {
    for (const schema of Object.values<unknown>(client)) {
      if (!Array.isArray(schema) || schema[0] !== kindOfShape.operation) continue;
      found.set(`${version}.${schema[2]}`, shapeOf(schema[4] as StaticSchema));
    }
  }
  return found;
}

function shapeOf(schema: StaticSchema): ModelShape {
  if (typeof schema === "function") return shapeOf(schema());
  if (typeof schema === "number") return simpleShape(schema);
  // A member with traits is a pair of both.
  if (schema.length === 2) return shapeOf(schema[0] as StaticSchema);
  const [kind, , name, , first, second] = schema;
  switch (kind) {
    // A simple type with traits.
    case 0:
      return shapeOf(first as StaticSchema);
    case kindOfShape.list:
      return listShape(first as StaticSchema);
    case kindOfShape.map:
      return mapShape(second as StaticSchema);
    default: {
      const members = second as readonly StaticSchema[];
      let read: ReadonlyMap<string, ModelShape> | undefined;
      return {
        kind: "structure",
        name: name as string,
        // Attribute values hold attribute values: read when it is asked for.
        get members() {
          read ??= new Map((first as string[]).map((member, i) => [member, shapeOf(members[i]!)]));
          return read;
        },
      };
    }
  }
}

function simpleShape(schema: number): ModelShape {
  if (schema >= mapOf) return mapShape(schema - mapOf);
  if (schema >= listOf) return listShape(schema - listOf);
  switch (schema) {
    case 0:
      return { kind: "string" };
    case 1:
      return { kind: "number" };
    case 2:
      return { kind: "boolean" };
    case 21:
      return { kind: "blob" };
    default:
      return { kind: "timestamp" };
  }
}

function listShape(of: StaticSchema): ModelShape {
  return {
    kind: "list",
    get of() {
      return shapeOf(of);
    },
  };
}

function mapShape(of: StaticSchema): ModelShape {
  return {
    kind: "map",
    get of() {
      return shapeOf(of);
    },
  };
}
