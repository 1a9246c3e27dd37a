import { CypherError, typeError } from "../errors.ts";
import { propertiesOf, propertyMap } from "../functions/graph-functions.ts";
import type { RunContext } from "../runtime/context.ts";
import { displayOf } from "../values/text.ts";
import { typeName } from "../values/type-names.ts";
import { isList, isMap, NodeRef, PathValue, RelRef, type Value } from "../values/types.ts";

/** A value that can be kept as a property. @throws CypherError TypeError */
export function storable(value: Value): Value {
  if (isList(value)) {
    const kinds = new Set<string>();
    for (const item of value) {
      if (item === null)
        throw typeError("Collections containing null values can not be stored in properties.");
      if (isList(item))
        throw typeError("Collections containing collections can not be stored in properties.");
      storable(item);
      const kind = typeName(item);
      kinds.add(kind === "Float" ? "Integer" : kind);
    }
    if (kinds.size > 1)
      throw typeError(
        "Neo4j only supports a subset of Cypher types for storage as singleton or array properties. Please refer to section cypher/syntax/values of the manual for more details.",
      );
    // A list is of one type: with a float in it, all of its numbers are.
    if (value.some((item) => typeof item === "number") && value.some((item) => typeof item === "bigint"))
      return value.map(Number);
    return value;
  }
  if (isMap(value) || value instanceof NodeRef || value instanceof RelRef || value instanceof PathValue)
    throw typeError(
      `Property values can only be of primitive types or arrays thereof. Encountered: ${displayOf(value)}.`,
    );
  return value;
}

/** Properties of a map or of another entity, by the numbers of their keys; nulls are left out. */
export function storableMap(value: Value, ctx: RunContext): Map<number, Value> {
  const properties = new Map<number, Value>();
  for (const [key, item] of mapOf(value, ctx))
    if (item !== null) properties.set(ctx.writing.token("key", key), storable(item));
  return properties;
}

/** What SET = and SET += take. @throws CypherError TypeError */
export function mapOf(value: Value, ctx: RunContext): ReadonlyMap<string, Value> {
  if (isMap(value)) return value;
  if (value instanceof NodeRef || value instanceof RelRef) return propertyMap(propertiesOf(value, ctx), ctx);
  throw typeError(`Type mismatch: expected Map, Node or Relationship but was ${typeName(value)}`);
}

export function missingEnd(variable: string): CypherError {
  return new CypherError(
    "Neo.DatabaseError.Statement.ExecutionFailed",
    `Failed to create relationship \`  UNNAMED0\`, node \`${variable}\` is missing. If you prefer to simply ignore rows where a relationship node is missing, set 'dbms.cypher.lenient_create_relationship = true' in neo4j.conf`,
  );
}
