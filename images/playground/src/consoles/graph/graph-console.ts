import { systemClock } from "@weftkit/core";
import type { Plan, ProfiledPlan } from "neo4j-driver";
import { type Static, Type } from "typebox";
import type { GraphNames, GraphPart, GraphPlan, GraphResult } from "../../api.ts";
import { PlaygroundError } from "../../errors.ts";
import { type Call, type Console, loginOf, operation } from "../console.ts";
import { toCypherText } from "./cypher-text.ts";
import { GraphCollector } from "./graph-collector.ts";
import { GraphConnection } from "./graph-connection.ts";

/** Of one answer: so many rows, or about so many characters. */
const rowsMax = 1000;
const charsMax = 2 * 1024 ** 2;
const neighboursMax = 50;

const onlyThese = { additionalProperties: false } as const;
const id = Type.String({ maxLength: 200 });
const runSchema = Type.Object(
  {
    query: Type.String({ maxLength: 1024 ** 2 }),
    parameters: Type.Optional(Type.String({ maxLength: 1024 ** 2 })),
  },
  onlyThese,
);

/** Bolt: Cypher, the graph that a result holds, and what is around its nodes. */
export const graphConsole: Console = {
  run: operation(runSchema, run),
  expand: operation(Type.Object({ id }, onlyThese), async (call) => {
    const query = "MATCH (n) WHERE elementId(n) = $id OPTIONAL MATCH (n)-[r]-(m) RETURN n, r, m";
    return partOf(call, query, { id: call.body.id }, neighboursMax);
  }),
  /** The relationships between nodes that are shown. */
  connect: operation(Type.Object({ ids: Type.Array(id, { maxItems: 1000 }) }, onlyThese), async (call) => {
    const query = "MATCH (a)-[r]->(b) WHERE elementId(a) IN $ids AND elementId(b) IN $ids RETURN r";
    return partOf(call, query, { ids: call.body.ids }, rowsMax);
  }),
  names: operation(Type.Object({}, onlyThese), async (call): Promise<GraphNames> => {
    const connection = await connectionOf(call);
    const list = async (query: string) => {
      const found: string[] = [];
      await connection.run(query, {}, call.signal, (row) => found.push(String(row.get(0))) < rowsMax);
      return found.sort();
    };
    return { labels: await list("CALL db.labels()"), types: await list("CALL db.relationshipTypes()") };
  }),
};

async function run(call: Call<Static<typeof runSchema>>): Promise<GraphResult> {
  const parameters = parametersOf(call.body.parameters ?? "");
  const connection = await connectionOf(call);
  const startedMs = systemClock.monotonicMs();
  const rows: (string | null)[][] = [];
  const collector = new GraphCollector();
  let chars = 0;
  let isCut = false;
  const { columns, summary } = await connection.run(call.body.query, parameters, call.signal, (row) => {
    if (rows.length >= rowsMax || chars > charsMax) {
      isCut = true;
      return false;
    }
    const values = [...row.values()];
    for (const value of values) collector.add(value);
    const cells = values.map(toCypherText);
    for (const cell of cells) chars += cell?.length ?? 4;
    rows.push(cells);
    return true;
  });
  const counters = Object.entries(summary?.counters.updates() ?? {}).filter(([, count]) => count > 0);
  const plan = summary?.profile || summary?.plan;
  return {
    columns,
    rows,
    isCut,
    part: collector.part(),
    counters: Object.fromEntries(counters),
    notifications: (summary?.notifications ?? []).map(({ title, description }) => `${title}: ${description}`),
    ...(plan && { plan: planOf(plan) }),
    durationMs: systemClock.monotonicMs() - startedMs,
  };
}

async function partOf(
  call: Call,
  query: string,
  parameters: Record<string, unknown>,
  max: number,
): Promise<GraphPart> {
  const connection = await connectionOf(call);
  const collector = new GraphCollector();
  let count = 0;
  let isWhole = true;
  await connection.run(query, parameters, call.signal, (row) => {
    isWhole = count++ < max;
    if (isWhole) for (const value of row.values()) collector.add(value);
    return isWhole;
  });
  const part = collector.part();
  return { ...part, isWhole: part.isWhole && isWhole };
}

function planOf({ operatorType, arguments: facts, children }: Plan | ProfiledPlan): GraphPlan {
  const { Details } = facts as Record<string, unknown>;
  return {
    operator: operatorType,
    details: Details === undefined ? "" : String(Details),
    children: children.map(planOf),
  };
}

/** Whole numbers of JSON are integers, as people mean them. */
function parametersOf(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text, (_, member) => (Number.isSafeInteger(member) ? BigInt(member) : member));
  } catch (error) {
    throw new PlaygroundError("invalid_request", `parameters are JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new PlaygroundError("invalid_request", 'parameters are an object: {"name": "Ada"}');
  }
  return value as Record<string, unknown>;
}

async function connectionOf(call: Call): Promise<GraphConnection> {
  const { engine, session } = call;
  const { host, port, tls } = engine.backend;
  const trust = tls ? { verify: engine.tls.verify, caFile: engine.caFile } : undefined;
  return session.connection(`graph ${engine.id}`, () =>
    GraphConnection.open({ host, port, ...loginOf(call), tls: trust }),
  );
}
