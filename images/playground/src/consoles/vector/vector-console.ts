import { systemClock } from "@weftkit/core";
import { type Static, Type } from "typebox";
import type { Json, MappedVector, VectorAnswer, VectorMap } from "../../api.ts";
import { PlaygroundError } from "../../errors.ts";
import { type Call, type Console, operation } from "../console.ts";
import { basicOf, HttpConnection } from "../http/http-connection.ts";
import { parseAnswer, pathOf, refusalOf } from "../http/rest-console.ts";
import { projectOnPrincipalAxes } from "./principal-axes.ts";

/** Points of a map, and numbers in all their vectors. */
const pointsMax = 2000;
const numbersMax = 1_000_000;
const pageNumbers = 200_000;
const factCharsMax = 200;

const onlyThese = { additionalProperties: false } as const;
const askSchema = Type.Object(
  {
    /** A method of VectorService; the engine says which there are, and what its user may. */
    method: Type.String({ pattern: "^[A-Z][A-Za-z]{1,60}$" }),
    request: Type.String({ maxLength: 3 * 1024 ** 2 }),
  },
  onlyThese,
);
const mapSchema = Type.Object(
  {
    collection: Type.String({ minLength: 1, maxLength: 255 }),
    dimensions: Type.Integer({ minimum: 1, maximum: 65_536 }),
    /** Of the vectors that have one. */
    vectorName: Type.Optional(Type.String({ maxLength: 255 })),
    filter: Type.Optional(Type.Record(Type.String({ maxLength: 255 }), Type.String({ maxLength: 1024 }))),
  },
  onlyThese,
);

/** The vector service over HTTP and JSON: any of its methods, and a map of a collection. */
export const vectorConsole: Console = {
  ask: operation(askSchema, async (call): Promise<VectorAnswer> => {
    const startedMs = systemClock.monotonicMs();
    const body = await send(call, call.body.method, call.body.request);
    return { body, durationMs: systemClock.monotonicMs() - startedMs };
  }),
  map: operation(mapSchema, map),
};

async function send(call: Call, method: string, request: string): Promise<Json> {
  const connection = await HttpConnection.of(call);
  const answer = await connection.ask({
    method: "POST",
    path: pathOf([method]),
    headers: { ...basicOf(call), "content-type": "application/json" },
    body: request,
    signal: call.signal,
  });
  if (answer.status !== 200) throw refusalOf(answer);
  return parseAnswer(answer.text);
}

/** A record as ScrollVectors has it. */
interface ScrolledVector {
  readonly id: string;
  readonly values: readonly number[];
  readonly named: Readonly<Record<string, { readonly values: readonly number[] }>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** The first vectors of a collection, on the two axes along which they differ most. */
async function map(call: Call<Static<typeof mapSchema>>): Promise<VectorMap> {
  const { collection, dimensions, vectorName = "", filter = {} } = call.body;
  const wanted = Math.max(2, Math.min(pointsMax, Math.floor(numbersMax / dimensions)));
  const limit = Math.max(1, Math.min(500, Math.floor(pageNumbers / dimensions)));
  const matrix = new Float32Array(wanted * dimensions);
  const found: Omit<MappedVector, "x" | "y">[] = [];
  let page = "";
  do {
    const request = { collection, filter, limit, page, include_values: true };
    const answer = (await send(call, "ScrollVectors", JSON.stringify(request))) as unknown as {
      vectors: ScrolledVector[];
      next_page: string;
    };
    for (const vector of answer.vectors) {
      const values = vectorName === "" ? vector.values : vector.named[vectorName]?.values;
      // A record need not have each of its collection's vectors.
      if (values === undefined || values.length === 0 || found.length === wanted) continue;
      if (values.length !== dimensions) {
        const message = `the vectors have ${values.length} dimensions, and not ${dimensions}`;
        throw new PlaygroundError("invalid_request", message);
      }
      matrix.set(values, found.length * dimensions);
      found.push({ id: vector.id, facts: factsOf(vector) });
    }
    page = answer.next_page;
  } while (page !== "" && found.length < wanted);
  const values = matrix.subarray(0, found.length * dimensions);
  const projection = await projectOnPrincipalAxes(
    { rows: found.length, columns: dimensions, values },
    call.signal,
  );
  return {
    points: found.map((one, index) => ({
      ...one,
      x: projection.points[index]![0],
      y: projection.points[index]![1],
    })),
    share: projection.share,
    isWhole: page === "",
  };
}

/** What of a record is shown and coloured by. */
function factsOf({ metadata, payload = {} }: ScrolledVector): Record<string, string> {
  const simple = Object.entries(payload).filter(([, value]) => typeof value !== "object" || value === null);
  const facts = [...Object.entries(metadata), ...simple].slice(0, 20);
  return Object.fromEntries(facts.map(([name, value]) => [name, String(value).slice(0, factCharsMax)]));
}
