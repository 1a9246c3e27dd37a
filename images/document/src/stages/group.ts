import { type Accumulator, type AccumulatorSpec, accumulators } from "../accumulators/accumulator.ts";
import { identityOf } from "../bson/key-bytes.ts";
import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { ExpressionContext } from "../expressions/expression.ts";
import { parseExpression } from "../expressions/parse.ts";
import { parseSort } from "../expressions/sort.ts";
import { sortStage } from "./basic.ts";
import { blockingStage, defineStage } from "./registry.ts";

/** Reads the accumulators of $group and $bucket. @throws MongoError */
export function parseAccumulator(field: string, spec: Value, context: ExpressionContext): AccumulatorSpec {
  if (field.includes(".")) throw new MongoError(40235, `The field name '${field}' cannot contain '.'`);
  if (field.startsWith("$"))
    throw new MongoError(40236, `The field name '${field}' cannot be an operator name`);
  if (!(spec instanceof Doc) || spec.firstKey === undefined) {
    throw new MongoError(40234, `The field '${field}' must be an accumulator object`);
  }
  if (spec.size !== 1) throw new MongoError(40238, `The field '${field}' must specify one accumulator`);
  const name = spec.firstKey;
  const make = accumulators.get(name);
  if (make === undefined) {
    if (!name.startsWith("$"))
      throw new MongoError(40234, `The field '${field}' must be an accumulator object`);
    throw new MongoError(15952, `unknown group operator '${name}'`);
  }
  return make(spec.get(name)!, context);
}

defineStage("$group", (operand, { expressions }) => {
  if (!(operand instanceof Doc))
    throw new MongoError(15947, "a group's fields must be specified in an object");
  const id = operand.get("_id");
  if (id === undefined) throw new MongoError(15955, "a group specification must include an _id");
  if (id instanceof Doc) requireNoInclusion(id);
  const key = parseExpression(id, expressions);
  const fields: [string, AccumulatorSpec][] = [];
  for (const [name, spec] of operand) {
    if (name === "_id") continue;
    if (name === "$doingMerge") throw new MongoError(17030, "$doingMerge should be true if present");
    fields.push([name, parseAccumulator(name, spec, expressions)]);
  }
  const texts = expressions.collation?.key;
  return blockingStage("$group", operand, (scope) => {
    const groups = new Map<string, { id: Value | undefined; parts: Accumulator[] }>();
    return {
      add(doc) {
        scope.root = doc;
        const value = key.evaluate(scope);
        const identity = value === undefined ? "n" : identityOf(value, texts);
        let group = groups.get(identity);
        if (group === undefined) {
          group = { id: value, parts: fields.map(([, spec]) => spec.create(scope)) };
          groups.set(identity, group);
        }
        for (let i = 0; i < fields.length; i++) group.parts[i]!.add(fields[i]![1].input(scope));
      },
      *results() {
        for (const { id: value, parts } of groups.values()) {
          const result = new Map<string, Value>([["_id", value ?? null]]);
          for (let i = 0; i < fields.length; i++) {
            const found = parts[i]!.result();
            if (found !== undefined) result.set(fields[i]![0], found);
          }
          yield Doc.from(result);
        }
      },
    };
  });
});

function requireNoInclusion(id: Doc): void {
  if (id.firstKey?.startsWith("$") === true) return;
  for (const name of id.keys()) {
    if (name.startsWith("$"))
      throw new MongoError(17390, "$group does not support inclusion-style expressions");
  }
}

defineStage("$sortByCount", (operand, context) => {
  if (operand instanceof Doc) {
    if (operand.firstKey?.startsWith("$") !== true) {
      throw new MongoError(
        40147,
        "the sortByCount field must be defined as a $-prefixed path or an expression inside an object",
      );
    }
  } else if (typeof operand !== "string") {
    throw new MongoError(40149, "the sortByCount field must be specified as a string or as an object");
  } else if (!operand.startsWith("$")) {
    throw new MongoError(
      40148,
      "the sortByCount field must be defined as a $-prefixed path or an expression inside an object",
    );
  }
  const { expressions } = context;
  const key = parseExpression(operand, expressions);
  const texts = expressions.collation?.key;
  const counting = blockingStage("$sortByCount", operand, (scope) => {
    const groups = new Map<string, { id: Value | undefined; count: number }>();
    return {
      add(doc) {
        scope.root = doc;
        const value = key.evaluate(scope);
        const identity = value === undefined ? "n" : identityOf(value, texts);
        const group = groups.get(identity);
        if (group === undefined) groups.set(identity, { id: value, count: 1 });
        else group.count++;
      },
      *results() {
        for (const { id, count } of groups.values()) yield Doc.of({ _id: id ?? null, count });
      },
    };
  });
  const order = Doc.of({ count: -1 });
  return [counting, sortStage(order, parseSort(order), context)];
});
