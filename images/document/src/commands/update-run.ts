import { compareValues } from "../bson/order.ts";
import { show } from "../bson/show.ts";
import { DateTime, Doc, Regex, Timestamp, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";
import { MongoError } from "../errors.ts";
import { RowSource } from "../exec/row-source.ts";
import { newCounters, pause, type Run } from "../exec/run.ts";
import { newScope } from "../expressions/context.ts";
import type { ExpressionContext } from "../expressions/expression.ts";
import { makeSorter, parseSort, type SortSpec } from "../expressions/sort.ts";
import { type Plan, providesSort } from "../plan/plan.ts";
import { makePlan } from "../plan/planner.ts";
import type { Filter } from "../query/filter.ts";
import { compileFilter, type Matcher, matchedPosition } from "../query/match.ts";
import { parseFilter } from "../query/parse-filter.ts";
import type { Call } from "../server/command.ts";
import type { Collection } from "../storage/collection.ts";
import { readRow, type StoredRow } from "../storage/records.ts";
import type { WriteWork } from "../storage/work.ts";
import { parseUpdate } from "../update/parse-update.ts";
import { placeOf } from "../update/paths.ts";
import type { Update } from "../update/update.ts";
import { contextOf } from "./context.ts";
import { newObjectId, requireId } from "./insert.ts";

/** What to search for, before something is done with it. */
export interface Search {
  readonly collection: Collection | undefined;
  readonly filter: Filter;
  readonly matches: Matcher;
  readonly plan: Plan;
  readonly sort: SortSpec | undefined;
  readonly context: ExpressionContext;
}

export interface UpdateRequest {
  readonly collection: Collection | undefined;
  readonly filter: Doc;
  readonly update: Value;
  readonly isUpsert: boolean;
  readonly arrayFilters: Value[] | undefined;
  /** Has collation and hint. */
  readonly options: Doc;
  readonly constants: Value | undefined;
  readonly isUnvalidated: boolean;
  readonly sort: Doc | undefined;
}

export interface PreparedUpdate extends Search {
  readonly filterDoc: Doc;
  readonly update: Update;
  readonly isUpsert: boolean;
  readonly isUnvalidated: boolean;
}

export interface UpdateOutcome {
  readonly matched: number;
  readonly modified: number;
  readonly upsertedId?: Value | undefined;
  readonly before?: Doc | undefined;
  readonly after?: Doc | undefined;
}

/** Reads what documents an operation is about. @throws MongoError */
export function prepareSearch(
  call: Call,
  collection: Collection | undefined,
  filterDoc: Doc,
  options: Doc,
  constants: Value | undefined,
  sortDoc: Doc | undefined,
): Search {
  const context = contextOf(call, options, collection, constants);
  const filter = parseFilter(filterDoc, { context, allowsNear: true, allowsText: true });
  const sort = sortDoc === undefined || sortDoc.isEmpty ? undefined : parseSort(sortDoc);
  const { collation } = context;
  const plan: Plan =
    collection === undefined
      ? { kind: "nothing" }
      : makePlan({ collection, filter, sort, hint: options.get("hint"), collation, asOfMs: context.asOfMs });
  const matches = compileFilter(filter, { collation, scope: newScope(context) });
  return { collection, filter, matches, plan, sort, context };
}

export function prepareUpdate(call: Call, request: UpdateRequest): PreparedUpdate {
  const { collection, filter, options, constants, sort, isUpsert, isUnvalidated } = request;
  const search = prepareSearch(call, collection, filter, options, constants, sort);
  const update = parseUpdate(request.update, {
    collation: search.context.collation,
    arrayFilters: request.arrayFilters,
    context: search.context,
  });
  return { ...search, filterDoc: filter, update, isUpsert, isUnvalidated };
}

function writingRun(work: WriteWork, call: Call): Run {
  return {
    db: work.db,
    untilMs: Number.POSITIVE_INFINITY,
    overlay: (collection) => (work.isInteractive ? undefined : call.transaction?.overlay(collection.table)),
    counters: newCounters(),
  };
}

/** The first document in the order that was asked for. */
export function findFirst(search: Search, run: Run): StoredRow | undefined {
  const { collection, plan, matches, sort, context } = search;
  if (collection === undefined) return undefined;
  const rows = new RowSource(collection, plan, 1);
  const isSorting =
    sort !== undefined &&
    sort.natural === undefined &&
    !(providesSort(plan) && run.overlay(collection) === undefined);
  const sorter = isSorting ? makeSorter(sort, context.collation) : undefined;
  let best: { row: StoredRow; key: ReturnType<NonNullable<typeof sorter>["keyOf"]> } | undefined;
  for (;;) {
    const row = rows.next(run);
    if (row === undefined) return best?.row;
    if (row === pause || !matches(row.doc, 0)) continue;
    if (sorter === undefined) return row;
    const key = sorter.keyOf(Doc.read(row.doc));
    if (best === undefined || sorter.compare(key, best.key) < 0) best = { row, key };
  }
}

/**
 * Does something with the first document that matches: found in the write itself, or in a client's transaction in its snapshot, as
 * its locks see to it that nothing was changed since.
 */
export async function withFirst<T>(
  call: Call,
  search: Search,
  act: (work: WriteWork, row: StoredRow | undefined) => T,
): Promise<T> {
  if (call.transaction === undefined) {
    return call.write((work) => act(work, findFirst(search, writingRun(work, call))));
  }
  const row = await call.read((run) => findFirst(search, { ...run, untilMs: Number.POSITIVE_INFINITY }));
  return call.write((work) => act(work, row));
}

/** So many documents are changed in one write: others get their turn between two. */
const documentsAtOnce = 500;

/** Does something with every document that matches; each is looked at again before. Gives how many there were. */
export async function withAll(
  call: Call,
  search: Search,
  act: (work: WriteWork, row: StoredRow) => void,
): Promise<number> {
  const { collection, plan, matches } = search;
  if (collection === undefined) return 0;
  const found: StoredRow[] = [];
  const rows = new RowSource(collection, plan);
  const isInTransaction = call.transaction !== undefined;
  for (let isMore = true; isMore; ) {
    isMore = await call.read((run) => {
      for (;;) {
        const row = rows.next(run);
        if (row === undefined) return false;
        if (row === pause) return true;
        // Outside of a transaction they are read again when they are changed.
        if (matches(row.doc, 0)) found.push(isInTransaction ? row : { rid: row.rid, doc: nothing });
      }
    });
    if (isMore) await new Promise(setImmediate);
  }
  let count = 0;
  for (let from = 0; from < found.length; from += documentsAtOnce) {
    count += await call.write((work) => {
      let done = 0;
      for (const row of found.slice(from, from + documentsAtOnce)) {
        const doc = isInTransaction ? row.doc : readRow(work.db, collection, row.rid);
        if (doc === undefined || (!isInTransaction && !matches(doc, 0))) continue;
        act(work, { rid: row.rid, doc });
        done++;
      }
      return done;
    });
  }
  return count;
}

const nothing = Buffer.alloc(0);

/** Changes the first document that matches, or makes one. `then` runs in the same write. */
export async function updateOne(
  call: Call,
  prepared: PreparedUpdate,
  then: (work: WriteWork, outcome: UpdateOutcome) => void = () => {},
): Promise<UpdateOutcome> {
  return withFirst(call, prepared, (work, row) => {
    const outcome = row === undefined ? upsert(call, prepared, work) : change(call, prepared, work, row);
    then(work, outcome);
    return outcome;
  });
}

export async function updateMany(call: Call, prepared: PreparedUpdate): Promise<UpdateOutcome> {
  let modified = 0;
  const matched = await withAll(call, prepared, (work, row) => {
    modified += change(call, prepared, work, row).modified;
  });
  if (matched > 0 || !prepared.isUpsert) return { matched, modified };
  return updateOne(call, prepared);
}

function change(call: Call, prepared: PreparedUpdate, work: WriteWork, row: StoredRow): UpdateOutcome {
  const { collection, update, context, filter, isUnvalidated } = prepared;
  const before = Doc.read(row.doc);
  const position = update.usesPosition
    ? matchedPosition(filter, { collation: context.collation, scope: newScope(context) }, row.doc, 0)
    : undefined;
  const changed = update.apply(before.copy(), {
    isInsert: false,
    position,
    collation: context.collation,
    now: new DateTime(Date.now()),
    clusterTime: new Timestamp(call.server.tick()),
  });
  const after = writeDoc(changed);
  if (after.equals(row.doc)) {
    // A replacement counts as a change also when it is the same.
    return { matched: 1, modified: update.kind === "replacement" ? 1 : 0, before, after: before };
  }
  const [oldId, newId] = [before.get("_id"), changed.get("_id")];
  if (newId === undefined || compareValues(oldId, newId) !== 0) {
    if (update.kind === "replacement") {
      throw new MongoError(
        66,
        `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${show(newId)}`,
      );
    }
    throw new MongoError(66, `Performing an update on the path '_id' would modify the immutable field '_id'`);
  }
  requireStorable(changed, update);
  const form = update.kind === "replacement" ? "bson-replace" : "bson";
  call.server.records.update(work, collection!, row.rid, row.doc, after, form, isUnvalidated);
  return { matched: 1, modified: 1, before, after: Doc.read(after) };
}

function requireStorable(doc: Doc, update: Update): void {
  if (update.kind === "operators") return;
  for (const name of doc.keys()) {
    if (name === "" || !name.startsWith("$") || update.kind === "pipeline") continue;
    throw new MongoError(
      52,
      `The dollar ($) prefixed field '${name}' in '${name}' is not valid for storage.`,
    );
  }
}

/** Makes the document that an upsert adds: what the filter says it equals, and the update. */
function upsert(call: Call, prepared: PreparedUpdate, work: WriteWork): UpdateOutcome {
  const { collection, update, context, filter, isUpsert, isUnvalidated } = prepared;
  if (!isUpsert) return { matched: 0, modified: 0 };
  const base = Doc.empty();
  if (update.kind !== "replacement") {
    for (const [path, value] of equalities(filter)) {
      placeOf(base, path.split("."), true)!.set(value);
    }
  } else {
    const id = equalities(filter).find(([path]) => path === "_id");
    if (id !== undefined) base.set("_id", id[1]);
  }
  const idBefore = base.get("_id");
  let made = update.apply(base, {
    isInsert: true,
    position: undefined,
    collation: context.collation,
    now: new DateTime(Date.now()),
    clusterTime: new Timestamp(call.server.tick()),
  });
  const id = made.get("_id");
  if (idBefore !== undefined && compareValues(id, idBefore) !== 0) {
    throw new MongoError(66, `Performing an update on the path '_id' would modify the immutable field '_id'`);
  }
  if (id !== undefined) requireId(id);
  requireStorable(made, update);
  const upsertedId: Value = id ?? newObjectId();
  const rest = [...made].filter(([name]) => name !== "_id");
  made = Doc.from(new Map<string, Value>([["_id", upsertedId], ...rest]));
  const bytes = writeDoc(made);
  call.server.records.insert(work, collection!, bytes, isUnvalidated);
  return { matched: 0, modified: 0, upsertedId, after: Doc.read(bytes) };
}

/** The paths that a filter says the value of. @throws MongoError 54 when it says two of one */
function equalities(filter: Filter): [string, Value][] {
  const found = new Map<string, Value>();
  const collect = (one: Filter) => {
    if (one.kind === "and") for (const child of one.children) collect(child);
    else if (one.kind === "or" && one.children.length === 1) collect(one.children[0]!);
    else if (one.kind === "eq") add(one.path.text, one.value);
    else if (one.kind === "in" && one.values.length === 1 && one.regexes.length === 0) {
      add(one.path.text, one.values[0]!);
    }
  };
  const add = (path: string, value: Value) => {
    if (value instanceof Regex) return;
    for (const other of found.keys()) {
      if (other === path || other.startsWith(`${path}.`) || path.startsWith(`${other}.`)) {
        throw new MongoError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
      }
    }
    found.set(path, value);
  };
  collect(filter);
  return [...found];
}
