import type { AccumulatorSpec } from "../accumulators/accumulator.ts";
import { identityOf } from "../bson/key-bytes.ts";
import { exactInt32, toDouble } from "../bson/numbers.ts";
import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { canonicalType, isNumeric, typeName, typeNumber } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { failedToParse, MongoError } from "../errors.ts";
import { type DocSource, documentsOf, pause } from "../exec/run.ts";
import { sortedOverTurns } from "../exec/sorted-over-turns.ts";
import { newScope } from "../expressions/context.ts";
import { fieldPathParts, parseExpression } from "../expressions/parse.ts";
import { makeSorter, parseSort } from "../expressions/sort.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { valuesAtPath } from "../query/values-at-path.ts";
import { withValue } from "./basic.ts";
import { carried, linear } from "./filled-values.ts";
import { parseAccumulator } from "./group.ts";
import { collected } from "./lookup.ts";
import { blockingSource, blockingStage, defineStage, mapOverTurns } from "./registry.ts";

/** Stages of many pipelines, or of many documents: $facet, $unionWith, $graphLookup, $bucket, $fill. */

const notInFacet = new Set([
  "$facet",
  "$out",
  "$merge",
  "$geoNear",
  "$indexStats",
  "$collStats",
  "$planCacheStats",
  "$changeStream",
  "$documents",
  "$currentOp",
  "$listSessions",
  "$listLocalSessions",
  "$search",
  "$searchMeta",
  "$vectorSearch",
]);

defineStage("$facet", (operand, context, parse) => {
  if (!(operand instanceof Doc) || operand.isEmpty)
    throw new MongoError(40169, "the $facet specification must be a non-empty object");
  const facets = [...operand].map(([name, pipeline]) => {
    if (name.startsWith("$")) throw new MongoError(16410, "FieldPath field names may not start with '$'.");
    if (name.includes(".")) throw new MongoError(16412, "FieldPath field names may not contain '.'.");
    if (!Array.isArray(pipeline))
      throw new MongoError(
        40170,
        `arguments to $facet must be arrays, ${name} is type ${typeName(pipeline)}`,
      );
    for (const stage of pipeline) {
      if (!(stage instanceof Doc))
        throw new MongoError(
          40171,
          `elements of arrays in $facet spec must be non-empty objects, ${name} argument contained an element of type ${typeName(stage)}`,
        );
      const first = stage.firstKey;
      if (first !== undefined && notInFacet.has(first))
        throw new MongoError(40600, `${first} is not allowed to be used within a $facet stage`);
    }
    return [name, parse(pipeline, { ...context, depth: context.depth + 1, within: "facet" })] as const;
  });
  return blockingStage("$facet", operand, (scope) => {
    const docs: Doc[] = [];
    return {
      add: (doc) => void docs.push(doc),
      *results(turns) {
        const result = new Map<string, Value>();
        for (const [name, stages] of facets) {
          let next = 0;
          const source = stages.reduce<DocSource>((input, stage) => stage.connect(input, scope), {
            next: () => docs[next++],
          });
          result.set(name, yield* collected(documentsOf(source, turns)));
        }
        yield Doc.from(result);
      },
    };
  });
});

defineStage("$unionWith", (operand, context, parse) => {
  let [collection, pipeline]: [Value | undefined, Value | undefined] = [operand, undefined];
  if (operand instanceof Doc) {
    for (const name of operand.keys()) {
      if (name !== "coll" && name !== "pipeline")
        throw new MongoError(40415, `BSON field '$unionWith.${name}' is an unknown field.`);
    }
    collection = operand.get("coll");
    pipeline = operand.get("pipeline");
  }
  if (pipeline !== undefined && !Array.isArray(pipeline))
    throw new MongoError(
      14,
      `BSON field '$unionWith.pipeline' is the wrong type '${typeName(pipeline)}', expected type 'array'`,
    );
  if (collection === undefined && pipeline === undefined)
    throw failedToParse(
      "$unionWith stage without explicit collection must have a pipeline with $documents as first stage",
    );
  if (collection !== undefined && typeof collection !== "string") {
    throw operand instanceof Doc
      ? new MongoError(
          14,
          `BSON field '$unionWith.coll' is the wrong type '${typeName(collection)}', expected type 'string'`,
        )
      : failedToParse(
          `the $unionWith stage specification must be an object or string, but found ${typeName(operand)}`,
        );
  }
  const name = typeof collection === "string" ? collection : "";
  if (name !== "") context.authorizeRead?.(context.db, name);
  const stages = parse(pipeline ?? [], {
    ...context,
    collection: name,
    depth: context.depth + 1,
    within: "union",
  });
  for (const stage of stages) {
    if (stage.output !== undefined)
      throw new MongoError(31441, `${stage.name} is not allowed within a $unionWith's sub-pipeline`);
  }
  if (name === "" && stages[0]?.isInitial !== true)
    throw failedToParse(
      "$unionWith stage without explicit collection must have a pipeline with $documents as first stage",
    );
  const { host, db, expressions } = context;
  return {
    name: "$unionWith",
    spec: operand,
    connect: (input, scope) => {
      let second: DocSource | undefined;
      return {
        next(run) {
          if (second === undefined) {
            const doc = input.next(run);
            if (doc !== undefined) return doc;
            const inner = newScope(expressions);
            for (const [slot, value] of scope.slots.entries()) inner.slots[slot] = value;
            second = host.open(db, name, stages, inner);
          }
          return second.next(run);
        },
      };
    },
  };
});

defineStage("$graphLookup", (operand, context) => {
  if (!(operand instanceof Doc))
    throw failedToParse(
      `the $graphLookup stage specification must be an object, but found ${typeName(operand)}`,
    );
  const known = [
    "from",
    "startWith",
    "connectFromField",
    "connectToField",
    "as",
    "maxDepth",
    "depthField",
    "restrictSearchWithMatch",
  ];
  for (const name of operand.keys())
    if (!known.includes(name)) throw new MongoError(40104, `Unknown argument to $graphLookup: ${name}`);
  const text = (name: string): string => {
    const value = operand.get(name);
    if (value === undefined)
      throw new MongoError(
        40105,
        `$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.`,
      );
    if (typeof value !== "string")
      throw failedToParse(`expected string as argument for ${name}, found: ${typeName(value)}`);
    return value;
  };
  const [from, as, fromField, toField] = [
    text("from"),
    text("as"),
    text("connectFromField"),
    text("connectToField"),
  ];
  const start = operand.get("startWith");
  if (start === undefined)
    throw new MongoError(
      40105,
      `$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.`,
    );
  const startWith = parseExpression(start, context.expressions);
  context.authorizeRead?.(context.db, from);
  const [asParts, fromParts] = [fieldPathParts(as), fieldPathParts(fromField)];
  fieldPathParts(toField);
  const maxDepth = operand.get("maxDepth");
  if (maxDepth !== undefined && !isNumeric(maxDepth))
    throw new MongoError(40100, `maxDepth must be numeric, found type: ${typeName(maxDepth)}`);
  if (isNumeric(maxDepth) && toDouble(maxDepth) < 0)
    throw new MongoError(40101, "maxDepth requires a nonnegative argument");
  const depthMax = isNumeric(maxDepth) ? toDouble(maxDepth) : Number.POSITIVE_INFINITY;
  const depthField = operand.get("depthField");
  if (depthField !== undefined && typeof depthField !== "string")
    throw new MongoError(40103, `expected string as argument for depthField, found: ${typeName(depthField)}`);
  const depthParts = typeof depthField === "string" ? fieldPathParts(depthField) : undefined;
  const restrict = operand.get("restrictSearchWithMatch");
  if (restrict !== undefined && !(restrict instanceof Doc))
    throw new MongoError(40185, `restrictSearchWithMatch must be an object, found: ${typeName(restrict)}`);
  const filter = restrict === undefined ? undefined : parseFilter(restrict, { context: context.expressions });
  const { host, db, expressions } = context;
  return mapOverTurns("$graphLookup", operand, function* (doc, scope, turns) {
    scope.root = doc;
    const first = startWith.evaluate(scope);
    const matches =
      filter === undefined ? undefined : compileFilter(filter, { collation: expressions.collation, scope });
    let frontier: Value[] = Array.isArray(first) ? [...first] : [first ?? null];
    const asked = new Set<string>();
    const found = new Map<string, Doc>();
    for (let depth = 0; frontier.length > 0 && depth <= depthMax; depth++) {
      const values = frontier.filter((value) => {
        const identity = identityOf(value);
        if (asked.has(identity)) return false;
        asked.add(identity);
        return true;
      });
      frontier = [];
      if (values.length === 0) break;
      for (const other of host.lookup(db, from, toField, values, turns, expressions.asOfMs)) {
        if (other === pause) {
          yield pause;
          continue;
        }
        if (matches !== undefined && !matches(writeDoc(other), 0)) continue;
        const identity = identityOf(other.get("_id"));
        if (found.has(identity)) continue;
        found.set(identity, depthParts === undefined ? other : withValue(other, depthParts, BigInt(depth)));
        frontier.push(...valuesAtPath(other, fromParts));
      }
    }
    return withValue(doc, asParts, [...found.values()]);
  });
});

// ---- buckets -------------------------------------------------------------------------------------------------------

type Outputs = readonly (readonly [string, AccumulatorSpec])[];

function outputsOf(
  output: Value | undefined,
  context: Parameters<typeof parseAccumulator>[2],
  code: number,
  name: string,
): Outputs {
  if (output === undefined) return [["count", parseAccumulator("count", Doc.of({ $sum: 1 }), context)]];
  if (!(output instanceof Doc))
    throw new MongoError(
      code,
      `The ${name} 'output' field must be an object, but found type: ${typeName(output)}.`,
    );
  return [...output].map(([field, spec]) => {
    if (field === "_id") throw new MongoError(15948, "a group's _id may only be specified once");
    return [field, parseAccumulator(field, spec, context)] as const;
  });
}

function requireGroupBy(groupBy: Value | undefined, code: number, name: string): Value {
  if (groupBy === undefined)
    throw new MongoError(name === "$bucket" ? 40198 : 40246, `${name} requires 'groupBy' to be specified.`);
  const isExpression =
    (typeof groupBy === "string" && groupBy.startsWith("$")) ||
    (groupBy instanceof Doc && groupBy.firstKey?.startsWith("$") === true);
  if (!isExpression)
    throw new MongoError(
      code,
      `The ${name} 'groupBy' field must be defined as a $-prefixed path or an expression, but found: ${show(groupBy)}.`,
    );
  return groupBy;
}

defineStage("$bucket", (operand, { expressions }) => {
  if (!(operand instanceof Doc))
    throw new MongoError(
      40201,
      `Argument to $bucket stage must be an object, but found type: ${typeName(operand)}.`,
    );
  for (const name of operand.keys()) {
    if (!["groupBy", "boundaries", "default", "output"].includes(name))
      throw new MongoError(40197, `Unrecognized option to $bucket: ${name}.`);
  }
  const groupBy = parseExpression(requireGroupBy(operand.get("groupBy"), 40202, "$bucket"), expressions);
  const given = operand.get("boundaries");
  if (given === undefined)
    throw new MongoError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  if (!Array.isArray(given))
    throw new MongoError(
      40200,
      `The $bucket 'boundaries' field must be an array, but found type: ${typeName(given)}.`,
    );
  const constant = (value: Value): Value => {
    const one = parseExpression(value, expressions);
    if (!one.isConstant)
      throw new MongoError(
        40191,
        `The $bucket 'boundaries' field must be an array of constant values, but found value: ${show(value)}.`,
      );
    return one.evaluate({ root: undefined, slots: [] }) ?? null;
  };
  const boundaries = given.map(constant);
  if (boundaries.length < 2)
    throw new MongoError(
      40192,
      `The $bucket 'boundaries' field must have at least 2 values, but found ${boundaries.length} value(s).`,
    );
  for (const [i, value] of boundaries.entries()) {
    if (i === 0) continue;
    const before = boundaries[i - 1]!;
    if (canonicalType(typeNumber(before)) !== canonicalType(typeNumber(value))) {
      throw new MongoError(
        40193,
        `All values in the the 'boundaries' option to $bucket must have the same type. Found conflicting types ${typeName(before)} and ${typeName(value)}.`,
      );
    }
    if (compareValues(before, value, expressions.collation?.order) >= 0) {
      throw new MongoError(
        40194,
        `The 'boundaries' option to $bucket must be sorted, but elements ${i - 1} and ${i} are not in ascending order (${show(before)} is not less than ${show(value)}).`,
      );
    }
  }
  const fallbackSpec = operand.get("default");
  const fallback = fallbackSpec === undefined ? undefined : constant(fallbackSpec);
  const [low, high] = [boundaries[0]!, boundaries.at(-1)!];
  if (fallback !== undefined && compareValues(fallback, low) >= 0 && compareValues(fallback, high) < 0) {
    throw new MongoError(
      40199,
      "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.",
    );
  }
  const outputs = outputsOf(operand.get("output"), expressions, 40196, "$bucket");
  return blockingStage("$bucket", operand, (scope) => {
    const groups = new Map<number, ReturnType<AccumulatorSpec["create"]>[]>();
    const order = expressions.collation?.order;
    return {
      add(doc) {
        scope.root = doc;
        const value = groupBy.evaluate(scope);
        let bucket = -1;
        if (compareValues(value, low, order) >= 0 && compareValues(value, high, order) < 0) {
          bucket = boundaries.findIndex((_, i) => compareValues(value, boundaries[i + 1], order) < 0);
        } else if (fallback === undefined) {
          throw new MongoError(
            40066,
            "$switch could not find a matching branch for an input, and no default was specified.",
          );
        }
        let parts = groups.get(bucket);
        if (parts === undefined) {
          parts = outputs.map(([, spec]) => spec.create(scope));
          groups.set(bucket, parts);
        }
        for (const [i, [, spec]] of outputs.entries()) parts[i]!.add(spec.input(scope));
      },
      *results() {
        const rows = [...groups].map(([bucket, parts]) => ({
          id: bucket === -1 ? fallback! : boundaries[bucket]!,
          parts,
        }));
        rows.sort((a, b) => compareValues(a.id, b.id, order));
        for (const { id, parts } of rows) {
          const result = new Map<string, Value>([["_id", id]]);
          for (const [i, [name]] of outputs.entries()) {
            const value = parts[i]!.result();
            if (value !== undefined) result.set(name, value);
          }
          yield Doc.from(result);
        }
      },
    };
  });
});

defineStage("$bucketAuto", (operand, { expressions }) => {
  if (!(operand instanceof Doc))
    throw new MongoError(
      40240,
      `The argument to $bucketAuto must be an object, but found type: ${typeName(operand)}.`,
    );
  for (const name of operand.keys()) {
    if (!["groupBy", "buckets", "output", "granularity"].includes(name))
      throw new MongoError(40245, `Unrecognized option to $bucketAuto: ${name}.`);
  }
  const groupBy = parseExpression(requireGroupBy(operand.get("groupBy"), 40239, "$bucketAuto"), expressions);
  const buckets = operand.get("buckets");
  if (buckets === undefined)
    throw new MongoError(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified.");
  if (!isNumeric(buckets))
    throw new MongoError(
      40241,
      `The $bucketAuto 'buckets' field must be a numeric value, but found type: ${typeName(buckets)}.`,
    );
  const count = exactInt32(buckets);
  if (count === undefined)
    throw new MongoError(
      40242,
      `The $bucketAuto 'buckets' field must be representable as a 32-bit integer, but found ${show(buckets)}.`,
    );
  if (count <= 0)
    throw new MongoError(
      40243,
      `The $bucketAuto 'buckets' field must be greater than 0, but found: ${count}.`,
    );
  const granularity = operand.get("granularity");
  if (granularity !== undefined && typeof granularity !== "string")
    throw new MongoError(
      40261,
      `The $bucketAuto 'granularity' field must be a string, but found type: ${typeName(granularity)}.`,
    );
  if (granularity !== undefined)
    throw new MongoError(115, "the granularity of $bucketAuto is not supported by this server");
  const outputs = outputsOf(operand.get("output"), expressions, 40244, "$bucketAuto");
  return blockingStage("$bucketAuto", operand, (scope) => {
    const found: { value: Value; doc: Doc }[] = [];
    return {
      add(doc) {
        scope.root = doc;
        found.push({ value: groupBy.evaluate(scope) ?? null, doc });
      },
      *results(turns) {
        const order = expressions.collation?.order;
        const rows = yield* sortedOverTurns(found, (a, b) => compareValues(a.value, b.value, order), turns);
        const size = Math.max(1, Math.round(rows.length / count));
        let at = 0;
        for (let bucket = 0; bucket < count && at < rows.length; bucket++) {
          let end = bucket === count - 1 ? rows.length : Math.min(rows.length, at + size);
          // What is equal stays together.
          while (end < rows.length && compareValues(rows[end]!.value, rows[end - 1]!.value, order) === 0)
            end++;
          const part = rows.slice(at, end);
          const min = part[0]!.value;
          const max = end < rows.length ? rows[end]!.value : part.at(-1)!.value;
          const result = new Map<string, Value>([["_id", Doc.of({ min, max })]]);
          for (const [name, spec] of outputs) {
            scope.root = part[0]!.doc;
            const accumulator = spec.create(scope);
            for (const { doc } of part) {
              scope.root = doc;
              accumulator.add(spec.input(scope));
            }
            const value = accumulator.result();
            if (value !== undefined) result.set(name, value);
          }
          yield Doc.from(result);
          at = end;
        }
      },
    };
  });
});

defineStage("$documents", (operand, context) => {
  const { expressions } = context;
  if (context.collection !== undefined && context.collection !== "") {
    throw new MongoError(73, "$documents can only be run with {aggregate: 1}");
  }
  const source = parseExpression(operand, expressions);
  return {
    name: "$documents",
    spec: operand,
    isInitial: true,
    connect: (_input, scope) => {
      let docs: readonly Value[] | undefined;
      let next = 0;
      return {
        next() {
          if (docs === undefined) {
            scope.root = Doc.empty();
            const value = source.evaluate(scope);
            if (!Array.isArray(value)) throw new MongoError(5858203, `an array is expected`);
            docs = value;
          }
          const doc = docs[next++];
          if (doc === undefined) return undefined;
          if (!(doc instanceof Doc))
            throw new MongoError(40228, "'newRoot' expression  must evaluate to an object");
          return doc;
        },
      };
    },
  };
});

defineStage("$fill", (operand, context) => {
  if (!(operand instanceof Doc))
    throw failedToParse(`The $fill stage specification must be an object, found ${typeName(operand)}`);
  const output = operand.get("output");
  if (!(output instanceof Doc))
    throw new MongoError(40414, "BSON field '$fill.output' is missing but a required field");
  const sortBy = operand.get("sortBy");
  const partition = operand.get("partitionBy");
  const partitionFields = operand.get("partitionByFields");
  if (partition !== undefined && partitionFields !== undefined)
    throw new MongoError(
      6050204,
      "Maximum one of 'partitionBy' and 'partitionByFields' can be specified in '$fill'",
    );
  const fills = [...output].map(([field, spec]) => {
    if (!(spec instanceof Doc)) throw new MongoError(6050202, "The output of $fill must be objects");
    const [value, method] = [spec.get("value"), spec.get("method")];
    if ((value === undefined) === (method === undefined))
      throw new MongoError(6050202, "Each output of $fill must have either 'value' or 'method'");
    if (method !== undefined && method !== "locf" && method !== "linear")
      throw new MongoError(6050202, "Method must be either locf or linear");
    if (method === "linear" && !(sortBy instanceof Doc))
      throw new MongoError(605001, "$linearFill must be specified with a top level sortBy expression");
    return {
      field,
      parts: fieldPathParts(field),
      value: value === undefined ? undefined : parseExpression(value, context.expressions),
      method,
    };
  });
  const by =
    partition !== undefined
      ? parseExpression(partition, context.expressions)
      : Array.isArray(partitionFields)
        ? parseExpression(
            partitionFields.map((field) => `$${String(field)}`),
            context.expressions,
          )
        : undefined;
  const sorter =
    sortBy instanceof Doc ? makeSorter(parseSort(sortBy, true), context.expressions.collation) : undefined;
  const sortField = sortBy instanceof Doc ? sortBy.firstKey! : "";
  return {
    name: "$fill",
    spec: operand,
    connect: (input, scope) => {
      const rows: { doc: Doc; group: string }[] = [];
      return blockingSource(input, {
        add(doc) {
          scope.root = doc;
          rows.push({ doc, group: by === undefined ? "" : identityOf(by.evaluate(scope)) });
        },
        *results() {
          const groups = new Map<string, Doc[]>();
          for (const { doc, group } of rows) {
            const docs = groups.get(group);
            if (docs === undefined) groups.set(group, [doc]);
            else docs.push(doc);
          }
          for (const docs of groups.values()) {
            const keyed = docs.map((doc) => ({ doc, key: sorter?.keyOf(doc) }));
            if (sorter !== undefined) keyed.sort((a, b) => sorter.compare(a.key!, b.key!));
            let made = keyed.map(({ doc }) => doc);
            for (const { parts, value, method } of fills) {
              const found = made.map(
                (doc) =>
                  parts.reduce<Value | undefined>(
                    (at, part) => (at instanceof Doc ? at.get(part) : undefined),
                    doc,
                  ) ?? null,
              );
              const filled =
                value !== undefined
                  ? found.map((one, i) => {
                      scope.root = made[i];
                      return one ?? value.evaluate(scope) ?? null;
                    })
                  : method === "locf"
                    ? carried(found)
                    : linear(
                        found,
                        made.map((doc) => doc.get(sortField) ?? null),
                      );
              made = made.map((doc, i) => withValue(doc, parts, filled[i]!));
            }
            yield* made;
          }
        },
      });
    },
  };
});
