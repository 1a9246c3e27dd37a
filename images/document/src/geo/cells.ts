import type { Value } from "../bson/values.ts";
import { notSupported } from "../errors.ts";

export function geoCellKeys(_value: Value, kind: string): Value[] {
  throw notSupported(`a ${kind} index`);
}
