import type { Value } from "../bson/values.ts";

/** Whether a stored place or shape is where a query asks for it. */
export interface GeoPredicate {
  matches(value: Value): boolean;
}
