import {
  type AttributeValue,
  attributeOf,
  type Item,
  setAttribute,
  typeOf,
} from "../items/attribute-value.ts";
import { addNumbers, type DecimalFault, subtractNumbers } from "../items/decimal.ts";
import { decimalFaultText } from "../items/decimal-fault-text.ts";
import { sortSet } from "../items/sets.ts";
import type { Operand, PathPart, Update } from "./ast.ts";
import { type Bindings, boundValue, resolvePath } from "./bindings.ts";
import { valueAt } from "./evaluate.ts";

/** An update that the item does not allow. */
export class UpdateError extends Error {
  override name = "UpdateError";
}

const wrongType = "An operand in the update expression has an incorrect data type";
const wrongPath = "The document path provided in the update expression is invalid for update";
const noAttribute = "The provided expression refers to an attribute that does not exist in the item";

/** What is done at one path: a new value, or none where a set has lost its last member. */
interface Write {
  readonly path: readonly PathPart[];
  /** Whether there is something at the path. */
  readonly isThere: boolean;
  readonly value: () => AttributeValue | undefined;
}

/**
 * The item after an update, which was checked before; the item itself stays as it is. Every clause sees the item as it
 * was, and every index means what it meant then. Of several things that are wrong AWS tells first of an ADD or DELETE of
 * another type than is there, then of a value that cannot be read, then of paths in their order.
 *
 * @throws UpdateError
 */
export function applyUpdate(update: Update, item: Item, bindings: Bindings): Item {
  const combined = [
    ...update.add.map((action) => combination(action, added, item, bindings)),
    ...update.delete.map((action) => combination(action, without, item, bindings)),
  ];
  const sets = update.set.map(({ path, value }): Write => {
    const read = newValue(value, item, bindings);
    return { path: resolvePath(bindings, path), isThere: true, value: () => read };
  });
  // Members beyond a list's end are appended in the order of their indexes.
  const writes = [...sets, ...combined].sort((a, b) => compareIndexes(a.path, b.path));
  const changed: Item = { ...item };
  const removals: (readonly PathPart[])[] = [];
  for (const { path, isThere, value } of writes) {
    const result = value();
    if (result !== undefined) setAt(changed, path, result);
    else if (isThere) removals.push(path);
    else requireParent({ ...item }, path);
  }
  for (const path of update.remove) {
    const resolved = resolvePath(bindings, path);
    // What was not there is left alone, even where something was appended since.
    if (valueAt(path, item, bindings) === undefined) requireParent({ ...item }, resolved);
    else removals.push(resolved);
  }
  // From the end of each list, as indexes mean the list as it was.
  removals.sort((a, b) => compareIndexes(b, a));
  for (const path of removals) removeAt(changed, path);
  return changed;
}

/** An ADD or a DELETE; refused here when what is there is of another type. */
function combination(
  { path, value }: Update["add"][number],
  combine: (existing: AttributeValue | undefined, amount: AttributeValue) => AttributeValue | undefined,
  item: Item,
  bindings: Bindings,
): Write {
  const amount = constant(value, bindings);
  const existing = valueAt(path, item, bindings);
  if (existing !== undefined && typeOf(existing) !== typeOf(amount)) throw new UpdateError(wrongType);
  return {
    path: resolvePath(bindings, path),
    isThere: existing !== undefined,
    value: () => combine(existing, amount),
  };
}

function constant(operand: Operand, bindings: Bindings): AttributeValue {
  if (operand.kind === "constant") return operand.value;
  if (operand.kind === "value") return boundValue(bindings, operand.name);
  throw new TypeError(`${operand.kind} is not a value of the request`);
}

function newValue(operand: Operand, item: Item, bindings: Bindings): AttributeValue {
  switch (operand.kind) {
    case "value":
    case "constant":
      return constant(operand, bindings);
    case "path": {
      const value = valueAt(operand, item, bindings);
      if (value === undefined) throw new UpdateError(noAttribute);
      return value;
    }
    case "arithmetic": {
      const left = newValue(operand.left, item, bindings);
      const right = newValue(operand.right, item, bindings);
      if (left.N === undefined || right.N === undefined) throw new UpdateError(wrongType);
      return number((operand.operator === "+" ? addNumbers : subtractNumbers)(left.N, right.N));
    }
    case "function": {
      const [first, second] = operand.args as readonly [Operand, Operand];
      if (operand.name === "if_not_exists") {
        if (first.kind !== "path") throw new TypeError("if_not_exists has no path");
        return valueAt(first, item, bindings) ?? newValue(second, item, bindings);
      }
      const head = newValue(first, item, bindings);
      const tail = newValue(second, item, bindings);
      if (head.L === undefined || tail.L === undefined) throw new UpdateError(wrongType);
      return { L: [...head.L, ...tail.L] };
    }
  }
}

function number(sum: { readonly text: string } | DecimalFault): AttributeValue {
  if (typeof sum === "string") throw new UpdateError(decimalFaultText(sum, ""));
  return { N: sum.text };
}

function added(existing: AttributeValue | undefined, amount: AttributeValue): AttributeValue {
  if (existing === undefined) return amount;
  const type = typeOf(amount);
  switch (type) {
    case "N":
      return number(addNumbers(existing.N!, amount.N!));
    case "SS":
    case "NS":
    case "BS":
      return { [type]: sortSet(type, [...new Set([...existing[type]!, ...amount[type]!])]) };
    // Only the parameters without expressions get here: they append.
    case "L":
      return { L: [...existing.L!, ...amount.L!] };
    default:
      throw new UpdateError(wrongType);
  }
}

/** A set without some members; undefined when none are left. */
function without(existing: AttributeValue | undefined, removed: AttributeValue): AttributeValue | undefined {
  if (existing === undefined) return undefined;
  const type = typeOf(removed);
  if (type !== "SS" && type !== "NS" && type !== "BS") throw new UpdateError(wrongType);
  const gone = new Set(removed[type]!);
  const rest = existing[type]!.filter((member) => !gone.has(member));
  return rest.length === 0 ? undefined : { [type]: rest };
}

/**
 * The copy of the map or list that holds the last part of a path, put into `item`, which is a copy already: what the
 * item was made from is not touched.
 */
function parentOf(item: Item, path: readonly PathPart[]): Item | AttributeValue[] | undefined {
  let parent: Item | AttributeValue[] = item;
  for (const part of path.slice(0, -1)) {
    const value = memberOf(parent, part);
    const copy: AttributeValue | undefined =
      value?.M !== undefined
        ? { M: { ...value.M } }
        : value?.L !== undefined
          ? { L: [...value.L] }
          : undefined;
    if (copy === undefined) return undefined;
    if (Array.isArray(parent)) parent[part as number] = copy;
    else setAttribute(parent, part as string, copy);
    parent = (copy.M ?? copy.L)!;
  }
  return Array.isArray(parent) === (typeof path.at(-1) === "number") ? parent : undefined;
}

function memberOf(parent: Item | AttributeValue[], part: PathPart): AttributeValue | undefined {
  if (Array.isArray(parent)) return typeof part === "number" ? parent[part] : undefined;
  return typeof part === "string" ? attributeOf(parent, part) : undefined;
}

function requireParent(item: Item, path: readonly PathPart[]): Item | AttributeValue[] {
  const parent = parentOf(item, path);
  if (parent === undefined) throw new UpdateError(wrongPath);
  return parent;
}

function setAt(item: Item, path: readonly PathPart[], value: AttributeValue): void {
  const parent = requireParent(item, path);
  const last = path.at(-1)!;
  if (!Array.isArray(parent)) setAttribute(parent, last as string, value);
  else if ((last as number) < parent.length) parent[last as number] = value;
  else parent.push(value);
}

function removeAt(item: Item, path: readonly PathPart[]): void {
  const parent = requireParent(item, path);
  const last = path.at(-1)!;
  if (!Array.isArray(parent)) delete parent[last as string];
  else if ((last as number) < parent.length) parent.splice(last as number, 1);
}

/** Orders paths, those into one list by their indexes. */
function compareIndexes(a: readonly PathPart[], b: readonly PathPart[]): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [one, two] = [a[i]!, b[i]!];
    if (one === two) continue;
    return typeof one === "number" && typeof two === "number" ? one - two : one < two ? -1 : 1;
  }
  return a.length - b.length;
}
