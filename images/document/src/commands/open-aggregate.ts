import { exactInt32 } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { failedToParse, MongoError, typeMismatch } from "../errors.ts";
import type { DocSource } from "../exec/run.ts";
import { newScope } from "../expressions/context.ts";
import type { Plan } from "../plan/plan.ts";
import { collationOption } from "../query/collation-options.ts";
import type { Call } from "../server/command.ts";
import { requireAction } from "../server/rights.ts";
import { parsePipeline } from "../stages/parse-pipeline.ts";
import type { Stage } from "../stages/stage.ts";
import { contextOf, stageContext } from "./context.ts";

/** A pipeline, opened on what it is of. */
export interface OpenedPipeline {
  readonly source: DocSource;
  readonly stages: readonly Stage[];
  readonly plan: Plan | undefined;
  readonly namespace: string;
}

/** @throws MongoError */
export function openAggregate(call: Call, body: Doc): OpenedPipeline {
  const { db, server } = call;
  const target = body.get("aggregate");
  const isOfDatabase = isNumeric(target);
  if (isOfDatabase && exactInt32(target) !== 1) {
    throw failedToParse("Invalid command format: the 'aggregate' field must specify a collection name or 1");
  }
  const pipeline = body.get("pipeline") as Value[];
  for (const [i, stage] of pipeline.entries()) {
    if (!(stage instanceof Doc))
      throw typeMismatch(`Each element of the 'pipeline' array must be an object (${i})`);
  }
  const name = isOfDatabase ? "" : call.collection;
  const resolved = isOfDatabase ? undefined : server.queries.resolve(db, name);
  if (resolved?.isView === true) {
    const asked = collationOption(body.get("collation"));
    const askedLocale = asked === undefined ? undefined : asked === "simple" ? "simple" : asked.locale;
    if (asked !== undefined && askedLocale !== (resolved.collation?.locale ?? "simple")) {
      throw new MongoError(167, `Cannot override a view's default collation: ${db}.${name}`);
    }
  }
  let context = contextOf(call, body, isOfDatabase ? undefined : server.catalog.find(db, name));
  if (resolved?.isView === true) context = { ...context, collation: resolved.collation };
  const scope = newScope(context);
  const own = stageContext(call, context);
  // What a view's definition reads was its maker's affair; what is asked of the view is that of whoever asks.
  if (resolved?.isView === true) parsePipeline(pipeline, own);
  const { authorizeRead: _, ...ofView } = own;
  const stages = parsePipeline(
    [...(resolved?.pipeline ?? []), ...pipeline],
    resolved?.isView === true ? ofView : own,
  );
  requireRights(call, stages);
  if (isOfDatabase && stages[0]?.isInitial !== true) {
    throw new MongoError(
      73,
      "{aggregate: 1} is not valid for '" +
        (stages[0]?.name ?? "an empty pipeline") +
        "'; a collection is required.",
    );
  }
  const base = resolved?.name ?? "";
  const { source, plan } = server.queries.openPipeline(
    db,
    base,
    stages,
    scope,
    context.collation,
    body.get("hint"),
  );
  const namespace = isOfDatabase ? `${db}.$cmd.aggregate` : `${db}.${name}`;
  return { source, stages, plan, namespace };
}

function requireRights(call: Call, stages: readonly Stage[]): void {
  for (const { output } of stages) {
    if (output !== undefined) requireAction(call.user, "write", output.db, output.collection);
  }
}
