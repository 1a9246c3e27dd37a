import Long from "long";
import type { VectorValue } from "../../model/vector-value.ts";
import type { ToldGroup } from "./points-api.ts";
import type { ToldPoint } from "./told-points.ts";

/** What is told, as messages of Qdrant's gRPC interface. */
export function idMessage(id: number | bigint | string): object {
  return typeof id === "string" ? { uuid: id } : { num: Long.fromString(String(id), true) };
}

export function valueMessage(value: unknown): object {
  switch (typeof value) {
    case "string":
      return { string_value: value };
    case "boolean":
      return { bool_value: value };
    case "bigint":
      return { integer_value: Long.fromString(value.toString()) };
    case "number":
      return Number.isInteger(value) ? { integer_value: Long.fromNumber(value) } : { double_value: value };
    default:
      if (value === null || value === undefined) return { null_value: 0 };
      if (Array.isArray(value)) return { list_value: { values: (value as unknown[]).map(valueMessage) } };
      return { struct_value: { fields: payloadMessage(value as Record<string, unknown>) } };
  }
}

export function payloadMessage(
  payload: Readonly<Record<string, unknown>> | undefined,
): Record<string, object> {
  return Object.fromEntries(
    Object.entries(payload ?? {}).map(([name, value]) => [name, valueMessage(value)]),
  );
}

/** Both as it is told now and, in `data`, as earlier clients read it. */
function vectorMessage(value: VectorValue): object {
  switch (value.kind) {
    case "dense":
      return { data: value.values, dense: { data: value.values } };
    case "sparse":
      return {
        data: value.values,
        indices: { data: value.indices },
        sparse: { values: value.values, indices: value.indices },
      };
    case "multi": {
      const data = value.rows.flatMap((row) => Array.from(row));
      return {
        data,
        vectors_count: value.rows.length,
        multi_dense: { vectors: value.rows.map((row) => ({ data: row })) },
      };
    }
  }
}

function vectorsMessage(vectors: ReadonlyMap<string, VectorValue>): object {
  const unnamed = vectors.get("");
  if (unnamed !== undefined && vectors.size === 1) return { vector: vectorMessage(unnamed) };
  return {
    vectors: {
      vectors: Object.fromEntries(Array.from(vectors, ([name, value]) => [name, vectorMessage(value)])),
    },
  };
}

export function pointMessage({ id, payload, vectors, score, version, order_value }: ToldPoint): object {
  return {
    id: idMessage(id),
    payload: payloadMessage(payload),
    ...(score !== undefined && { score }),
    ...(version !== undefined && { version }),
    ...(vectors !== undefined && { vectors: vectorsMessage(vectors) }),
    ...(order_value !== undefined && {
      order_value:
        typeof order_value === "bigint" || Number.isInteger(order_value)
          ? { int: Long.fromString(String(order_value)) }
          : { float: order_value },
    }),
  };
}

export function groupMessage({ id, hits, lookup }: ToldGroup): object {
  let kind: object = { string_value: id };
  if (typeof id !== "string")
    kind =
      id >= 0
        ? { unsigned_value: Long.fromString(String(id), true) }
        : { integer_value: Long.fromString(String(id)) };
  return {
    id: kind,
    hits: hits.map(pointMessage),
    ...(lookup !== undefined && { lookup: pointMessage(lookup) }),
  };
}
