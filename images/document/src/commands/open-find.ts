import { Doc } from "../bson/values.ts";
import type { DocSource } from "../exec/run.ts";
import { newScope } from "../expressions/context.ts";
import type { Scope } from "../expressions/expression.ts";
import { parseSort } from "../expressions/sort.ts";
import type { Plan } from "../plan/plan.ts";
import type { Filter } from "../query/filter.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { parseProjection } from "../query/projection.ts";
import type { Call } from "../server/command.ts";
import { countField, docField } from "../server/fields.ts";
import { connect, sortedUnlessOverlaid } from "../server/queries.ts";
import { limitStage, skipStage, sortStage } from "../stages/basic.ts";
import { mapStage } from "../stages/registry.ts";
import type { Collection } from "../storage/collection.ts";
import { contextOf, stageContext } from "./context.ts";
import { limitOf } from "./limit.ts";

/** A find, as far as its documents: what find, explain and count share. */
export interface OpenedFind {
  readonly source: DocSource;
  readonly plan: Plan | undefined;
  readonly filter: Filter;
  readonly isSortBlocking: boolean;
}

/** Opens what a find's fields ask for. @throws MongoError */
export function openFind(call: Call, collection: Collection | undefined, body: Doc): OpenedFind {
  const { server } = call;
  const context = contextOf(call, body, collection);
  const scope: Scope = newScope(context);
  const filter = parseFilter(docField(body, "filter") ?? Doc.empty(), {
    context,
    allowsNear: true,
    allowsText: true,
  });
  const sortDoc = docField(body, "sort");
  const sort = sortDoc === undefined || sortDoc.isEmpty ? undefined : parseSort(sortDoc);
  const projectionDoc = docField(body, "projection");
  const project =
    projectionDoc === undefined || projectionDoc.isEmpty
      ? undefined
      : parseProjection(projectionDoc, { context, filter, isFind: true });
  const skip = countField(body, "find", "skip") ?? 0;
  const limit = limitOf(body).limit;
  const hint = body.get("hint");
  const stages = [
    ...(skip > 0 ? [skipStage(skip)] : []),
    ...(limit > 0 ? [limitStage(limit)] : []),
    ...(project === undefined ? [] : [mapStage("projection", projectionDoc!, project)]),
  ];
  if (collection === undefined) {
    return { source: { next: () => undefined }, plan: undefined, filter, isSortBlocking: false };
  }
  const opened = server.queries.query(
    collection,
    {
      filter,
      sort,
      hint,
      collation: context.collation,
      ...(sort === undefined && limit > 0 && { limit: limit + skip }),
    },
    scope,
  );
  let { source } = opened;
  let isSortBlocking = false;
  if (sort !== undefined && sort.natural === undefined) {
    const most = limit > 0 ? limit + skip : undefined;
    const stage = sortStage(sortDoc!, sort, stageContext(call, context), most);
    isSortBlocking = !opened.isSorted;
    source = opened.isSorted
      ? sortedUnlessOverlaid(source, collection, stage, scope)
      : stage.connect(source, scope);
  }
  return { source: connect(stages, source, scope), plan: opened.plan, filter, isSortBlocking };
}
