import type { TypeName } from "../parse/ast.ts";
import { valueTypeName } from "../values/type-names.ts";
import { isList, type Value } from "../values/types.ts";

/** `value IS :: TYPE`: null is of every type that is not NOT NULL. */
export function matchesType(value: Value, type: TypeName): boolean {
  if (type.kind === "union") return type.choices.some((choice) => matchesType(value, choice));
  if (value === null) return !type.isNotNull && !(type.kind === "scalar" && type.name === "NOTHING");
  if (type.kind === "list") return isList(value) && value.every((item) => matchesType(item, type.inner));
  const { name } = type;
  if (name === "ANY") return true;
  if (name === "NOTHING" || name === "NULL") return false;
  const actual = valueTypeName(value).replace(/ NOT NULL$/, "");
  if (name === "PROPERTY VALUE") return isPropertyValue(value);
  return actual === name;
}

function isPropertyValue(value: Value): boolean {
  if (isList(value)) return value.every((item) => item !== null && !isList(item) && isPropertyValue(item));
  return !/^(?:NODE|RELATIONSHIP|PATH|MAP|NULL)/.test(valueTypeName(value));
}
