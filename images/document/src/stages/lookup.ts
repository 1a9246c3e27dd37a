import { typeName } from "../bson/types.ts";
import { Doc, Regex, type Value } from "../bson/values.ts";
import { failedToParse, MongoError } from "../errors.ts";
import { type DocSource, documentsOf, type Pause, pause, type Turns } from "../exec/run.ts";
import { newScope } from "../expressions/context.ts";
import { fieldPathParts, parseExpression, requireVariableName, withVariables } from "../expressions/parse.ts";
import { valuesAtPath } from "../query/values-at-path.ts";
import { withValue } from "./basic.ts";
import { defineStage, mapOverTurns } from "./registry.ts";
import type { Stage, StageContext } from "./stage.ts";

defineStage("$lookup", (operand, context, parse) => {
  if (!(operand instanceof Doc)) throw failedToParse("the $lookup specification must be an Object");
  const known = [
    "from",
    "as",
    "localField",
    "foreignField",
    "let",
    "pipeline",
    "_internalCollation",
    "_internalUnwind",
  ];
  for (const [name, value] of operand) {
    if (!known.includes(name)) throw failedToParse(`unknown argument to $lookup: ${name}`);
    if (name === "pipeline") {
      if (!Array.isArray(value)) throw new MongoError(14, "'pipeline' option must be specified as an array");
    } else if (name === "let") {
      if (!(value instanceof Doc))
        throw failedToParse(`$lookup argument 'let: ${typeName(value)}' must be an object`);
    } else if (name === "from" && value instanceof Doc) {
      throw failedToParse("$lookup argument 'from' must be a string here");
    } else if (typeof value !== "string") {
      throw failedToParse(`$lookup argument '${name}: ...' must be a string, is type ${typeName(value)}`);
    }
  }
  const as = operand.get("as");
  const from = operand.get("from");
  const [local, foreign] = [operand.get("localField"), operand.get("foreignField")];
  const pipeline = operand.get("pipeline");
  if (typeof as !== "string") throw failedToParse("must specify 'as' field for a $lookup");
  const asParts = fieldPathParts(as);
  if ((local === undefined) !== (foreign === undefined)) {
    throw failedToParse(
      "$lookup requires both or neither of 'localField' and 'foreignField' to be specified",
    );
  }
  if (local === undefined && pipeline === undefined) {
    throw failedToParse(
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    );
  }
  if (typeof from !== "string") {
    if (pipeline === undefined) throw failedToParse("must specify 'from' field for a $lookup");
  }
  const collection = typeof from === "string" ? from : "";
  if (collection !== "") context.authorizeRead?.(context.db, collection);
  const localParts = typeof local === "string" ? fieldPathParts(local) : undefined;
  if (typeof foreign === "string") fieldPathParts(foreign);
  const sub =
    pipeline === undefined
      ? undefined
      : subPipeline(operand, pipeline as Value[], collection, context, parse);
  const { host, db } = context;
  return mapOverTurns("$lookup", operand, function* (doc, scope, turns) {
    let values: Value[] | undefined;
    if (localParts !== undefined) {
      values = valuesAtPath(doc, localParts);
      if (values.length === 0 && !isArrayAt(doc, localParts)) values = [null];
    }
    let results: Value[];
    if (sub === undefined) {
      results = yield* matchesOf(context, collection, foreign as string, values!, turns);
    } else {
      const inner = newScope(sub.context.expressions);
      scope.root = doc;
      for (const [slot, value] of scope.slots.entries()) inner.slots[slot] = value;
      for (const { slot, evaluate } of sub.variables) inner.slots[slot] = evaluate(scope);
      if (values === undefined) {
        results = yield* collected(documentsOf(host.open(db, collection, sub.stages, inner), turns));
      } else {
        const base = yield* matchesOf(context, collection, foreign as string, values, turns);
        let next = 0;
        const source = sub.stages.reduce<DocSource>((input, stage) => stage.connect(input, inner), {
          next: () => base[next++],
        });
        results = yield* collected(documentsOf(source, turns));
      }
    }
    return withValue(doc, asParts, results);
  });
});

function isArrayAt(doc: Doc, parts: readonly string[]): boolean {
  let value: Value | undefined = doc;
  for (const part of parts) {
    if (Array.isArray(value)) return true;
    value = value instanceof Doc ? value.get(part) : undefined;
  }
  return Array.isArray(value);
}

function* matchesOf(
  { host, db, expressions }: StageContext,
  collection: string,
  path: string,
  values: readonly Value[],
  turns: Turns,
): Generator<Pause, Doc[]> {
  if (values.length === 0) return [];
  // A regular expression is looked up as a value, and not as a pattern.
  const plain = values.filter((value) => !(value instanceof Regex));
  const wanted = plain.length === 0 ? values : plain;
  return yield* collected(host.lookup(db, collection, path, wanted, turns, expressions.asOfMs));
}

/** All documents that come, in an array; `pause` is passed on. */
export function* collected(docs: Iterable<Doc | Pause>): Generator<Pause, Doc[]> {
  const all: Doc[] = [];
  for (const doc of docs) {
    if (doc === pause) yield pause;
    else all.push(doc);
  }
  return all;
}

interface SubPipeline {
  readonly stages: readonly Stage[];
  readonly variables: readonly {
    readonly slot: number;
    readonly evaluate: ReturnType<typeof parseExpression>["evaluate"];
  }[];
  readonly context: StageContext;
}

function subPipeline(
  spec: Doc,
  pipeline: readonly Value[],
  collection: string,
  context: StageContext,
  parse: Parameters<Parameters<typeof defineStage>[1]>[2],
): SubPipeline {
  const variables = spec.get("let");
  const named = variables instanceof Doc ? [...variables] : [];
  for (const [name] of named) requireVariableName(name, true);
  const evaluators = named.map(([, value]) => parseExpression(value, context.expressions).evaluate);
  const { inner, slots } = withVariables(
    context.expressions,
    named.map(([name]) => name),
  );
  const innerContext: StageContext = {
    ...context,
    expressions: inner,
    collection,
    depth: context.depth + 1,
    within: "lookup",
  };
  const stages = parse(pipeline, innerContext);
  for (const { output, name } of stages) {
    if (output !== undefined)
      throw new MongoError(51047, `${name} is not allowed within a $lookup's sub-pipeline`);
  }
  return {
    stages,
    variables: slots.map((slot, i) => ({ slot, evaluate: evaluators[i]! })),
    context: innerContext,
  };
}
