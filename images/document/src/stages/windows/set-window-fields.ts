import { identityOf } from "../../bson/key-bytes.ts";
import { compareValues } from "../../bson/order.ts";
import { typeName } from "../../bson/types.ts";
import { Doc, type Value } from "../../bson/values.ts";
import { MongoError, typeMismatch } from "../../errors.ts";
import { pause, TurnClock } from "../../exec/run.ts";
import { sortedOverTurns } from "../../exec/sorted-over-turns.ts";
import { bytesOf } from "../../exec/top-docs.ts";
import { metadataOf, setMetadata } from "../../expressions/context.ts";
import type { Scope } from "../../expressions/expression.ts";
import { fieldPathParts, parseExpression } from "../../expressions/parse.ts";
import { makeSorter, parseSort, type SortKey } from "../../expressions/sort.ts";
import { valuesAtPath } from "../../query/values-at-path.ts";
import { withValue } from "../basic.ts";
import { blockingStage, defineStage } from "../registry.ts";
import { type Partition, parseWindowFunction } from "./functions.ts";

/** What all partitions together may keep in memory. */
const bytesMax = 512 << 20;

defineStage("$setWindowFields", (operand, { expressions }) => {
  if (!(operand instanceof Doc))
    throw typeMismatch(
      `the $setWindowFields stage specification must be an object, found ${typeName(operand)}`,
    );
  for (const name of operand.keys()) {
    if (!["partitionBy", "sortBy", "output"].includes(name))
      throw new MongoError(40415, `BSON field '$setWindowFields.${name}' is an unknown field.`);
  }
  const output = operand.get("output");
  if (output === undefined)
    throw new MongoError(40414, "BSON field '$setWindowFields.output' is missing but a required field");
  if (!(output instanceof Doc))
    throw typeMismatch(
      `BSON field '$setWindowFields.output' is the wrong type '${typeName(output)}', expected type 'object'`,
    );
  const sortBy = operand.get("sortBy") ?? undefined;
  if (sortBy !== undefined && !(sortBy instanceof Doc))
    throw typeMismatch(
      `BSON field '$setWindowFields.sortBy' is the wrong type '${typeName(sortBy)}', expected type 'object'`,
    );
  const sort = sortBy === undefined ? undefined : parseSort(sortBy, true);
  const sorter =
    sort === undefined || sort.fields.length === 0 ? undefined : makeSorter(sort, expressions.collation);
  const partitionBy = operand.get("partitionBy");
  const key = partitionBy === undefined ? undefined : parseExpression(partitionBy, expressions);
  const outputs = [...output].map(([field, spec]) => ({
    parts: fieldPathParts(field),
    compute: parseWindowFunction(field, spec, sort, expressions),
  }));
  const sortParts = sort?.fields.length === 1 ? sort.fields[0]!.parts : undefined;
  const texts = expressions.collation?.key;

  return blockingStage("$setWindowFields", operand, (scope) => {
    const groups = new Map<string, { key: Value; docs: { doc: Doc; order: SortKey | undefined }[] }>();
    let bytes = 0;
    return {
      add(doc) {
        scope.root = doc;
        const value = key?.evaluate(scope) ?? null;
        if (Array.isArray(value))
          throw typeMismatch("An expression used to partition cannot evaluate to value of type array");
        const identity = identityOf(value, texts);
        let group = groups.get(identity);
        if (group === undefined) {
          group = { key: value, docs: [] };
          groups.set(identity, group);
        }
        group.docs.push({ doc, order: sorter?.keyOf(doc) });
        bytes += bytesOf(doc);
        if (bytes > bytesMax)
          throw new MongoError(
            5414201,
            `Exceeded memory limit in DocumentSourceSetWindowFields, used ${bytes} bytes but max allowed is ${bytesMax} bytes`,
          );
      },
      *results(turns) {
        const clock = new TurnClock();
        const order = expressions.collation?.order;
        const sorted = yield* sortedOverTurns(
          [...groups.values()],
          (a, b) => compareValues(a.key, b.key, order),
          turns,
        );
        for (const group of sorted) {
          const rows =
            sorter === undefined
              ? group.docs
              : yield* sortedOverTurns(group.docs, (a, b) => sorter.compare(a.order!, b.order!), turns);
          const docs = rows.map(({ doc }) => doc);
          const partition: Partition = {
            docs,
            places: sortParts === undefined ? [] : docs.map((doc) => valuesAtPath(doc, sortParts)[0]),
            isSamePlace: (at, other) => sorter!.compare(rows[at]!.order!, rows[other]!.order!) === 0,
          };
          const columns: Value[][] = [];
          for (const { compute } of outputs) {
            const column: Value[] = [];
            for (const value of compute(partition, ownScope(scope))) {
              column.push(value);
              if (clock.isOver(turns.run)) yield pause;
            }
            columns.push(column);
          }
          for (const [at, doc] of docs.entries()) {
            let made = doc;
            for (const [i, { parts }] of outputs.entries()) made = withValue(made, parts, columns[i]![at]!);
            yield setMetadata(made, metadataOf(doc));
          }
        }
      },
    };
  });
});

/** The functions of several fields take turns; each looks at a document of its own. */
function ownScope(scope: Scope): Scope {
  return { ...scope };
}
