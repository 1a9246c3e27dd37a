import { hostname } from "node:os";
import { isNumeric } from "../bson/types.ts";
import { Doc, Double, type Value } from "../bson/values.ts";
import { failedToParse, MongoError } from "../errors.ts";
import type { DocSource } from "../exec/run.ts";
import { newCounters, pause } from "../exec/run.ts";
import { mongoVersion } from "../identity.ts";
import type { Plan } from "../plan/plan.ts";
import type { Call, Command } from "../server/command.ts";
import { throwIfEnded } from "../server/deadline.ts";
import { openAggregate } from "./open-aggregate.ts";
import { openFind } from "./open-find.ts";

/** The plan that an operation would have, and with "executionStats" what running it has really read. */

const verbosities = ["queryPlanner", "executionStats", "allPlansExecution"];

function planDoc(plan: Plan | undefined, filter: Value | undefined): Doc {
  const withFilter = (doc: Doc) =>
    filter instanceof Doc && !filter.isEmpty ? doc.set("filter", filter) : doc;
  if (plan === undefined || plan.kind === "nothing") return Doc.of({ stage: "EOF" });
  switch (plan.kind) {
    case "natural":
      return withFilter(Doc.of({ stage: "COLLSCAN" })).set(
        "direction",
        plan.isReverse ? "backward" : "forward",
      );
    case "text":
      return Doc.of({ stage: "TEXT_MATCH", indexName: plan.index.name });
    case "union":
      return withFilter(Doc.of({ stage: "FETCH" })).set(
        "inputStage",
        Doc.of({ stage: "OR", inputStages: plan.scans.map((scan) => scanDoc(scan)) }),
      );
    case "index":
      return withFilter(Doc.of({ stage: "FETCH" })).set("inputStage", scanDoc(plan));
  }
}

function scanDoc({ index, bounds, isReverse }: Extract<Plan, { kind: "index" }>): Doc {
  const indexBounds = Doc.empty();
  for (const [path, texts] of bounds) indexBounds.set(path, [...texts]);
  return Doc.of({
    stage: "IXSCAN",
    keyPattern: index.spec.get("key"),
    indexName: index.name,
    isMultiKey: index.isMultikey,
    isUnique: index.isUnique,
    isSparse: index.isSparse,
    isPartial: index.partial !== undefined,
    indexVersion: 2,
    direction: isReverse ? "backward" : "forward",
    indexBounds,
  });
}

async function measured(
  call: Call,
  source: DocSource,
): Promise<{ returned: number; docs: number; keys: number; ms: number }> {
  const counters = newCounters();
  const startedMs = performance.now();
  let returned = 0;
  for (let isMore = true; isMore; ) {
    throwIfEnded(call.signal);
    isMore = await call.read((run) => {
      for (;;) {
        const next = source.next({ ...run, counters });
        if (next === undefined) return false;
        if (next === pause) return true;
        returned++;
      }
    });
    if (isMore) await new Promise(setImmediate);
  }
  return {
    returned,
    docs: counters.docsExamined,
    keys: counters.keysExamined,
    ms: Math.round(performance.now() - startedMs),
  };
}

async function explained(
  call: Call,
  parts: {
    readonly source: DocSource;
    readonly plan: Plan | undefined;
    readonly filter: Value | undefined;
    readonly isSorted: boolean;
    readonly sort: Value | undefined;
    readonly limit: Value | undefined;
    readonly namespace: string;
  },
  verbosity: string,
): Promise<Doc> {
  let winningPlan = planDoc(parts.plan, parts.filter);
  if (!parts.isSorted && parts.sort instanceof Doc) {
    winningPlan = Doc.of({
      stage: "SORT",
      sortPattern: parts.sort,
      memLimit: 104_857_600,
      type: "simple",
      inputStage: winningPlan,
    });
  }
  if (isNumeric(parts.limit))
    winningPlan = Doc.of({ stage: "LIMIT", limitAmount: parts.limit, inputStage: winningPlan });
  const reply = Doc.of({
    explainVersion: "1",
    queryPlanner: Doc.of({
      namespace: parts.namespace,
      parsedQuery: parts.filter ?? Doc.empty(),
      indexFilterSet: false,
      optimizationTimeMillis: 0,
      maxIndexedOrSolutionsReached: false,
      maxIndexedAndSolutionsReached: false,
      maxScansToExplodeReached: false,
      prunedSimilarIndexes: false,
      winningPlan,
      rejectedPlans: [],
    }),
  });
  if (verbosity !== "queryPlanner") {
    const { returned, docs, keys, ms } = await measured(call, parts.source);
    const executionStats = Doc.of({
      executionSuccess: true,
      nReturned: returned,
      executionTimeMillis: ms,
      totalKeysExamined: keys,
      totalDocsExamined: docs,
      executionStages: Doc.of({
        stage: winningPlan.get("stage"),
        nReturned: returned,
        docsExamined: docs,
        keysExamined: keys,
      }),
    });
    if (verbosity === "allPlansExecution") executionStats.set("allPlansExecution", []);
    reply.set("executionStats", executionStats);
  }
  return reply
    .set("command", call.body.get("explain") instanceof Doc ? call.body.get("explain")! : call.body)
    .set(
      "serverInfo",
      Doc.of({ host: hostname(), port: 0, version: mongoVersion.text, gitVersion: "unknown" }),
    )
    .set("ok", new Double(1));
}

export async function explainAggregate(call: Call, body: Doc, verbosity = "queryPlanner"): Promise<Doc> {
  const opened = openAggregate(call, body);
  const first = opened.stages[0]?.spec;
  const isMatchFirst = opened.stages[0]?.filter !== undefined;
  return explained(
    call,
    {
      source: opened.source,
      plan: opened.plan,
      filter: isMatchFirst ? first : undefined,
      isSorted: true,
      sort: undefined,
      limit: undefined,
      namespace: opened.namespace,
    },
    verbosity,
  );
}

async function run(call: Call): Promise<Doc> {
  const { body, db } = call;
  const inner = body.get("explain");
  if (!(inner instanceof Doc))
    throw new MongoError(14, "BSON field 'explain.explain' is the wrong type, expected type 'object'");
  const verbosity = body.get("verbosity") ?? "allPlansExecution";
  if (typeof verbosity !== "string" || !verbosities.includes(verbosity)) {
    throw failedToParse(
      `Enumeration value '${String(verbosity)}' for field 'explain.verbosity' is not a valid value.`,
    );
  }
  const name = inner.firstKey ?? "";
  const target = inner.get(name);
  const collection = typeof target === "string" ? target : "";
  const within: Call = { ...call, collection };
  const found = call.server.catalog.find(db, collection);
  if (!call.user.can("read", `${db}.${collection}`))
    throw new MongoError(13, `not authorized on ${db} to execute command explain`);
  if (name === "aggregate") return explainAggregate(within, inner, verbosity);
  const query = findOf(name, inner);
  if (query === undefined) throw new MongoError(59, `Explain failed due to unknown command: ${name}`);
  const opened = openFind(within, found?.kind === "view" ? undefined : found, query);
  return explained(
    within,
    {
      source: opened.source,
      plan: opened.plan,
      filter: query.get("filter"),
      isSorted: !opened.isSortBlocking,
      sort: query.get("sort"),
      limit: query.get("limit"),
      namespace: `${db}.${collection}`,
    },
    verbosity,
  );
}

/** The find that a command begins with. */
function findOf(name: string, inner: Doc): Doc | undefined {
  const copy = (fields: Readonly<Record<string, Value | undefined>>) => {
    const doc = Doc.of(fields);
    for (const option of ["hint", "collation"]) doc.setIf(option, inner.get(option));
    return doc;
  };
  const firstOf = (list: Value | undefined): Doc =>
    Array.isArray(list) && list[0] instanceof Doc ? list[0] : Doc.empty();
  switch (name) {
    case "find":
      return inner;
    case "count":
    case "distinct":
      return copy({ filter: inner.get("query") });
    case "findAndModify":
      return copy({ filter: inner.get("query"), sort: inner.get("sort") });
    case "update":
      return copy({ filter: firstOf(inner.get("updates")).get("q") });
    case "delete":
      return copy({ filter: firstOf(inner.get("deletes")).get("q") });
    default:
      return undefined;
  }
}

export const explain: Command = {
  name: "explain",
  right: "connect",
  takesReadConcern: true,
  fields: { verbosity: "string" },
  run,
};
