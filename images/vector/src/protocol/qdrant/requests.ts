import type { Collection } from "../../collections/collection.ts";
import type { Operation, Payload, Selector } from "../../collections/write-points.ts";
import { invalid } from "../../errors.ts";
import type { Filter } from "../../filters/filter.ts";
import { isObject } from "../../model/json.ts";
import type { PointKey } from "../../model/point-id.ts";
import type { VectorValue } from "../../model/vector-value.ts";
import { keyOfId, vectorValueOf } from "../../query/vector-input.ts";

/** A request's body, as it was sent. */
export type Body = Readonly<Record<string, unknown>>;

/** Points or a filter of a request. */
export function selectorOf(body: Body): Selector {
  if (body.points != null) return { keys: listOf(body.points, "points").map(keyOfId) };
  if (body.filter != null) return { filter: body.filter as Filter };
  throw invalid("Format error in JSON body: either points or a filter is needed");
}

export function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`Format error in JSON body: ${name} is a list`);
  return value as unknown[];
}

export function textOf(value: unknown, name: string): string {
  if (typeof value !== "string") throw invalid(`Format error in JSON body: ${name} is a text`);
  return value;
}

/** The vectors of a point by name, as they are written with it. */
export function vectorsOf(input: unknown): Map<string, VectorValue> {
  if (input == null) return new Map();
  if (
    isObject(input) &&
    !(input instanceof Float32Array) &&
    !("indices" in input && "values" in input) &&
    !("text" in input && "model" in input)
  ) {
    return new Map(Object.entries(input).map(([name, value]) => [name, vectorValueOf(value)]));
  }
  return new Map([["", vectorValueOf(input)]]);
}

function payloadOf(value: unknown): Payload {
  if (value == null) return {};
  if (!isObject(value)) throw invalid("Format error in JSON body: a payload is an object");
  return value;
}

interface SentPoint {
  readonly key: PointKey;
  readonly payload: Payload;
  readonly vectors: Map<string, VectorValue>;
}

/** The points of an upsert, of which the last with an id holds. */
function pointsOf(body: Body): SentPoint[] {
  const points = new Map<string, SentPoint>();
  const add = (id: unknown, vector: unknown, payload: unknown) => {
    const key = keyOfId(id);
    const hex = key.toString("hex");
    points.delete(hex);
    points.set(hex, { key, payload: payloadOf(payload), vectors: vectorsOf(vector) });
  };
  if (isObject(body.batch)) {
    const { ids, vectors, payloads } = body.batch;
    const [all, those] = [listOf(ids, "ids"), payloads == null ? undefined : listOf(payloads, "payloads")];
    const vectorAt = isObject(vectors)
      ? (i: number) =>
          Object.fromEntries(Object.entries(vectors).map(([name, list]) => [name, listOf(list, name)[i]]))
      : (i: number) => listOf(vectors, "vectors")[i];
    all.forEach((id, i) => {
      add(id, vectorAt(i), those?.[i]);
    });
  } else {
    for (const point of listOf(body.points, "points")) {
      if (!isObject(point)) throw invalid("Format error in JSON body: a point is an object");
      add(point.id, point.vector, point.payload);
    }
  }
  return [...points.values()];
}

/** A vector for points that are there. */
function updatesOf(body: Body): { key: PointKey; vectors: Map<string, VectorValue> }[] {
  return listOf(body.points, "points").map((point) => {
    if (!isObject(point)) throw invalid("Format error in JSON body: a point is an object");
    return { key: keyOfId(point.id), vectors: vectorsOf(point.vector) };
  });
}

export const operations: Readonly<Record<string, (body: Body, collection: Collection) => Operation>> = {
  upsert: (body) => ({
    do: "upsert",
    points: pointsOf(body),
    condition: (body.update_filter ?? undefined) as Filter | undefined,
    mode: (body.update_mode ?? "upsert") as "upsert",
  }),
  delete: (body) => ({ do: "delete", selector: selectorOf(body) }),
  update_vectors: (body) => ({
    do: "updateVectors",
    points: updatesOf(body),
    condition: (body.update_filter ?? undefined) as Filter | undefined,
  }),
  delete_vectors: (body) => ({
    do: "deleteVectors",
    selector: selectorOf(body),
    names: listOf(body.vector, "vector").map((name) => textOf(name, "a vector's name")),
  }),
  set_payload: (body) => ({
    do: "setPayload",
    selector: selectorOf(body),
    payload: payloadOf(body.payload),
    path: (body.key ?? undefined) as string | undefined,
  }),
  overwrite_payload: (body) =>
    body.key == null
      ? { do: "overwritePayload", selector: selectorOf(body), payload: payloadOf(body.payload) }
      : {
          do: "setPayload",
          selector: selectorOf(body),
          payload: payloadOf(body.payload),
          path: body.key as string,
        },
  delete_payload: (body) => ({
    do: "deletePayload",
    selector: selectorOf(body),
    paths: listOf(body.keys, "keys").map((key) => textOf(key, "a key")),
  }),
  clear_payload: (body) => ({
    do: "clearPayload",
    // Earlier clients sent the list itself.
    selector: selectorOf(body),
  }),
};
