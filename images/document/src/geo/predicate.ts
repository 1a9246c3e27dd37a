import { isNumeric } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { type Shape, storedShape } from "./shapes.ts";

/** Whether a stored place or shape is where a query asks for it. */
export interface GeoPredicate {
  matches(value: Value): boolean;
  /** What it asks for, for indexes. */
  readonly shape?: Shape;
}

export function predicateOf(test: (shape: Shape) => boolean): GeoPredicate {
  return {
    matches(value) {
      if (!(value instanceof Doc) && !(Array.isArray(value) && isNumeric(value[0]))) return false;
      const shape = storedShape(value);
      return shape !== undefined && test(shape);
    },
  };
}
