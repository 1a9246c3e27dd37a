import { Doc, type Value } from "../bson/values.ts";
import { MongoError, typeMismatch } from "../errors.ts";
import { stages } from "./registry.ts";
import type { Stage, StageContext } from "./stage.ts";

/** Pipelines within pipelines (kMaxSubPipelineViewDepth). */
const depthMax = 20;
/** Longer ones are refused (internalPipelineLengthLimit). */
const stagesMax = 1000;

const onlyFirst = new Set([
  "$collStats",
  "$indexStats",
  "$currentOp",
  "$listLocalSessions",
  "$listSessions",
  "$planCacheStats",
  "$changeStream",
  "$documents",
  "$geoNear",
  "$listCatalog",
  "$queryStats",
  "$listClusterCatalog",
  "$listSampledQueries",
  "$listSearchIndexes",
  "$search",
  "$searchMeta",
  "$vectorSearch",
]);

/**
 * Reads a pipeline.
 *
 * @throws MongoError
 */
export function parsePipeline(pipeline: readonly Value[], context: StageContext): Stage[] {
  if (context.depth > depthMax) {
    throw new MongoError(232, `Maximum number of nested sub-pipelines exceeded. Limit is ${depthMax}`);
  }
  if (pipeline.length > stagesMax) {
    throw new MongoError(7749501, `Pipeline length must be no longer than ${stagesMax} stages`);
  }
  const parsed = pipeline.flatMap((spec) => parseStage(spec, context));
  for (const [i, { name, output, isInitial }] of parsed.entries()) {
    if (output !== undefined && i < parsed.length - 1) {
      throw new MongoError(40601, `${name} can only be the final stage in the pipeline`);
    }
    if (i > 0 && (onlyFirst.has(name) || (isInitial === true && name !== "$match"))) {
      if (name === "$geoNear")
        throw new MongoError(
          40603,
          "$geoNear was not the first stage in the pipeline after optimization. Is optimization disabled or inhibited?",
        );
      throw new MongoError(40602, `${name} is only valid as the first stage in a pipeline`);
    }
    if (i > 0 && name === "$match" && hasText(parsed[i]!)) {
      throw new MongoError(17313, "$match with $text is only allowed as the first pipeline stage");
    }
  }
  return parsed;
}

function hasText({ filter }: Stage): boolean {
  if (filter === undefined) return false;
  return (
    filter.kind === "text" || (filter.kind === "and" && filter.children.some((one) => one.kind === "text"))
  );
}

function parseStage(spec: Value, context: StageContext): Stage[] {
  if (!(spec instanceof Doc)) {
    throw typeMismatch("Each element of the 'pipeline' array must be an object");
  }
  const name = spec.firstKey;
  if (name === undefined || spec.size !== 1) {
    throw new MongoError(40323, "A pipeline stage specification object must contain exactly one field.");
  }
  const make = stages.get(name);
  const operand = spec.get(name)!;
  if (make === undefined) {
    const server = context.host.serverStage(name, operand, context);
    if (server !== undefined) return [server];
    throw new MongoError(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
  const made = make(operand, context, parsePipeline);
  return Array.isArray(made) ? (made as Stage[]) : [made as Stage];
}
