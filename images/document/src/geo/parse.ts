import type { Doc, Value } from "../bson/values.ts";
import { notSupported } from "../errors.ts";
import type { NearQuery } from "./near.ts";
import type { GeoPredicate } from "./predicate.ts";

export function parseGeoOperator(operator: string, _operand: Value): GeoPredicate {
  throw notSupported(operator);
}

export function parseNear(operator: string, _operand: Value, _spec: Doc): NearQuery {
  throw notSupported(operator);
}
