import { exactInt64, isIntegral, toDouble } from "../bson/numbers.ts";
import { show } from "../bson/show.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import { pause, TurnClock } from "../exec/run.ts";
import { TopDocs } from "../exec/top-docs.ts";
import { metadataOf, type newScope, setMetadata } from "../expressions/context.ts";
import { parseExpression } from "../expressions/parse.ts";
import { makeSorter, parseSort, type SortSpec } from "../expressions/sort.ts";
import { addFields, unsetFields } from "../query/add-fields.ts";
import { compileFilter } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { parseProjection } from "../query/projection.ts";
import { blockingSource, defineStage, mapStage } from "./registry.ts";
import type { Stage, StageContext } from "./stage.ts";

defineStage("$match", (operand, context) => {
  if (!(operand instanceof Doc))
    throw new MongoError(15959, "the match filter must be an expression in an object");
  const { expressions } = context;
  const filter = parseFilter(operand, { context: expressions, allowsText: true });
  return {
    name: "$match",
    spec: operand,
    filter,
    connect: (input, scope) => {
      const matches = compileFilter(filter, { collation: expressions.collation, scope });
      return {
        next(run) {
          for (;;) {
            const doc = input.next(run);
            if (doc === undefined || doc === pause) return doc;
            const { bytes, at } = doc.raw ?? { bytes: writeDoc(doc), at: 0 };
            if (matches(bytes, at)) return doc;
          }
        },
      };
    },
  };
});

defineStage("$project", (operand, { expressions }) => {
  if (!(operand instanceof Doc)) throw new MongoError(15969, "$project specification must be an object");
  const project = parseProjection(operand, { context: expressions, isFind: false, isStage: true });
  return mapStage("$project", operand, (doc, scope) => setMetadata(project(doc, scope), metadataOf(doc)));
});

for (const name of ["$addFields", "$set"]) {
  defineStage(name, (operand, { expressions }) => {
    if (!(operand instanceof Doc)) {
      throw new MongoError(40272, `${name} specification stage must be an object, got ${typeName(operand)}`);
    }
    const apply = addFields(operand, expressions, name);
    return mapStage(name, operand, (doc, scope) => setMetadata(apply(doc, scope), metadataOf(doc)));
  });
}

defineStage("$unset", (operand) => {
  const apply = unsetFields(operand);
  return mapStage("$unset", operand, (doc) => setMetadata(apply(doc), metadataOf(doc)));
});

for (const name of ["$replaceRoot", "$replaceWith"]) {
  defineStage(name, (operand, { expressions }) => {
    let body = operand;
    if (name === "$replaceRoot") {
      if (!(operand instanceof Doc)) {
        throw new MongoError(
          40229,
          `expected an object as specification for $replaceRoot stage, got ${typeName(operand)}`,
        );
      }
      for (const field of operand.keys()) {
        if (field !== "newRoot")
          throw new MongoError(40415, `BSON field '$replaceRoot.${field}' is an unknown field.`);
      }
      const newRoot = operand.get("newRoot");
      if (newRoot === undefined)
        throw new MongoError(40414, "BSON field '$replaceRoot.newRoot' is missing but a required field");
      body = newRoot;
    }
    const { evaluate } = parseExpression(body, expressions);
    return mapStage(name, operand, (doc, scope) => {
      scope.root = doc;
      const root = evaluate(scope);
      if (!(root instanceof Doc)) {
        throw new MongoError(
          40228,
          `'newRoot' expression  must evaluate to an object, but resulting value was: ${show(root)}. Type of resulting value: '${typeName(root)}'. Input document: ${show(doc)}`,
        );
      }
      return root;
    });
  });
}

function count(name: string, operand: Value, isZeroAllowed: boolean, code: number): number {
  if (!isNumeric(operand))
    throw new MongoError(
      code,
      `invalid argument to ${name} stage: Expected a number in: ${name}: ${show(operand)}`,
    );
  if (!isIntegral(operand))
    throw new MongoError(
      code,
      `invalid argument to ${name} stage: Expected an integer: ${name}: ${show(operand)}`,
    );
  const number = exactInt64(operand);
  if (number === undefined)
    throw new MongoError(
      code,
      `invalid argument to ${name} stage: Cannot represent as a 64-bit integer: ${name}: ${show(operand)}`,
    );
  if (number < 0n)
    throw new MongoError(
      code,
      `invalid argument to ${name} stage: Expected a non-negative number in: ${name}: ${show(operand)}`,
    );
  if (number === 0n && !isZeroAllowed) throw new MongoError(15958, "the limit must be positive");
  return Number(number);
}

defineStage("$limit", (operand) => limitStage(count("$limit", operand, false, 5107201)));

export function limitStage(limit: number): Stage {
  return {
    name: "$limit",
    spec: BigInt(limit),
    limit,
    connect: (input) => {
      let left = limit;
      return {
        next(run) {
          if (left === 0) return undefined;
          const doc = input.next(run);
          if (doc !== undefined && doc !== pause) left--;
          return doc;
        },
      };
    },
  };
}

defineStage("$skip", (operand) => skipStage(count("$skip", operand, true, 5107200)));

export function skipStage(skip: number): Stage {
  return {
    name: "$skip",
    spec: BigInt(skip),
    connect: (input) => {
      let left = skip;
      return {
        next(run) {
          while (left > 0) {
            const doc = input.next(run);
            if (doc === undefined || doc === pause) return doc;
            left--;
          }
          return input.next(run);
        },
      };
    },
  };
}

defineStage("$sort", (operand, context) => {
  if (!(operand instanceof Doc)) throw new MongoError(15973, "the $sort key specification must be an object");
  if (operand.isEmpty) throw new MongoError(15976, "$sort stage must have at least one sort key");
  return sortStage(operand, parseSort(operand, true), context);
});

export function sortStage(spec: Value, sort: SortSpec, context: StageContext, limit?: number): Stage {
  const { expressions } = context;
  return {
    name: "$sort",
    spec,
    sort,
    limitedTo: (most) => sortStage(spec, sort, context, most),
    connect: (input) => {
      const top = new TopDocs(makeSorter(sort, expressions.collation), limit);
      return blockingSource(input, { add: (doc) => top.add(doc), results: (turns) => top.take(turns) });
    },
  };
}

defineStage("$count", (operand) => {
  if (typeof operand !== "string") throw new MongoError(40156, "the count field must be a non-empty string");
  if (operand === "") throw new MongoError(40157, "the count field must be a non-empty string");
  if (operand.startsWith("$")) throw new MongoError(40158, "the count field cannot be a $-prefixed path");
  if (operand.includes("\0")) throw new MongoError(40159, "the count field cannot contain a null byte");
  if (operand.includes(".")) throw new MongoError(40160, "the count field cannot contain '.'");
  return {
    name: "$count",
    spec: operand,
    connect: (input) => {
      let found = 0;
      return blockingSource(input, {
        add: () => {
          found++;
        },
        results: () => (found === 0 ? [] : [Doc.from(new Map([[operand, found as Value]]))]),
      });
    },
  };
});

defineStage("$sample", (operand) => {
  if (!(operand instanceof Doc))
    throw new MongoError(28745, "the $sample stage specification must be an object");
  let size: number | undefined;
  for (const [name, value] of operand) {
    if (name !== "size") throw new MongoError(28748, `unrecognized option to $sample: ${name}`);
    if (!isNumeric(value)) throw new MongoError(28746, "size argument to $sample must be a number");
    size = toDouble(value);
  }
  if (size === undefined) throw new MongoError(28749, "$sample stage must specify a size");
  if (!(size > 0)) throw new MongoError(28747, "size argument to $sample must be a positive integer");
  const wanted = Math.trunc(size);
  return {
    name: "$sample",
    spec: operand,
    connect: (input) => {
      // A reservoir: every document has the same chance.
      const kept: Doc[] = [];
      let seen = 0;
      return blockingSource(input, {
        add: (doc) => {
          seen++;
          if (kept.length < wanted) kept.push(doc);
          else {
            const place = Math.floor(Math.random() * seen);
            if (place < wanted) kept[place] = doc;
          }
        },
        results: () => shuffled(kept),
      });
    },
  };
});

function shuffled(docs: Doc[]): Doc[] {
  for (let i = docs.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1));
    [docs[i], docs[other]] = [docs[other]!, docs[i]!];
  }
  return docs;
}

defineStage("$unwind", (operand) => {
  let path: Value | undefined = operand;
  let isPreserving = false;
  let indexField: string | undefined;
  if (operand instanceof Doc) {
    path = undefined;
    for (const [name, value] of operand) {
      if (name === "path") path = value;
      else if (name === "preserveNullAndEmptyArrays") {
        if (typeof value !== "boolean")
          throw new MongoError(
            28809,
            `expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage, got ${typeName(value)}`,
          );
        isPreserving = value;
      } else if (name === "includeArrayIndex") {
        if (typeof value !== "string" || value === "")
          throw new MongoError(
            28810,
            `expected a non-empty string for the includeArrayIndex  option to $unwind stage, got ${typeName(value)}`,
          );
        if (value.startsWith("$"))
          throw new MongoError(
            28822,
            `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${value}`,
          );
        indexField = value;
      } else throw new MongoError(28811, `unrecognized option to $unwind stage: ${name}`);
    }
    if (path === undefined) throw new MongoError(28812, "no path specified to $unwind stage");
  } else if (typeof operand !== "string") {
    throw new MongoError(
      15981,
      `expected either a string or an object as specification for $unwind stage, got ${typeName(operand)}`,
    );
  }
  if (typeof path !== "string")
    throw new MongoError(28808, `expected a string as the path for $unwind stage, got ${typeName(path)}`);
  if (!path.startsWith("$"))
    throw new MongoError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  const parts = pathParts(path.slice(1));
  const indexParts = indexField === undefined ? undefined : pathParts(indexField);
  return unwindStage(operand, parts, isPreserving, indexParts);
});

function pathParts(path: string): string[] {
  if (path === "") throw new MongoError(40352, "FieldPath cannot be constructed with empty string");
  if (path.endsWith(".")) throw new MongoError(40353, "FieldPath must not end with a '.'.");
  const parts = path.split(".");
  for (const part of parts) {
    if (part === "") throw new MongoError(15998, "FieldPath field names may not be empty strings.");
    if (part.startsWith("$")) throw new MongoError(16410, "FieldPath field names may not start with '$'.");
  }
  return parts;
}

function unwindStage(
  spec: Value,
  parts: readonly string[],
  isPreserving: boolean,
  indexParts: readonly string[] | undefined,
): Stage {
  return {
    name: "$unwind",
    spec,
    connect: (input) => {
      let doc: Doc | undefined;
      let array: readonly Value[] = [];
      let at = 0;
      const clock = new TurnClock();
      const withIndex = (made: Doc, index: bigint | null): Doc =>
        indexParts === undefined ? made : withValue(made, indexParts, index);
      return {
        next(run) {
          for (;;) {
            if (doc !== undefined && at < array.length) {
              if (clock.isOver(run)) return pause;
              const index = at++;
              return withIndex(withValue(doc, parts, array[index]!), BigInt(index));
            }
            const next = input.next(run);
            if (next === undefined || next === pause) return next;
            const value = nestedValue(next, parts);
            if (Array.isArray(value) && value.length > 0) {
              [doc, array, at] = [next, value, 0];
            } else if (value === undefined || value === null || Array.isArray(value)) {
              doc = undefined;
              if (!isPreserving) continue;
              return withIndex(Array.isArray(value) ? withValue(next, parts, undefined) : next, null);
            } else {
              doc = undefined;
              return withIndex(next, null);
            }
          }
        },
      };
    },
  };
}

/** The value at a path of documents within documents; arrays are not entered. */
export function nestedValue(doc: Doc, parts: readonly string[]): Value | undefined {
  let value: Value | undefined = doc;
  for (const part of parts) value = value instanceof Doc ? value.get(part) : undefined;
  return value;
}

/** A copy with another value at a path; the documents on the way are copies too. */
export function withValue(doc: Doc, parts: readonly string[], value: Value | undefined): Doc {
  const copy = new Map(doc);
  const [name, ...rest] = parts as [string, ...string[]];
  if (rest.length > 0) {
    const inner = copy.get(name);
    copy.set(name, withValue(inner instanceof Doc ? inner : Doc.empty(), rest, value));
  } else if (value === undefined) copy.delete(name);
  else copy.set(name, value);
  return Doc.from(copy);
}

defineStage("$redact", (operand, { expressions }) => {
  const variables = new Map(expressions.variables);
  const slots = ["KEEP", "PRUNE", "DESCEND"].map((name) => {
    const slot = expressions.slots.count++;
    variables.set(name, slot);
    return slot;
  });
  const { evaluate } = parseExpression(operand, { ...expressions, variables });
  const redact = (doc: Doc, scope: ReturnType<typeof newScope>): Doc | undefined => {
    scope.root = doc;
    for (const [i, name] of ["keep", "prune", "descend"].entries()) scope.slots[slots[i]!] = name;
    const decision = evaluate(scope);
    if (decision === "keep") return doc;
    if (decision === "prune") return undefined;
    if (decision !== "descend") {
      throw new MongoError(
        17053,
        "$redact's expression should not return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE, but returned " +
          show(decision),
      );
    }
    const kept = new Map<string, Value>();
    for (const [name, value] of doc) {
      if (value instanceof Doc) {
        const inner = redact(value, scope);
        if (inner !== undefined) kept.set(name, inner);
      } else if (Array.isArray(value)) kept.set(name, redactArray(value, scope));
      else kept.set(name, value);
    }
    return Doc.from(kept);
  };
  const redactArray = (values: readonly Value[], scope: ReturnType<typeof newScope>): Value[] =>
    values.flatMap((one) => {
      if (Array.isArray(one)) return [redactArray(one, scope)];
      if (!(one instanceof Doc)) return [one];
      const kept = redact(one, scope);
      return kept === undefined ? [] : [kept];
    });
  return mapStage("$redact", operand, redact);
});
