import type { Collation } from "../bson/collation.ts";
import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { typeName } from "../bson/types.ts";
import { Doc, Timestamp, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { badValue, failedToParse, MongoError, typeMismatch } from "../errors.ts";
import { newScope } from "../expressions/context.ts";
import type { ExpressionContext } from "../expressions/expression.ts";
import { compileFilter, type Matcher } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { type Modifier, modifiers } from "./operators.ts";
import { indexOf, placeOf, valueAt } from "./paths.ts";
import type { Update, UpdateContext } from "./update.ts";
import { parseUpdatePipeline } from "./update-pipeline.ts";

export interface UpdateOptions {
  readonly collation: Collation | undefined;
  readonly arrayFilters: readonly Value[] | undefined;
  readonly context: ExpressionContext;
}

/** One operator with one path. */
interface Step {
  readonly path: string;
  readonly parts: readonly string[];
  readonly modifier: Modifier;
  /** Of $rename: where to. */
  readonly renameTo?: readonly string[];
}

/** @throws MongoError */
export function parseUpdate(spec: Value, options: UpdateOptions): Update {
  if (Array.isArray(spec)) {
    if (options.arrayFilters !== undefined) {
      throw failedToParse("arrayFilters may not be specified for pipeline-syle updates");
    }
    return parseUpdatePipeline(spec, options.context);
  }
  if (!(spec instanceof Doc)) {
    throw failedToParse(`Update argument must be either an object or an array`);
  }
  const first = spec.firstKey;
  if (first?.startsWith("$") === true) return parseOperators(spec, options);
  if (options.arrayFilters !== undefined && options.arrayFilters.length > 0) {
    throw failedToParse("arrayFilters may not be specified for replacement-style updates");
  }
  for (const name of spec.keys()) {
    if (name.startsWith("$") && !["$ref", "$id", "$db"].includes(name)) {
      throw new MongoError(
        52,
        `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      );
    }
  }
  return { kind: "replacement", apply: (doc, context) => replace(doc, spec, context), usesPosition: false };
}

/** Keeps the _id; a timestamp of zero becomes the time. */
function replace(doc: Doc, replacement: Doc, { clusterTime }: UpdateContext): Doc {
  const fields = new Map<string, Value>();
  const given = replacement.get("_id");
  const id = doc.get("_id") ?? given;
  if (given !== undefined && id !== undefined && compareValues(given, id) !== 0) {
    throw new MongoError(
      66,
      `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${show(given)}`,
    );
  }
  if (id !== undefined) fields.set("_id", id);
  for (const [name, value] of replacement) {
    if (name === "_id") continue;
    fields.set(name, value instanceof Timestamp && value.bits === 0n ? clusterTime : value);
  }
  return Doc.from(fields);
}

function parseOperators(spec: Doc, options: UpdateOptions): Update {
  const steps: Step[] = [];
  for (const [operator, fields] of spec) {
    if (!operator.startsWith("$")) {
      throw failedToParse(
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    const make = operator === "$rename" ? undefined : modifiers[operator];
    if (make === undefined && operator !== "$rename") {
      throw failedToParse(
        `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
      );
    }
    if (!(fields instanceof Doc)) {
      throw failedToParse(
        `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${show(fields)}}`,
      );
    }
    for (const [path, operand] of fields) {
      const parts = updateParts(path);
      if (make === undefined) steps.push(...renameSteps(path, parts, operand));
      else steps.push({ path, parts, modifier: make(operand, path, options.collation) });
    }
  }
  requireNoConflicts(steps);
  const filters = parseArrayFilters(options, steps);
  steps.sort((a, b) => compareParts(a.parts, b.parts));
  return {
    kind: "operators",
    usesPosition: steps.some(({ parts }) => parts.includes("$")),
    apply: (doc, context) => {
      for (const step of steps) applyStep(step, doc, context, filters);
      return doc;
    },
  };
}

function updateParts(path: string): string[] {
  if (path === "") throw new MongoError(56, "An empty update path is not valid.");
  const parts = path.split(".");
  if (parts.some((part) => part === "")) {
    throw new MongoError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  }
  if (parts[0]!.startsWith("$") && (parts[0] === "$" || parts[0]!.startsWith("$["))) {
    throw badValue(`Cannot have positional (i.e. '$') element in the first position in path '${path}'`);
  }
  if (parts.filter((part) => part === "$").length > 1) {
    throw badValue(`Too many positional (i.e. '$') elements found in path '${path}'`);
  }
  if (parts[0]!.startsWith("$") && !["$id", "$ref", "$db"].includes(parts[0]!)) {
    throw new MongoError(
      52,
      `The dollar ($) prefixed field '${parts[0]}' in '${path}' is not valid for storage.`,
    );
  }
  return parts;
}

function renameSteps(path: string, parts: readonly string[], operand: Value): Step[] {
  if (typeof operand !== "string") {
    throw badValue(`The 'to' field for $rename must be a string: ${path}: ${show(operand)}`);
  }
  if (operand.includes("\0"))
    throw badValue("The 'to' field for $rename cannot contain an embedded null byte");
  const to = updateParts(operand);
  for (const [what, part] of [
    ["source", parts],
    ["destination", to],
  ] as const) {
    if (part.some((one) => one === "$" || one.startsWith("$["))) {
      throw badValue(`The ${what} field for $rename may not be dynamic: ${part.join(".")}`);
    }
  }
  if (path === operand) {
    throw badValue(`The source and target field for $rename must differ: ${path}: ${show(operand)}`);
  }
  if (isPrefix(parts, to) || isPrefix(to, parts)) {
    throw badValue(
      `The source and target field for $rename must not be on the same path: ${path}: ${show(operand)}`,
    );
  }
  const nothing: Modifier = { isCreating: false, apply: () => {} };
  // The source is there for conflicts; the target does the work, in its place in the order.
  return [
    { path, parts, modifier: nothing },
    { path: operand, parts: to, modifier: renameFrom(path, parts, operand, to) },
  ];
}

function isPrefix(a: readonly string[], b: readonly string[]): boolean {
  return a.length <= b.length && a.every((part, i) => part === b[i]);
}

function renameFrom(
  from: string,
  fromParts: readonly string[],
  to: string,
  toParts: readonly string[],
): Modifier {
  return {
    isCreating: false,
    apply: (_place, _context, _path, root) => {
      refuseArrays(root, fromParts, from, "source", true);
      const source = placeOf(root, fromParts, false);
      const value = source?.get();
      if (source === undefined || value === undefined) return;
      refuseArrays(root, toParts, to, "destination", false);
      source.unset();
      placeOf(root, toParts, true)!.set(value);
    },
  };
}

function refuseArrays(
  root: Doc,
  parts: readonly string[],
  path: string,
  what: string,
  isSource: boolean,
): void {
  let value: Value | undefined = root;
  for (const part of parts.slice(0, -1)) {
    if (!(value instanceof Doc)) {
      if (isSource && value !== undefined && !Array.isArray(value)) {
        throw new MongoError(28, `cannot use the part (${part} of ${path}) to traverse the element`);
      }
      return;
    }
    value = value.fields.get(part);
    if (Array.isArray(value)) {
      throw badValue(
        `The ${what} field cannot be an array element, '${path}' in doc with _id: ${show(root.get("_id"))} has an array field called '${part}'`,
      );
    }
  }
}

function requireNoConflicts(steps: readonly Step[]): void {
  for (const [i, a] of steps.entries()) {
    for (const b of steps.slice(0, i)) {
      if (isPrefix(a.parts, b.parts) || isPrefix(b.parts, a.parts)) {
        const shorter = a.parts.length <= b.parts.length ? a : b;
        throw new MongoError(
          40,
          `Updating the path '${a.path}' would create a conflict at '${shorter.path}'`,
        );
      }
    }
  }
}

/** Fields are changed, and new ones added, in the order of their names; numbers by value. */
function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] === b[i]) continue;
    const [left, right] = [indexOf(a[i]!), indexOf(b[i]!)];
    if (left !== undefined && right !== undefined) return left - right;
    return a[i]! < b[i]! ? -1 : 1;
  }
  return a.length - b.length;
}

// ---- arrayFilters --------------------------------------------------------------------------------------------------

type ArrayFilters = ReadonlyMap<string, Matcher>;

function parseArrayFilters({ arrayFilters, context }: UpdateOptions, steps: readonly Step[]): ArrayFilters {
  const matchers = new Map<string, Matcher>();
  for (const filter of arrayFilters ?? []) {
    if (!(filter instanceof Doc)) throw typeMismatch("arrayFilters must be objects");
    const name = identifierOf(filter);
    if (name === undefined) {
      throw failedToParse("Cannot use an expression without a top-level field name in arrayFilters");
    }
    if (!/^[a-z][A-Za-z0-9]*$/.test(name)) {
      throw badValue(
        `The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
      );
    }
    if (matchers.has(name)) {
      throw failedToParse(`Found multiple array filters with the same top-level field name ${name}`);
    }
    const parsed = parseFilter(filter, { context, allowsExpr: false });
    matchers.set(name, compileFilter(parsed, { collation: context.collation, scope: newScope(context) }));
  }
  const used = new Set<string>();
  for (const { parts, path } of steps) {
    for (const part of parts) {
      const identifier = /^\$\[(.*)\]$/.exec(part)?.[1];
      if (identifier === undefined || identifier === "") continue;
      if (!matchers.has(identifier)) {
        throw badValue(`No array filter found for identifier '${identifier}' in path '${path}'`);
      }
      used.add(identifier);
    }
  }
  for (const name of matchers.keys()) {
    if (!used.has(name)) {
      throw failedToParse(`The array filter for identifier '${name}' was not used in the update { }`);
    }
  }
  return matchers;
}

/** The one name that all paths of an array filter begin with. */
function identifierOf(filter: Doc): string | undefined {
  let found: string | undefined;
  for (const [path, value] of filter) {
    let names: (string | undefined)[];
    if (path === "$and" || path === "$or" || path === "$nor") {
      if (!Array.isArray(value)) throw badValue(`${path} must be an array`);
      names = value.map((one) => (one instanceof Doc ? identifierOf(one) : undefined));
    } else if (path === "$expr") throw new MongoError(224, "$expr is not allowed in this context");
    else if (path === "$text") throw badValue("$text is not allowed in this context");
    else if (path.startsWith("$")) names = [undefined];
    else names = [path.split(".")[0]!];
    for (const name of names) {
      if (name === undefined) continue;
      if (found !== undefined && found !== name) {
        throw failedToParse(
          `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${found}' and '${name}'`,
        );
      }
      found = name;
    }
  }
  return found;
}

// ---- applying ------------------------------------------------------------------------------------------------------

function applyStep(step: Step, root: Doc, context: UpdateContext, filters: ArrayFilters): void {
  for (const parts of concretePaths(step, root, context, filters)) {
    const place = placeOf(root, parts, step.modifier.isCreating && !isIdleInsert(step, context));
    const target = place ?? nowhere;
    step.modifier.apply(target, context, parts.join("."), root);
  }
}

/** $setOnInsert does nothing to what is there, not even on the way to it. */
function isIdleInsert({ modifier }: Step, { isInsert }: UpdateContext): boolean {
  return modifier.isOnlyOnInsert === true && !isInsert;
}

const nowhere = { isElement: false, get: () => undefined, set: () => {}, unset: () => {} };

/** The paths that a path with positional operators stands for in this document. */
function concretePaths(
  { parts }: Step,
  root: Doc,
  context: UpdateContext,
  filters: ArrayFilters,
): readonly (readonly string[])[] {
  const dynamic = parts.findIndex((part) => part === "$" || part.startsWith("$["));
  if (dynamic <= 0) return [parts];
  let found: string[][] = [[]];
  for (const part of parts) {
    if (part === "$") {
      if (context.position === undefined) {
        throw badValue("The positional operator did not find the match needed from the query.");
      }
      for (const one of found) one.push(String(context.position));
    } else if (part.startsWith("$[")) {
      const identifier = part.slice(2, -1);
      found = found.flatMap((before) => {
        const array = valueAt(root, before);
        if (array === undefined) {
          throw badValue(
            `The path '${before.join(".")}' must exist in the document in order to apply array updates.`,
          );
        }
        if (!Array.isArray(array)) {
          throw badValue(`Cannot apply array updates to non-array element ${before.at(-1)}: ${show(array)}`);
        }
        const matches = filters.get(identifier);
        return array.flatMap((element, index) => {
          if (matches !== undefined && !matches(writeDoc(Doc.from(new Map([[identifier, element]]))), 0))
            return [];
          return [[...before, String(index)]];
        });
      });
    } else for (const one of found) one.push(part);
  }
  return found;
}
