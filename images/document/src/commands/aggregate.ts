import { typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { failedToParse, MongoError, typeMismatch } from "../errors.ts";
import type { Call, Command, Reply } from "../server/command.ts";
import { countField, requireFields } from "../server/fields.ts";
import { openChangeStream } from "./change-stream.ts";
import { openCursor } from "./cursor-reply.ts";
import { explainAggregate } from "./explain.ts";
import { openAggregate } from "./open-aggregate.ts";
import { runOutput } from "./output.ts";

const firstBatchDefault = 101;

/** Runs a pipeline; also the one that a find on a view is. */
export async function aggregateOf(call: Call, body: Doc, isSingleBatch = false): Promise<Reply> {
  const cursor = body.get("cursor") as Doc | undefined;
  const batchSize =
    (cursor === undefined ? undefined : countField(cursor, "aggregate.cursor", "batchSize")) ??
    firstBatchDefault;
  const pipeline = body.get("pipeline") as Value[];
  const first = pipeline[0];
  if (first instanceof Doc && first.firstKey === "$changeStream")
    return openChangeStream(call, body, batchSize);
  const opened = openAggregate(call, body);
  const output = opened.stages.at(-1)?.output;
  if (output !== undefined) {
    if ((call.body.get("readConcern") as Doc | undefined)?.get("level") === "linearizable") {
      throw new MongoError(
        72,
        `${opened.stages.at(-1)!.name} cannot be used with a 'linearizable' read concern level`,
      );
    }
    await runOutput(call, output, opened.source, body);
    return openCursor(call, { next: () => undefined }, { batchSize, namespace: opened.namespace });
  }
  return openCursor(call, opened.source, { batchSize, namespace: opened.namespace, isSingleBatch });
}

async function run(call: Call): Promise<Doc> {
  const { body } = call;
  const cursor = body.get("cursor");
  if (body.get("explain") === true) {
    return explainAggregate(call, body);
  }
  if (cursor === undefined) {
    throw failedToParse("The 'cursor' option is required, except for aggregate with the explain argument");
  }
  if (!(cursor instanceof Doc))
    throw typeMismatch(
      `BSON field 'aggregate.cursor' is the wrong type '${typeName(cursor)}', expected type 'object'`,
    );
  requireFields("aggregate.cursor", cursor, { batchSize: "number" }, false);
  return aggregateOf(call, body);
}

export const aggregate: Command = {
  name: "aggregate",
  right: { action: "read", on: "collection" },
  isTransactional: true,
  takesReadConcern: true,
  takesSnapshot: true,
  takesWriteConcern: true,
  fields: {
    pipeline: "array!",
    explain: "bool",
    allowDiskUse: "bool",
    cursor: "object",
    hint: "objectOrString",
    collation: "object",
    let: "object",
    bypassDocumentValidation: "flag",
    needsMerge: "bool",
    fromMongos: "bool",
    fromRouter: "bool",
    needsSortedMerge: "bool",
    exchange: "object",
    isMapReduceCommand: "bool",
    collectionUUID: "uuid",
    passthroughToShard: "object",
    runtimeConstants: "object",
    legacyRuntimeConstants: "object",
    encryptionInformation: "object",
    requestReshardingResumeToken: "bool",
    querySettings: "object",
  },
  run,
};
