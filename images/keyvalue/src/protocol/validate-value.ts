import type { AttributeValue, Item } from "../items/attribute-value.ts";
import { normalizeNumber } from "../items/decimal.ts";
import { decimalFaultText } from "../items/decimal-fault-text.ts";
import { sortSet } from "../items/sets.ts";
import { nestingFault } from "./check-types.ts";

/** The outermost value is the first level. */
const levelsMax = 32;

const emptyName = "Empty attribute name";
const invalid = "One or more parameter values were invalid: ";

/** What is wrong with the values of a map, if anything is; numbers come out in normal form. */
export function valuesFault(values: Item): string | undefined {
  for (const name in values) {
    if (name === "") return emptyName;
    const fault = valueFault(values[name]!);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** As `valuesFault`, of one value. */
export function valueFault(value: AttributeValue, level = 1): string | undefined {
  let types = 0;
  for (const type in value) {
    types++;
    const fault = contentFault(type as keyof AttributeValue, value, level);
    if (fault !== undefined) return fault;
  }
  if (types === 1) return undefined;
  return types === 0
    ? "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
    : "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
}

function contentFault(type: keyof AttributeValue, value: AttributeValue, level: number): string | undefined {
  switch (type) {
    case "N": {
      const normal = normalizeNumber(value.N!);
      if (typeof normal === "string") return decimalFaultText(normal, value.N!);
      value.N = normal.text;
      return undefined;
    }
    case "NULL":
      return value.NULL ? undefined : `${invalid}Null attribute value types must have the value of true`;
    case "SS":
      if (value.SS!.length === 0) return `${invalid}An string set  may not be empty`;
      if (hasDuplicates(value.SS!))
        return `${invalid}Input collection [${quoted(value.SS!)}] contains duplicates.`;
      value.SS = sortSet("SS", value.SS!);
      return undefined;
    case "NS":
      return numberSetFault(value);
    case "BS":
      if (value.BS!.length === 0) return `${invalid}Binary sets should not be empty`;
      if (hasDuplicates(value.BS!))
        return `${invalid}Input collection [${value.BS!.join(", ")}]of type BS contains duplicates.`;
      value.BS = sortSet("BS", value.BS!);
      return undefined;
    case "L":
      if (level >= levelsMax && value.L!.length > 0) return nestingFault;
      for (const member of value.L!) {
        const fault = valueFault(member, level + 1);
        if (fault !== undefined) return fault;
      }
      return undefined;
    case "M":
      for (const name in value.M!) {
        if (level >= levelsMax) return nestingFault;
        if (name === "") return emptyName;
        const fault = valueFault(value.M[name]!, level + 1);
        if (fault !== undefined) return fault;
      }
      return undefined;
    default:
      return undefined;
  }
}

function numberSetFault(value: AttributeValue): string | undefined {
  const members = value.NS!;
  if (members.length === 0) return `${invalid}An number set  may not be empty`;
  for (let i = 0; i < members.length; i++) {
    const normal = normalizeNumber(members[i]!);
    if (typeof normal === "string") return decimalFaultText(normal, members[i]!);
    members[i] = normal.text;
  }
  if (hasDuplicates(members)) return `${invalid}Input collection contains duplicates.`;
  value.NS = sortSet("NS", members);
  return undefined;
}

function hasDuplicates(members: readonly string[]): boolean {
  return members.length > 1 && new Set(members).size !== members.length;
}

function quoted(members: readonly string[]): string {
  return members.map((member) => `"${member}"`).join(", ");
}
