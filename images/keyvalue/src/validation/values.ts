import { validation } from "../errors.ts";
import type { Item } from "../items/attribute-value.ts";
import { valuesFault } from "../protocol/validate-value.ts";
import type { Fault } from "./faults.ts";

/** Checks the values of an item or a key; numbers come out in normal form. */
export function checkValues(values: Item, fault: Fault): void {
  const found = valuesFault(values);
  if (found === undefined) return;
  // What is not even one value is found by AWS's parser, which has no envelope.
  throw found.startsWith("Supplied AttributeValue") ? validation(found) : fault(found);
}
