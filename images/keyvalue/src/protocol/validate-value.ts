import type { AttributeValue, Item } from "../items/attribute-value.ts";
import { normalizeNumber } from "../items/decimal.ts";
import { decimalFaultText } from "../items/decimal-fault-text.ts";
import { sortSet } from "../items/sets.ts";
import { nestingFault } from "./check-types.ts";

/** The outermost value is the first level. */
const levelsMax = 32;

const invalid = "One or more parameter values were invalid: ";

/** "Attribute names must be at least one character long, but no greater than 64 KB in size." */
const nameBytesMax = 65_535;

function nameFault(name: string): string | undefined {
  if (name === "") return "Empty attribute name";
  // Most are far too short to be measured.
  if (name.length * 3 <= nameBytesMax || Buffer.byteLength(name) <= nameBytesMax) return undefined;
  return `${invalid}Attribute name is too large, must be less than ${nameBytesMax + 1} bytes`;
}

/** What is wrong with the values of a map, if anything is; numbers come out in normal form. */
export function valuesFault(values: Item): string | undefined {
  for (const name in values) {
    const fault = nameFault(name) ?? valueFault(values[name]!);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Whether a valid value is nested more deeply than a stored one can be. */
export function isTooDeep(value: AttributeValue, level = 1): boolean {
  const members = value.L ?? (value.M === undefined ? undefined : Object.values(value.M));
  if (members === undefined || members.length === 0) return false;
  return level >= levelsMax || members.some((member) => isTooDeep(member, level + 1));
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
        const fault = nameFault(name) ?? valueFault(value.M[name]!, level + 1);
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
