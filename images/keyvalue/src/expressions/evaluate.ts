import { type AttributeValue, attributeOf, type Item, typeOf } from "../items/attribute-value.ts";
import { compare, equal } from "../items/compare.ts";
import { base64Bytes } from "../items/item-size.ts";
import type { Condition, FunctionNode, Operand, PathNode } from "./ast.ts";
import { type Bindings, boundValue, partOf } from "./bindings.ts";

/** Whether an item satisfies a condition, which was checked before. An item that does not exist has no attributes. */
export function satisfies(condition: Condition, item: Item, bindings: Bindings): boolean {
  switch (condition.kind) {
    case "and":
      return satisfies(condition.left, item, bindings) && satisfies(condition.right, item, bindings);
    case "or":
      return satisfies(condition.left, item, bindings) || satisfies(condition.right, item, bindings);
    case "not":
      return !satisfies(condition.of, item, bindings);
    case "compare": {
      const left = operandValue(condition.left, item, bindings);
      const right = operandValue(condition.right, item, bindings);
      if (condition.comparator === "<>") {
        return left === undefined || right === undefined ? left !== right : !equal(left, right);
      }
      if (left === undefined || right === undefined) return false;
      if (condition.comparator === "=") return equal(left, right);
      const order = compare(left, right);
      if (order === undefined) return false;
      switch (condition.comparator) {
        case "<":
          return order < 0;
        case "<=":
          return order <= 0;
        case ">":
          return order > 0;
        case ">=":
          return order >= 0;
      }
      return false;
    }
    case "between": {
      const value = operandValue(condition.value, item, bindings);
      const low = operandValue(condition.low, item, bindings);
      const high = operandValue(condition.high, item, bindings);
      if (value === undefined || low === undefined || high === undefined) return false;
      const fromLow = compare(value, low);
      const toHigh = compare(value, high);
      return fromLow !== undefined && toHigh !== undefined && fromLow >= 0 && toHigh <= 0;
    }
    case "in": {
      const value = operandValue(condition.value, item, bindings);
      if (value === undefined) return false;
      return condition.list.some((operand) => {
        const member = operandValue(operand, item, bindings);
        return member !== undefined && equal(value, member);
      });
    }
    case "function":
      return holds(condition, item, bindings);
  }
}

function holds({ name, args }: FunctionNode, item: Item, bindings: Bindings): boolean {
  const first = operandValue(args[0]!, item, bindings);
  if (name === "attribute_exists") return first !== undefined;
  if (name === "attribute_not_exists") return first === undefined;
  const second = operandValue(args[1]!, item, bindings);
  if (first === undefined || second === undefined) return false;
  switch (name) {
    case "attribute_type":
      return typeOf(first) === second.S;
    case "begins_with":
      return beginsWith(first, second);
    case "contains":
      return contains(first, second);
    default:
      throw new TypeError(`${name} is not a condition`);
  }
}

function beginsWith(value: AttributeValue, prefix: AttributeValue): boolean {
  if (value.S !== undefined) return prefix.S !== undefined && value.S.startsWith(prefix.S);
  if (value.B === undefined || prefix.B === undefined) return false;
  const bytes = Buffer.from(value.B, "base64");
  const start = Buffer.from(prefix.B, "base64");
  return bytes.length >= start.length && bytes.subarray(0, start.length).equals(start);
}

function contains(whole: AttributeValue, part: AttributeValue): boolean {
  switch (typeOf(whole)) {
    case "S":
      return part.S !== undefined && whole.S!.includes(part.S);
    case "B":
      return part.B !== undefined && Buffer.from(whole.B!, "base64").includes(Buffer.from(part.B, "base64"));
    case "SS":
      return part.S !== undefined && whole.SS!.includes(part.S);
    case "NS":
      return part.N !== undefined && whole.NS!.includes(part.N);
    case "BS":
      return part.B !== undefined && whole.BS!.includes(part.B);
    case "L":
      return whole.L!.some((member) => equal(member, part));
    default:
      return false;
  }
}

/** What an operand of a condition is for this item; undefined when there is no such attribute. */
export function operandValue(operand: Operand, item: Item, bindings: Bindings): AttributeValue | undefined {
  switch (operand.kind) {
    case "path":
      return valueAt(operand, item, bindings);
    case "value":
      return boundValue(bindings, operand.name);
    case "constant":
      return operand.value;
    case "function": {
      const value = operandValue(operand.args[0]!, item, bindings);
      return value === undefined ? undefined : sizeOf(value);
    }
    case "arithmetic":
      throw new TypeError("a condition has no arithmetic");
  }
}

/** The value at a path. */
export function valueAt(path: PathNode, item: Item, bindings: Bindings): AttributeValue | undefined {
  let value: AttributeValue | undefined;
  for (let i = 0; i < path.parts.length; i++) {
    const part = partOf(bindings, path, path.parts[i]!);
    if (i === 0) value = attributeOf(item, part as string);
    else if (typeof part === "number") value = value!.L?.[part];
    else value = value!.M === undefined ? undefined : attributeOf(value!.M, part);
    if (value === undefined) return undefined;
  }
  return value;
}

function sizeOf(value: AttributeValue): AttributeValue | undefined {
  switch (typeOf(value)) {
    case "S":
      return { N: String(value.S!.length) };
    case "B":
      return { N: String(base64Bytes(value.B!)) };
    case "SS":
      return { N: String(value.SS!.length) };
    case "NS":
      return { N: String(value.NS!.length) };
    case "BS":
      return { N: String(value.BS!.length) };
    case "L":
      return { N: String(value.L!.length) };
    case "M":
      return { N: String(Object.keys(value.M!).length) };
    default:
      return undefined;
  }
}
