import { validation } from "../errors.ts";
import type { Condition, Parsed, PathNode, PathPart, Update } from "../expressions/ast.ts";
import type { Bindings } from "../expressions/bindings.ts";
import { checkCondition } from "../expressions/check-condition.ts";
import { checkUpdate } from "../expressions/check-update.ts";
import { ExpressionError } from "../expressions/expression-error.ts";
import { readCondition, readProjection, readUpdate } from "../expressions/parse-cache.ts";
import { distinctPaths } from "../expressions/paths.ts";
import type { Item } from "../items/attribute-value.ts";
import { nestingFault } from "../protocol/check-types.ts";
import { valueFault } from "../protocol/validate-value.ts";
import type { Fault } from "./faults.ts";

/** The members of a request that have to do with expressions. */
export interface ExpressionInput {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ProjectionExpression?: string;
}

type ExpressionName = Exclude<keyof ExpressionInput, `ExpressionAttribute${string}`>;

/** What was read of a request's expressions. */
export interface Expressions {
  readonly bindings: Bindings;
  readonly condition?: Condition;
  readonly update?: { readonly tree: Update; readonly paths: readonly (readonly PathPart[])[] };
  readonly keyCondition?: Condition;
  readonly filter?: Condition;
  readonly projection?: readonly (readonly PathPart[])[];
}

const nothing = Object.freeze({});

/**
 * Refuses parameters that exclude each other: expressions, and those that were there before them; names and values
 * without an expression.
 */
export function checkExpressionParameters(
  input: object,
  expressions: readonly ExpressionName[],
  others: readonly string[],
  fault: Fault,
): void {
  const given = input as Readonly<Record<string, unknown>>;
  const used = expressions.filter((name) => given[name] !== undefined);
  if (used.length > 0) {
    const old = others.filter((name) => given[name] !== undefined);
    if (old.length > 0) {
      throw fault(
        `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${old.join(", ")}} Expression parameters: {${used.join(", ")}}`,
      );
    }
    return;
  }
  if (given.ExpressionAttributeNames !== undefined)
    throw fault("ExpressionAttributeNames can only be specified when using expressions");
  if (given.ExpressionAttributeValues !== undefined)
    throw fault("ExpressionAttributeValues can only be specified when using expressions");
}

/**
 * Reads all expressions of a request and checks what can be checked without an item.
 *
 * @throws AwsError ValidationException
 */
export function readExpressions(input: ExpressionInput, fault: Fault): Expressions {
  const { ExpressionAttributeNames: names, ExpressionAttributeValues: values } = input;
  checkPlaceholders(names, values, fault);
  const bindings: Bindings = { names: names ?? nothing, values: values ?? nothing };
  const parsed: Parsed<unknown>[] = [];
  const read = <Tree, Checked>(
    name: ExpressionName,
    parse: (source: string) => Parsed<Tree>,
    check: (tree: Tree) => Checked,
  ): Checked | undefined => {
    const source = input[name];
    if (source === undefined) return undefined;
    try {
      const result = parse(source);
      parsed.push(result);
      return check(result.tree);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw fault(`Invalid ${name}: ${error.message}`);
    }
  };
  const checked = (tree: Condition): Condition => {
    checkCondition(tree, bindings);
    return tree;
  };
  const update = read("UpdateExpression", readUpdate, (tree) => ({
    tree,
    paths: checkUpdate(tree, bindings),
  }));
  const condition = read("ConditionExpression", readCondition, checked);
  const keyCondition = read("KeyConditionExpression", readCondition, checked);
  const filter = read("FilterExpression", readCondition, checked);
  const projection = read("ProjectionExpression", readProjection, (tree: readonly PathNode[]) =>
    distinctPaths(tree, bindings),
  );
  requireAllUsed(
    "Names",
    names,
    parsed.map(({ names: used }) => used),
    fault,
  );
  requireAllUsed(
    "Values",
    values,
    parsed.map(({ values: used }) => used),
    fault,
  );
  return {
    bindings,
    ...(update !== undefined && { update }),
    ...(condition !== undefined && { condition }),
    ...(keyCondition !== undefined && { keyCondition }),
    ...(filter !== undefined && { filter }),
    ...(projection !== undefined && { projection }),
  };
}

/** "The maximum length of any single expression attribute name is 255 bytes." */
const nameCharactersMax = 255;
const placeholder = /^[#:][0-9a-zA-Z_]+$/;

function checkPlaceholders(
  names: Readonly<Record<string, string>> | undefined,
  values: Item | undefined,
  fault: Fault,
): void {
  if (names !== undefined) requireForm("Names", "#", names, fault);
  if (values === undefined) return;
  requireForm("Values", ":", values, fault);
  for (const name in values) {
    const found = valueFault(values[name]!);
    if (found === undefined) continue;
    if (found === nestingFault) throw fault(found);
    if (/^(?:Supplied AttributeValue)/.test(found))
      throw validation(`ExpressionAttributeValues contains invalid value: ${found} for key ${name}`);
    if (/Null attribute value types|numeric value|significant digits|^Number /.test(found))
      throw fault(found);
    throw fault(`ExpressionAttributeValues contains invalid value: ${found} for key ${name}`);
  }
}

function requireForm(kind: "Names" | "Values", sign: string, given: object, fault: Fault): void {
  let isEmpty = true;
  for (const name in given) {
    isEmpty = false;
    const isTooLong = kind === "Names" && name.length > nameCharactersMax;
    if (name[0] !== sign || isTooLong || !placeholder.test(name)) {
      throw validation(`ExpressionAttribute${kind} contains invalid key: Syntax error; key: "${name}"`);
    }
  }
  if (isEmpty) throw fault(`ExpressionAttribute${kind} must not be empty`);
}

function requireAllUsed(
  kind: "Names" | "Values",
  given: object | undefined,
  used: readonly ReadonlySet<string>[],
  fault: Fault,
): void {
  if (given === undefined) return;
  let unused: string[] | undefined;
  for (const name in given) {
    if (used.some((names) => names.has(name))) continue;
    unused ??= [];
    unused.push(name);
  }
  if (unused === undefined) return;
  throw fault(
    `Value provided in ExpressionAttribute${kind} unused in expressions: keys: {${unused.join(", ")}}`,
  );
}
