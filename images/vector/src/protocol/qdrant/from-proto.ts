import type Long from "long";
import { invalid, unsupported } from "../../errors.ts";
import type { Message } from "../grpc-server.ts";

/** Messages of Qdrant's gRPC interface, as its REST interface has the same things. */
type Json = Record<string, unknown>;

/** A member that was set, and not the usual value of one that was not. */
export function given(message: Message, name: string): unknown {
  return Object.hasOwn(message as object, name) ? (message[name] as unknown) : undefined;
}

/** A whole number of 64 bits. */
export function integerOf(value: Long | number): number | bigint {
  if (typeof value === "number") return value;
  const number = value.toNumber();
  return Number.isSafeInteger(number) ? number : BigInt(value.toString());
}

export function numberOf(value: unknown): number | undefined {
  return value === undefined || value === null ? undefined : Number(integerOf(value as Long | number));
}

/** The members that were set, as they are; whole numbers as numbers. */
export function givenOf(message: Message | null | undefined): Json {
  if (message === null || message === undefined) return {};
  return Object.fromEntries(
    Object.entries(message as object).map(([name, value]) => [
      name,
      isLong(value) ? integerOf(value) : (value as unknown),
    ]),
  );
}

function isLong(value: unknown): value is Long {
  return typeof value === "object" && value !== null && "low" in value && "high" in value;
}

export function idOf(id: Message | null | undefined): number | bigint | string {
  switch (id?.point_id_options) {
    case "num":
      return integerOf(id.num as Long);
    case "uuid":
      return id.uuid as string;
    default:
      throw invalid("Malformed PointId type: a number or a UUID is needed");
  }
}

export function jsonOf(value: Message): unknown {
  switch (value.kind) {
    case "integer_value":
      return integerOf(value.integer_value as Long);
    case "double_value":
    case "string_value":
    case "bool_value":
      return value[value.kind as string];
    case "struct_value":
      return payloadOf(value.struct_value.fields as Record<string, Message>);
    case "list_value":
      return ((value.list_value.values ?? []) as Message[]).map(jsonOf);
    default:
      return null;
  }
}

export function payloadOf(payload: Record<string, Message> | null | undefined): Json {
  return Object.fromEntries(Object.entries(payload ?? {}).map(([name, value]) => [name, jsonOf(value)]));
}

// Vectors.

function denseOf(message: Message): Float32Array {
  return Float32Array.from(message.data as number[]);
}

/** `oneof` of a vector, and what clients of before it sent. */
export function vectorOf(vector: Message): unknown {
  switch (vector.vector) {
    case "dense":
      return denseOf(vector.dense);
    case "sparse":
      return sparseOf(vector.sparse);
    case "multi_dense":
      return (vector.multi_dense.vectors as Message[]).map(denseOf);
    case undefined:
    case null:
      break;
    default:
      throw unsupported("inference (a vector made of a text, an image or an object)");
  }
  const values = denseOf(vector);
  if (vector.indices != null) return { indices: vector.indices.data as number[], values };
  const count = numberOf(given(vector, "vectors_count"));
  if (count === undefined || count === 0) return values;
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => values.slice(i * size, (i + 1) * size));
}

function sparseOf({ indices, values }: Message): unknown {
  return { indices: indices as number[], values: Float32Array.from(values as number[]) };
}

export function vectorsOf(vectors: Message | null | undefined): unknown {
  switch (vectors?.vectors_options) {
    case "vector":
      return vectorOf(vectors.vector);
    case "vectors":
      return Object.fromEntries(
        Object.entries(vectors.vectors.vectors as Record<string, Message>).map(([name, value]) => [
          name,
          vectorOf(value),
        ]),
      );
    default:
      return undefined;
  }
}

export function vectorInputOf(input: Message): unknown {
  switch (input?.variant) {
    case "id":
      return idOf(input.id);
    case "dense":
      return denseOf(input.dense);
    case "sparse":
      return sparseOf(input.sparse);
    case "multi_dense":
      return (input.multi_dense.vectors as Message[]).map(denseOf);
    case undefined:
      throw invalid("a vector, or the id of a point, is needed");
    default:
      throw unsupported("inference (a vector made of a text, an image or an object)");
  }
}

// Selectors.

export function withPayloadOf(selector: Message | null | undefined): unknown {
  switch (selector?.selector_options) {
    case "enable":
      return selector.enable;
    case "include":
      return { include: selector.include.fields as string[] };
    case "exclude":
      return { exclude: selector.exclude.fields as string[] };
    default:
      return undefined;
  }
}

export function withVectorsOf(selector: Message | null | undefined): unknown {
  switch (selector?.selector_options) {
    case "enable":
      return selector.enable;
    case "include":
      return selector.include.names as string[];
    default:
      return undefined;
  }
}

export function selectorOf(selector: Message | null | undefined): Json {
  switch (selector?.points_selector_one_of) {
    case "points":
      return { points: (selector.points.ids as Message[]).map(idOf) };
    case "filter":
      return { filter: filterOf(selector.filter) };
    default:
      throw invalid("either points or a filter is needed");
  }
}

// Filters.

export function filterOf(filter: Message | null | undefined): Json | undefined {
  if (filter === null || filter === undefined) return undefined;
  const list = (conditions: Message[]) => (conditions.length === 0 ? undefined : conditions.map(conditionOf));
  return {
    must: list(filter.must as Message[]),
    should: list(filter.should as Message[]),
    must_not: list(filter.must_not as Message[]),
    ...(filter.min_should != null && {
      min_should: {
        conditions: (filter.min_should.conditions as Message[]).map(conditionOf),
        min_count: numberOf(filter.min_should.min_count),
      },
    }),
  };
}

export function conditionOf(condition: Message): unknown {
  switch (condition.condition_one_of) {
    case "field":
      return fieldOf(condition.field);
    case "is_empty":
      return { is_empty: { key: condition.is_empty.key as string } };
    case "is_null":
      return { is_null: { key: condition.is_null.key as string } };
    case "has_id":
      return { has_id: (condition.has_id.has_id as Message[]).map(idOf) };
    case "has_vector":
      return { has_vector: condition.has_vector.has_vector as string };
    case "nested":
      return { nested: { key: condition.nested.key as string, filter: filterOf(condition.nested.filter) } };
    case "filter":
      return filterOf(condition.filter);
    case "slice":
      throw unsupported("a slice condition");
    default:
      throw invalid("Malformed Condition type: one of its kinds is needed");
  }
}

const range = (message: Message) => givenOf(message);

function geoOf({ lon, lat }: Message): Json {
  return { lon: lon as number, lat: lat as number };
}

function fieldOf(field: Message): Json {
  const ring = ({ points }: Message) => ({ points: (points as Message[]).map(geoOf) });
  return {
    key: field.key as string,
    ...(field.match != null && { match: matchOf(field.match) }),
    ...(field.range != null && { range: range(field.range) }),
    ...(field.datetime_range != null && { range: datetimesOf(field.datetime_range) }),
    ...(field.values_count != null && { values_count: range(field.values_count) }),
    ...(field.geo_radius != null && {
      geo_radius: { center: geoOf(field.geo_radius.center), radius: field.geo_radius.radius as number },
    }),
    ...(field.geo_bounding_box != null && {
      geo_bounding_box: {
        top_left: geoOf(field.geo_bounding_box.top_left),
        bottom_right: geoOf(field.geo_bounding_box.bottom_right),
      },
    }),
    ...(field.geo_polygon != null && {
      geo_polygon: {
        exterior: ring(field.geo_polygon.exterior),
        interiors: (field.geo_polygon.interiors as Message[]).map(ring),
      },
    }),
    ...(given(field, "is_empty") !== undefined && { is_empty: field.is_empty as boolean }),
    ...(given(field, "is_null") !== undefined && { is_null: field.is_null as boolean }),
  };
}

function matchOf(match: Message): Json {
  const kind = match.match_value as string | undefined;
  switch (kind) {
    case "keyword":
    case "boolean":
      return { value: match[kind] as unknown };
    case "integer":
      return { value: integerOf(match.integer as Long) };
    case "text":
    case "text_any":
    case "phrase":
    case "prefix":
      return { [kind]: match[kind] as unknown };
    case "keywords":
      return { any: match.keywords.strings as string[] };
    case "integers":
      return { any: (match.integers.integers as Long[]).map(integerOf) };
    case "except_keywords":
      return { except: match.except_keywords.strings as string[] };
    case "except_integers":
      return { except: (match.except_integers.integers as Long[]).map(integerOf) };
    default:
      throw invalid("Malformed Match condition: a value is needed");
  }
}

/** google.protobuf.Timestamp as RFC 3339 has it. */
export function timestampOf({ seconds, nanos }: Message): string {
  const text = new Date(Number(integerOf(seconds as Long)) * 1000).toISOString();
  return text.replace(/\.\d+Z$/, `.${String(Math.floor((nanos as number) / 1000)).padStart(6, "0")}Z`);
}

function datetimesOf(message: Message): Json {
  return Object.fromEntries(
    Object.entries(message as object).map(([name, value]) => [name, timestampOf(value as Message)]),
  );
}

// Queries.

const strategies = ["average_vector", "best_score", "sum_scores"];

export function strategyOf(message: Message, name = "strategy"): unknown {
  const value = given(message, name);
  return value === undefined ? undefined : strategies[value as number];
}

export function orderByOf(order: Message): Json {
  const start = order.start_from as Message | null | undefined;
  const from = start?.value as string | undefined;
  let start_from: unknown;
  if (from === "integer") start_from = integerOf(start!.integer as Long);
  else if (from === "timestamp") start_from = timestampOf(start!.timestamp as Message);
  else if (from !== undefined) start_from = start![from] as unknown;
  return {
    key: order.key as string,
    direction: given(order, "direction") === 1 ? "desc" : "asc",
    ...(start_from !== undefined && { start_from }),
  };
}

function pairOf({ positive, negative }: Message): Json {
  return { positive: vectorInputOf(positive), negative: vectorInputOf(negative) };
}

export function queryOf(query: Message | null | undefined): unknown {
  switch (query?.variant) {
    case undefined:
      return undefined;
    case "nearest":
      return { nearest: vectorInputOf(query.nearest) };
    case "nearest_with_mmr":
      return {
        nearest: vectorInputOf(query.nearest_with_mmr.nearest),
        mmr: givenOf(query.nearest_with_mmr.mmr),
      };
    case "recommend":
      return {
        recommend: {
          positive: (query.recommend.positive as Message[]).map(vectorInputOf),
          negative: (query.recommend.negative as Message[]).map(vectorInputOf),
          strategy: strategyOf(query.recommend),
        },
      };
    case "discover":
      return {
        discover: {
          target: vectorInputOf(query.discover.target),
          context: ((query.discover.context?.pairs ?? []) as Message[]).map(pairOf),
        },
      };
    case "context":
      return { context: (query.context.pairs as Message[]).map(pairOf) };
    case "order_by":
      return { order_by: orderByOf(query.order_by) };
    case "fusion":
      return { fusion: query.fusion === 1 ? "dbsf" : "rrf" };
    case "rrf": {
      const { weights } = query.rrf as { weights: number[] };
      return { rrf: { k: given(query.rrf, "k"), ...(weights.length > 0 && { weights }) } };
    }
    case "sample":
      return { sample: "random" };
    case "relevance_feedback": {
      const { target, feedback, strategy } = query.relevance_feedback as Message;
      if (strategy?.naive == null) throw invalid("a strategy of relevance feedback is needed");
      return {
        relevance_feedback: {
          target: vectorInputOf(target),
          feedback: (feedback as Message[]).map(({ example, score }) => ({
            example: vectorInputOf(example),
            score: score as number,
          })),
          strategy: {
            naive: {
              a: strategy.naive.a as number,
              b: strategy.naive.b as number,
              c: strategy.naive.c as number,
            },
          },
        },
      };
    }
    case "formula":
      return { formula: expressionOf(query.formula.expression), defaults: payloadOf(query.formula.defaults) };
    default:
      throw unsupported(`the query ${String(query?.variant)}`);
  }
}

function expressionOf(expression: Message): unknown {
  const kind = expression.variant as string | undefined;
  if (kind === undefined) throw invalid("an expression is empty");
  const value = expression[kind] as Message;
  switch (kind) {
    case "constant":
    case "variable":
      return value;
    case "condition":
      return conditionOf(value);
    case "geo_distance":
      return { geo_distance: { origin: geoOf(value.origin), to: value.to as string } };
    case "mult":
    case "sum":
      return { [kind]: (value[kind] as Message[]).map(expressionOf) };
    case "div":
      return {
        div: {
          left: expressionOf(value.left),
          right: expressionOf(value.right),
          by_zero_default: given(value, "by_zero_default"),
        },
      };
    case "pow":
      return { pow: { base: expressionOf(value.base), exponent: expressionOf(value.exponent) } };
    case "datetime":
    case "datetime_key":
      return { [kind]: value };
    case "exp_decay":
    case "gauss_decay":
    case "lin_decay":
      return {
        [kind]: {
          x: expressionOf(value.x),
          ...(value.target != null && { target: expressionOf(value.target) }),
          scale: given(value, "scale"),
          midpoint: given(value, "midpoint"),
        },
      };
    default:
      return { [kind]: expressionOf(value) };
  }
}

export function paramsOf(params: Message | null | undefined): Json | undefined {
  return params === null || params === undefined ? undefined : givenOf(params);
}

export function lookupOf(lookup: Message | null | undefined): Json | undefined {
  if (lookup === null || lookup === undefined) return undefined;
  return { collection: lookup.collection_name as string, vector: given(lookup, "vector_name") };
}

export function shardKeyOf(selector: Message | null | undefined): unknown {
  return (selector?.shard_keys as Message[] | undefined)?.length ? selector!.shard_keys : undefined;
}

export function prefetchOf(prefetch: Message): Json {
  return {
    prefetch: (prefetch.prefetch as Message[]).map(prefetchOf),
    query: queryOf(prefetch.query),
    using: given(prefetch, "using"),
    filter: filterOf(prefetch.filter),
    params: paramsOf(prefetch.params),
    score_threshold: given(prefetch, "score_threshold"),
    limit: numberOf(given(prefetch, "limit")),
    lookup_from: lookupOf(prefetch.lookup_from),
  };
}

/** QueryPoints, and QueryPointGroups. */
export function queryRequestOf(request: Message): Json {
  return {
    ...prefetchOf(request),
    offset: numberOf(given(request, "offset")),
    with_payload: withPayloadOf(request.with_payload),
    with_vector: withVectorsOf(request.with_vectors),
    shard_key: shardKeyOf(request.shard_key_selector),
  };
}
