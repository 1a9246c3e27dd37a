import { invalid } from "../../errors.ts";
import type { Caller } from "../caller.ts";
import type { Message, ServiceHandlers, Unary } from "../grpc-server.ts";
import type { CollectionsApi } from "./collections-api.ts";
import { fieldSchemaOf, sparseParamsOf, vectorParamsOf } from "./config-messages.ts";
import {
  filterOf,
  given,
  idOf,
  lookupOf,
  numberOf,
  orderByOf,
  paramsOf,
  payloadOf,
  queryRequestOf,
  selectorOf,
  shardKeyOf,
  strategyOf,
  vectorOf,
  vectorsOf,
  withPayloadOf,
  withVectorsOf,
} from "./from-proto.ts";
import { older } from "./older-requests.ts";
import type { PointsApi } from "./points-api.ts";
import type { Body } from "./requests.ts";
import { groupMessage, idMessage, pointMessage } from "./to-proto.ts";
import { idOf as idOfKey, tellingOf } from "./told-points.ts";

type Json = Record<string, unknown>;
type Sent = readonly [kind: string, body: Body];

const completed = { operation_id: 0, status: 2 };

/** Each operation that writes, as a body of the REST interface. */
const writes: Readonly<Record<string, (message: Message) => Sent>> = {
  Upsert: (message) => ["upsert", upsertOf(message)],
  Delete: (message) => ["delete", selectorOf(message.points)],
  UpdateVectors: (message) => ["update_vectors", updateVectorsOf(message)],
  DeleteVectors: (message) => [
    "delete_vectors",
    { ...selectorOf(message.points_selector), vector: (message.vectors?.names ?? []) as string[] },
  ],
  SetPayload: (message) => ["set_payload", payloadBodyOf(message)],
  OverwritePayload: (message) => ["overwrite_payload", payloadBodyOf(message)],
  DeletePayload: (message) => [
    "delete_payload",
    { ...selectorOf(message.points_selector), keys: message.keys as string[] },
  ],
  ClearPayload: (message) => ["clear_payload", selectorOf(message.points)],
};

/** The operations of a batch: which of the above each is. */
const batched: Readonly<Record<string, (operation: Message) => Sent>> = {
  upsert: ({ upsert }) => writes.Upsert!(upsert),
  delete_deprecated: ({ delete_deprecated }) => ["delete", selectorOf(delete_deprecated)],
  set_payload: ({ set_payload }) => writes.SetPayload!(set_payload),
  overwrite_payload: ({ overwrite_payload }) => writes.OverwritePayload!(overwrite_payload),
  delete_payload: ({ delete_payload }) => writes.DeletePayload!(delete_payload),
  clear_payload_deprecated: ({ clear_payload_deprecated }) => [
    "clear_payload",
    selectorOf(clear_payload_deprecated),
  ],
  update_vectors: ({ update_vectors }) => writes.UpdateVectors!(update_vectors),
  delete_vectors: ({ delete_vectors }) => writes.DeleteVectors!(delete_vectors),
  delete_points: ({ delete_points }) => writes.Delete!(delete_points),
  clear_payload: ({ clear_payload }) => writes.ClearPayload!(clear_payload),
};

/** `qdrant.Points`. */
export function pointsService(points: PointsApi, collections: CollectionsApi): ServiceHandlers {
  const timed =
    (answer: (caller: Caller, name: string, request: Message) => Promise<object> | object): Unary =>
    async (caller, request) => {
      const startedMs = performance.now();
      const told = await answer(caller, request.collection_name as string, request);
      return { ...told, time: (performance.now() - startedMs) / 1000 };
    };
  const query = (of: (request: Message) => Json) =>
    timed(async (caller, name, request) => ({
      result: (await points.query(caller, name, of(request))).map(pointMessage),
    }));
  const batch = (member: string, of: (request: Message) => Json) =>
    timed(async (caller, name, request) => ({
      result: (await points.queryBatch(caller, name, (request[member] as Message[]).map(of))).map((hits) => ({
        result: hits.map(pointMessage),
      })),
    }));
  const groups = (of: (request: Message) => Json) =>
    timed(async (caller, name, request) => ({
      result: { groups: (await points.queryGroups(caller, name, groupsOf(request, of))).map(groupMessage) },
    }));
  const unary: Record<string, Unary> = {
    UpdateBatch: timed(async (caller, name, request) => {
      const sent = (request.operations as Message[]).map((operation) => {
        const kind = operation.operation as string | undefined;
        const of = kind === undefined ? undefined : batched[kind];
        if (of === undefined) throw invalid("an operation of the batch is empty");
        return of(operation);
      });
      const count = await points.write(caller, name, sent);
      return { result: Array.from({ length: count }, () => completed) };
    }),
    Get: timed(async (caller, name, request) => {
      const telling = tellingOf(withPayloadOf(request.with_payload), withVectorsOf(request.with_vectors));
      const found = await points.get(caller, name, (request.ids as Message[]).map(idOf), telling);
      return { result: found.map(pointMessage) };
    }),
    Scroll: timed(async (caller, name, request) => {
      const { points: found, next } = await points.scroll(caller, name, {
        filter: filterOf(request.filter),
        offset: request.offset == null ? undefined : idOf(request.offset),
        limit: given(request, "limit"),
        with_payload: withPayloadOf(request.with_payload) ?? false,
        with_vector: withVectorsOf(request.with_vectors),
        order_by: request.order_by == null ? undefined : orderByOf(request.order_by),
      });
      return {
        result: found.map(pointMessage),
        ...(next !== undefined && { next_page_offset: idMessage(next) }),
      };
    }),
    Count: timed(async (caller, name, request) => ({
      result: { count: await points.count(caller, name, filterOf(request.filter)) },
    })),
    Facet: timed(async (caller, name, request) => {
      const hits = await points.facet(caller, name, {
        key: request.key as string,
        filter: filterOf(request.filter),
        limit: numberOf(given(request, "limit")),
      });
      return {
        hits: hits.map(({ value, count }) => ({
          value:
            typeof value === "string"
              ? { string_value: value }
              : typeof value === "boolean"
                ? { bool_value: value }
                : { integer_value: Number(value) },
          count,
        })),
      };
    }),
    SearchMatrixPairs: timed(async (caller, name, request) => {
      const { keys, nearest } = await points.matrix(caller, name, matrixOf(request));
      const ids = keys.map((key) => idMessage(idOfKey(key)));
      return {
        result: {
          pairs: nearest.flatMap((list, i) =>
            list.map(({ at, score }) => ({ a: ids[i], b: ids[at], score })),
          ),
        },
      };
    }),
    SearchMatrixOffsets: timed(async (caller, name, request) => {
      const { keys, nearest } = await points.matrix(caller, name, matrixOf(request));
      return {
        result: {
          offsets_row: nearest.flatMap((list, i) => list.map(() => i)),
          offsets_col: nearest.flatMap((list) => list.map(({ at }) => at)),
          scores: nearest.flatMap((list) => list.map(({ score }) => score)),
          ids: keys.map((key) => idMessage(idOfKey(key))),
        },
      };
    }),
    CreateFieldIndex: timed(async (caller, name, request) => {
      await collections.createIndex(caller, name, request.field_name as string, fieldSchemaOf(request));
      return { result: completed };
    }),
    DeleteFieldIndex: timed(async (caller, name, request) => {
      await collections.dropIndex(caller, name, request.field_name as string);
      return { result: completed };
    }),
    CreateVectorName: timed(async (caller, name, request) => {
      const body =
        request.vector_config === "sparse_config"
          ? { sparse: sparseParamsOf(request.sparse_config) }
          : { dense: vectorParamsOf(request.dense_config) };
      await collections.addVector(caller, name, request.vector_name as string, body);
      return { result: completed };
    }),
    DeleteVectorName: timed(async (caller, name, request) => {
      await collections.dropVector(caller, name, request.vector_name as string);
      return { result: completed };
    }),
    Query: query(queryRequestOf),
    QueryBatch: batch("query_points", queryRequestOf),
    QueryGroups: groups(queryRequestOf),
    Search: query(searchOf),
    SearchBatch: batch("search_points", searchOf),
    SearchGroups: groups(searchOf),
    Recommend: query(recommendOf),
    RecommendBatch: batch("recommend_points", recommendOf),
    RecommendGroups: groups(recommendOf),
    Discover: query(discoverOf),
    DiscoverBatch: batch("discover_points", discoverOf),
  };
  for (const [method, of] of Object.entries(writes)) {
    unary[method] = timed(async (caller, name, request) => {
      await points.write(caller, name, [of(request)]);
      return { result: completed };
    });
  }
  return { unary };
}

const updateModes = ["upsert", "insert_only", "update_only"];

function upsertOf(message: Message): Json {
  const mode = given(message, "update_mode");
  return {
    points: (message.points as Message[]).map(({ id, payload, vectors }) => ({
      id: idOf(id),
      payload: payloadOf(payload as Record<string, Message>),
      vector: vectorsOf(vectors),
    })),
    update_filter: filterOf(message.update_filter),
    ...(mode !== undefined && { update_mode: updateModes[mode as number] }),
  };
}

function updateVectorsOf(message: Message): Json {
  return {
    points: (message.points as Message[]).map(({ id, vectors }) => ({
      id: idOf(id),
      vector: vectorsOf(vectors),
    })),
    update_filter: filterOf(message.update_filter),
  };
}

function payloadBodyOf(message: Message): Json {
  return {
    ...selectorOf(message.points_selector),
    payload: payloadOf(message.payload as Record<string, Message>),
    key: given(message, "key"),
  };
}

function matrixOf(request: Message): Json {
  return {
    filter: filterOf(request.filter),
    sample: numberOf(given(request, "sample")),
    limit: numberOf(given(request, "limit")),
    using: given(request, "using"),
  };
}

function groupsOf(request: Message, of: (request: Message) => Json): Json {
  const lookup = request.with_lookup as Message | null;
  const size = numberOf(given(request, "group_size"));
  return {
    ...of(request),
    group_by: request.group_by as string,
    group_size: size || undefined,
    with_payload: withPayloadOf(request.with_payload) ?? false,
    with_lookup:
      lookup === null
        ? undefined
        : {
            collection: lookup.collection as string,
            with_payload: withPayloadOf(lookup.with_payload),
            with_vectors: withVectorsOf(lookup.with_vectors),
          },
  };
}

/** What requests of before the universal query have in common. */
function commonOf(request: Message): Json {
  return {
    filter: filterOf(request.filter),
    limit: numberOf(request.limit),
    offset: numberOf(given(request, "offset")),
    params: paramsOf(request.params),
    score_threshold: given(request, "score_threshold"),
    with_payload: withPayloadOf(request.with_payload),
    with_vector: withVectorsOf(request.with_vectors),
    lookup_from: lookupOf(request.lookup_from),
    shard_key: shardKeyOf(request.shard_key_selector),
  };
}

function searchOf(request: Message): Json {
  const values = Float32Array.from(request.vector as number[]);
  const nearest =
    request.sparse_indices == null ? values : { indices: request.sparse_indices.data as number[], values };
  return { ...commonOf(request), query: { nearest }, using: given(request, "vector_name") };
}

function recommendOf(request: Message): Json {
  const examples = (ids: unknown, vectors: unknown) => [
    ...(ids as Message[]).map(idOf),
    ...(vectors as Message[]).map(vectorOf),
  ];
  return older.recommend({
    ...commonOf(request),
    positive: examples(request.positive, request.positive_vectors),
    negative: examples(request.negative, request.negative_vectors),
    strategy: strategyOf(request),
    using: given(request, "using"),
  }) as Json;
}

function exampleOf(example: Message): unknown {
  if (example?.example === "id") return idOf(example.id);
  if (example?.example === "vector") return vectorOf(example.vector);
  throw invalid("an example is the id of a point or a vector");
}

function discoverOf(request: Message): Json {
  return older.discover({
    ...commonOf(request),
    target: request.target?.single == null ? undefined : exampleOf(request.target.single),
    context: (request.context as Message[]).map(({ positive, negative }) => ({
      positive: exampleOf(positive),
      negative: exampleOf(negative),
    })),
    using: given(request, "using"),
  }) as Json;
}
