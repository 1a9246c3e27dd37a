import { Doc, type Value } from "../bson/values.ts";
import type { DocSource } from "../exec/run.ts";
import { metadataOf, newScope, setMetadata } from "../expressions/context.ts";
import type { Scope } from "../expressions/expression.ts";
import { parseSort } from "../expressions/sort.ts";
import type { Plan } from "../plan/plan.ts";
import type { Filter } from "../query/filter.ts";
import { parseFilter } from "../query/parse-filter.ts";
import { type Projection, parseProjection } from "../query/projection.ts";
import { valuesAtPath } from "../query/values-at-path.ts";
import type { Call } from "../server/command.ts";
import { countField, docField, flagField } from "../server/fields.ts";
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
  const isKeyOnly = flagField(body, "returnKey");
  const hasRecordIds = flagField(body, "showRecordId") && !isKeyOnly;
  const stages = [
    ...(skip > 0 ? [skipStage(skip)] : []),
    ...(limit > 0 ? [limitStage(limit)] : []),
    ...(project === undefined ? [] : [mapStage("projection", projectionDoc!, keepingMetadata(project))]),
    ...(hasRecordIds ? [mapStage("showRecordId", true, withRecordId)] : []),
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
      min: boundOf(body, "min"),
      max: boundOf(body, "max"),
      hasRecordIds,
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
  if (isKeyOnly) {
    const key = returnedKey(opened.plan, source);
    const others = stages.filter(({ name }) => name !== "projection");
    return { source: connect(others, key, scope), plan: opened.plan, filter, isSortBlocking };
  }
  return { source: connect(stages, source, scope), plan: opened.plan, filter, isSortBlocking };
}

function boundOf(body: Doc, name: string): Doc | undefined {
  const bound = docField(body, name);
  return bound?.isEmpty === true ? undefined : bound;
}

/** The number that a document is kept by, behind its fields. */
function withRecordId(doc: Doc): Doc {
  const recordId = metadataOf(doc)?.recordId;
  return recordId === undefined ? doc : Doc.from(new Map<string, Value>([...doc, ["$recordId", recordId]]));
}

function keepingMetadata(project: Projection): Projection {
  return (doc, scope) => setMetadata(project(doc, scope), metadataOf(doc));
}

/** In place of the documents the values of the index that was used; nothing of them where none was. */
function returnedKey(plan: Plan, source: DocSource): DocSource {
  const paths =
    plan.kind === "index" ? plan.index.fields.map(({ path, parts }) => [path, parts] as const) : [];
  return {
    next(run) {
      const doc = source.next(run);
      if (!(doc instanceof Doc)) return doc;
      const key = Doc.empty();
      for (const [path, parts] of paths) key.set(path, valuesAtPath(doc, parts)[0] ?? null);
      return setMetadata(key, metadataOf(doc));
    },
  };
}
