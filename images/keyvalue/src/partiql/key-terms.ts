import type { Comparator, Condition, Operand } from "../expressions/ast.ts";
import type { KeyTerm } from "../expressions/key-condition.ts";
import type { AttributeValue, Item } from "../items/attribute-value.ts";
import type { Key, Source, Table } from "../tables/table.ts";
import { noWholeKey } from "./faults.ts";

const operators: Readonly<Partial<Record<Comparator, string>>> = {
  "=": "EQ",
  "<": "LT",
  "<=": "LE",
  ">": "GT",
  ">=": "GE",
};

const mirrored: Readonly<Record<string, string>> = { EQ: "EQ", LT: "GT", LE: "GE", GT: "LT", GE: "LE" };

/** What must hold in any case: the parts that are joined by AND. */
function requirements(condition: Condition | undefined): readonly Condition[] {
  if (condition === undefined) return [];
  if (condition.kind !== "and") return [condition];
  return [...requirements(condition.left), ...requirements(condition.right)];
}

/** What one requirement says of an attribute, if a key can be looked up by it. */
function termOf(condition: Condition): { readonly name: string; readonly term: KeyTerm } | undefined {
  switch (condition.kind) {
    case "compare": {
      const operator = operators[condition.comparator];
      if (operator === undefined) return undefined;
      const { left, right } = condition;
      const isMirrored = nameOf(left) === undefined;
      const name = nameOf(isMirrored ? right : left);
      const value = constantOf(isMirrored ? left : right);
      if (name === undefined || value === undefined) return undefined;
      return { name, term: { operator: isMirrored ? mirrored[operator]! : operator, values: [value] } };
    }
    case "between": {
      const name = nameOf(condition.value);
      const low = constantOf(condition.low);
      const high = constantOf(condition.high);
      if (name === undefined || low === undefined || high === undefined) return undefined;
      return { name, term: { operator: "BETWEEN", values: [low, high] } };
    }
    case "function": {
      const name = nameOf(condition.args[0]!);
      const value = condition.args[1] === undefined ? undefined : constantOf(condition.args[1]);
      if (condition.name !== "begins_with" || name === undefined || value === undefined) return undefined;
      return { name, term: { operator: "BEGINS_WITH", values: [value] } };
    }
    case "in": {
      const name = nameOf(condition.value);
      const values = condition.list.map(constantOf);
      if (name === undefined || values.some((value) => value === undefined)) return undefined;
      return { name, term: { operator: "IN", values: values as AttributeValue[] } };
    }
    default:
      return undefined;
  }
}

function nameOf(operand: Operand): string | undefined {
  return operand.kind === "path" && operand.parts.length === 1 ? (operand.parts[0] as string) : undefined;
}

function constantOf(operand: Operand): AttributeValue | undefined {
  return operand.kind === "constant" ? operand.value : undefined;
}

/**
 * The terms by which a statement can be looked up in a key: one map for each partition. Undefined when all has to be
 * scanned.
 */
export function lookups(
  { key }: Source,
  where: Condition | undefined,
): readonly ReadonlyMap<string, KeyTerm>[] | undefined {
  const terms = requirements(where).flatMap((requirement) => termOf(requirement) ?? []);
  const partitions = partitionsOf(key, terms);
  if (partitions === undefined) return undefined;
  const sort = new Map<string, KeyTerm>();
  for (const { name } of key.sort) {
    const found = terms.find((each) => each.name === name && each.term.operator !== "IN");
    if (found === undefined) break;
    sort.set(name, found.term);
    if (found.term.operator !== "EQ") break;
  }
  return partitions.map((partition) => new Map([...partition, ...sort]));
}

function partitionsOf(
  key: Key,
  terms: readonly { readonly name: string; readonly term: KeyTerm }[],
): readonly ReadonlyMap<string, KeyTerm>[] | undefined {
  const equal = new Map<string, KeyTerm>();
  for (const { name } of key.partition) {
    const found = terms.find((each) => each.name === name && each.term.operator === "EQ");
    if (found !== undefined) equal.set(name, found.term);
  }
  if (equal.size === key.partition.length) return [equal];
  const [only] = key.partition;
  const several = terms.find(({ name, term }) => name === only!.name && term.operator === "IN");
  if (several === undefined || key.partition.length > 1) return undefined;
  const distinct = new Map(several.term.values.map((value) => [JSON.stringify(value), value]));
  return [...distinct.values()].map((value) => new Map([[only!.name, { operator: "EQ", values: [value] }]]));
}

/** The key of the one item that a statement means, and what else must hold of it. */
export function wholeKey(
  table: Table,
  where: Condition | undefined,
): { readonly key: Item; readonly rest: Condition | undefined } {
  const key: Item = {};
  let rest: Condition | undefined;
  for (const requirement of requirements(where)) {
    const found = termOf(requirement);
    const isKey =
      found?.term.operator === "EQ" &&
      table.key.all.some(({ name }) => name === found.name) &&
      !Object.hasOwn(key, found.name);
    if (isKey) key[found!.name] = found!.term.values[0]!;
    else rest = rest === undefined ? requirement : { kind: "and", left: rest, right: requirement };
  }
  if (Object.keys(key).length < table.key.all.length) throw noWholeKey();
  return { key, rest };
}
