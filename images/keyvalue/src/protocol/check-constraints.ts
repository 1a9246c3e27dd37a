import { validation } from "../errors.ts";
import { javaText, lowerFirst } from "./java-text.ts";
import type { Members, Shape } from "./shape.ts";

/** AWS stops counting here. */
const faultsMax = 10;

const patterns = new Map<string, RegExp>();

function matches(pattern: string, text: string): boolean {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = new RegExp(`^(?:${pattern})$`);
    patterns.set(pattern, compiled);
  }
  return compiled.test(text);
}

/**
 * Checks what a request's members may be, beyond their types, and tells of all that is wrong at once.
 *
 * @throws AwsError ValidationException "N validation errors detected: ..."
 */
export function checkConstraints(input: Readonly<Record<string, unknown>>, members: Members): void {
  let faults: string[] | undefined;
  if (input.TableName === "" && isTable(members.TableName)) throwFaults([noTable]);
  for (const name in members) {
    const shape = members[name]!;
    const value = input[name];
    if (value === undefined ? shape.required !== true : isFree(shape)) continue;
    faults ??= [];
    const before = faults.length;
    checkValue(value, shape, lowerFirst(name), name, faults);
    if (faults.length > before && shape.endsFaults === true) break;
  }
  if (faults !== undefined) throwFaults(faults);
}

export function throwFaults(faults: readonly string[]): void {
  const count = Math.min(faults.length, faultsMax);
  if (count === 0) return;
  throw validation(
    `${count} validation error${count === 1 ? "" : "s"} detected: ${faults.slice(0, faultsMax).join("; ")}`,
  );
}

/** Of a request without a table AWS says nothing more. */
const noTable =
  "Value at 'TableName' failed to satisfy constraint: Member must have length greater than or equal to 1";

function isTable(shape: Shape | undefined): boolean {
  return shape?.type === "string" && shape.isTable === true;
}

/** Shapes without any constraint, which most members have. */
function isFree(shape: Shape): boolean {
  switch (shape.type) {
    case "boolean":
    case "blob":
    case "attributeValue":
      return true;
    case "map":
      return shape.of.type === "attributeValue" && shape.min === undefined && shape.keys === undefined;
    default:
      return false;
  }
}

function checkValue(value: unknown, shape: Shape, path: string, given: string, faults: string[]): void {
  const fault = (constraint: string) => {
    faults.push(
      shape.isToldShort === true && value !== undefined
        ? `Value at '${given}' failed to satisfy constraint: ${constraint}`
        : `Value ${value === undefined ? "null" : `'${javaText(value, shape)}'`} at '${path}' failed to satisfy constraint: ${constraint}`,
    );
  };
  if (value === undefined) {
    if (shape.required === true) fault("Member must not be null");
    return;
  }
  switch (shape.type) {
    case "string": {
      const text = value as string;
      if (shape.enum !== undefined && !shape.enum.includes(text)) {
        if (shape.enumFault !== undefined) faults.push(shape.enumFault);
        else fault(`Member must satisfy enum value set: [${shape.enum.join(", ")}]`);
      }
      if (shape.pattern !== undefined && !matches(shape.pattern, text))
        fault(`Member must satisfy regular expression pattern: ${shape.pattern}`);
      if (shape.min !== undefined && text.length < shape.min)
        fault(`Member must have length greater than or equal to ${shape.min}`);
      if (shape.max !== undefined && text.length > shape.max)
        fault(`Member must have length less than or equal to ${shape.max}`);
      return;
    }
    case "Integer":
    case "Long":
    case "Double":
    case "Timestamp": {
      const number = value as number;
      if (shape.min !== undefined && number < shape.min)
        fault(`Member must have value greater than or equal to ${shape.min}`);
      if (shape.max !== undefined && number > shape.max)
        fault(`Member must have value less than or equal to ${shape.max}`);
      return;
    }
    case "list": {
      const list = value as readonly unknown[];
      if (shape.min !== undefined && list.length < shape.min)
        fault(`Member must have length greater than or equal to ${shape.min}`);
      if (shape.max !== undefined && list.length > shape.max)
        fault(`Member must have length less than or equal to ${shape.max}`);
      const isOfFree = isFree(shape.of);
      for (const [index, member] of list.entries()) {
        const [at, as] = [`${path}.${index + 1}.member`, `${given}.${index + 1}.member`];
        if (member === undefined)
          faults.push(`Value null at '${at}' failed to satisfy constraint: Member must not be null`);
        else if (!isOfFree) checkValue(member, shape.of, at, as, faults);
      }
      return;
    }
    case "map": {
      const map = value as Readonly<Record<string, unknown>>;
      const names = Object.keys(map);
      if (shape.min !== undefined && names.length < shape.min)
        fault(`Member must have length greater than or equal to ${shape.min}`);
      if (shape.max !== undefined && names.length > shape.max)
        fault(`Member must have length less than or equal to ${shape.max}`);
      const { keys, values } = shape;
      if (keys !== undefined && names.some((name) => !isKey(name, keys))) {
        fault(
          `Map keys must satisfy constraint: [Member must have length less than or equal to ${keys.max}, Member must have length greater than or equal to ${keys.min}, Member must satisfy regular expression pattern: ${keys.pattern}]`,
        );
      }
      if (values !== undefined && names.some((name) => !isWithin(map[name] as unknown[], values))) {
        fault(
          `Map value must satisfy constraint: [Member must have length less than or equal to ${values.max}, Member must have length greater than or equal to ${values.min}]`,
        );
      }
      if (isFree(shape.of)) return;
      for (const name of names)
        checkValue(map[name], shape.of, `${path}.${name}.member`, `${given}.${name}.member`, faults);
      return;
    }
    case "structure": {
      const structure = value as Readonly<Record<string, unknown>>;
      for (const name in shape.members) {
        checkValue(
          structure[name],
          shape.members[name]!,
          `${path}.${lowerFirst(name)}`,
          `${given}.${name}`,
          faults,
        );
      }
    }
  }
}

function isKey(name: string, keys: { min: number; max: number; pattern: string }): boolean {
  return name.length >= keys.min && name.length <= keys.max && matches(keys.pattern, name);
}

function isWithin(list: readonly unknown[], { min, max }: { min: number; max: number }): boolean {
  return list.length >= min && list.length <= max;
}
