import { Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Call, Reply } from "../server/command.ts";
import { countField, docField, flagField } from "../server/fields.ts";
import type { Collection } from "../storage/collection.ts";
import { aggregateOf } from "./aggregate.ts";
import { limitOf } from "./limit.ts";

/** A find on a view is a pipeline on its collection; undefined for what stands for a collection itself. */
export async function findOnView(call: Call, collection: Collection): Promise<Reply | undefined> {
  if (collection.kind !== "view") return undefined;
  const { body } = call;
  for (const option of ["min", "max", "returnKey", "tailable", "showRecordId", "noCursorTimeout"]) {
    if (flagField(body, option) || docField(body, option) !== undefined) {
      throw new MongoError(72, `Option ${option} not supported in aggregation.`);
    }
  }
  const { limit, isSingleBatch } = limitOf(body);
  const aggregate = Doc.of({
    aggregate: call.collection,
    pipeline: viewPipeline(body, limit),
    cursor: Doc.of({ batchSize: countField(body, "find", "batchSize") ?? 101 }),
  });
  for (const name of ["collation", "let", "hint", "maxTimeMS", "comment"])
    aggregate.setIf(name, body.get(name));
  return aggregateOf(call, aggregate, isSingleBatch);
}

function viewPipeline(body: Doc, limit: number): Value[] {
  const pipeline: Value[] = [];
  const filter = docField(body, "filter");
  if (filter !== undefined && !filter.isEmpty) pipeline.push(Doc.of({ $match: filter }));
  const sort = docField(body, "sort");
  if (sort !== undefined && !sort.isEmpty && !sort.has("$natural")) pipeline.push(Doc.of({ $sort: sort }));
  const skip = countField(body, "find", "skip") ?? 0;
  if (skip > 0) pipeline.push(Doc.of({ $skip: BigInt(skip) }));
  if (limit > 0) pipeline.push(Doc.of({ $limit: BigInt(limit) }));
  const projection = docField(body, "projection");
  if (projection !== undefined && !projection.isEmpty) pipeline.push(Doc.of({ $project: projection }));
  return pipeline;
}
