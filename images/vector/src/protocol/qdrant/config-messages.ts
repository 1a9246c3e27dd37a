import { invalid } from "../../errors.ts";
import { isObject } from "../../model/json.ts";
import type { Message } from "../grpc-server.ts";
import { given, givenOf, numberOf, payloadOf } from "./from-proto.ts";
import { payloadMessage } from "./to-proto.ts";

/** The configuration of collections, between messages of gRPC and what the REST interface has. */
type Json = Record<string, unknown>;

const distances = ["", "Cosine", "Euclid", "Dot", "Manhattan"];
const datatypes = ["", "float32", "uint8", "float16", "turbo4"];
const fieldTypes = ["keyword", "integer", "float", "geo", "text", "bool", "datetime", "uuid"];
const schemaTypes = ["", "keyword", "integer", "float", "geo", "text", "bool", "datetime", "uuid"];
const tokenizers = ["", "prefix", "whitespace", "word", "multilingual"];
const compressions = ["x4", "x8", "x16", "x32", "x64"];
const encodings = ["one_bit", "two_bits", "one_and_half_bits"];
const statuses = { green: 1, yellow: 2, red: 3, grey: 4 } as const;

function named(names: readonly string[], value: unknown): string | undefined {
  return value === undefined ? undefined : names[value as number] || undefined;
}

function numbered(names: readonly string[], value: unknown): number | undefined {
  const number = names.indexOf(String(value));
  return number < 0 ? undefined : number;
}

function without(object: Json): Json {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined && value !== null),
  );
}

function quantizationOf(message: Message | null | undefined): Json | undefined {
  const kind = message?.quantization as string | undefined;
  if (kind === undefined) return undefined;
  const config = givenOf(message[kind] as Message);
  switch (kind) {
    case "scalar":
      return { scalar: without({ ...config, type: "int8" }) };
    case "product":
      return {
        product: without({ ...config, compression: named(compressions, message.product.compression) }),
      };
    case "binary":
      return {
        binary: without({ always_ram: config.always_ram, encoding: named(encodings, config.encoding) }),
      };
    case "disabled":
      return undefined;
    default:
      return { [kind]: config };
  }
}

function quantizationMessage(told: unknown): object | undefined {
  if (!isObject(told)) return undefined;
  const [[kind, config] = []] = Object.entries(told) as [string, Json][];
  switch (kind) {
    case "scalar":
      return { scalar: { ...config, type: 1 } };
    case "product":
      return { product: { ...config, compression: numbered(compressions, config!.compression) ?? 0 } };
    case "binary":
      return { binary: without({ ...config, encoding: numbered(encodings, config!.encoding) }) };
    default:
      return undefined;
  }
}

export function vectorParamsOf(params: Message): Json {
  return without({
    size: numberOf(params.size),
    distance: distances[params.distance as number] || "unknown",
    hnsw_config: params.hnsw_config == null ? undefined : givenOf(params.hnsw_config),
    quantization_config: quantizationOf(params.quantization_config),
    on_disk: given(params, "on_disk"),
    datatype: named(datatypes, given(params, "datatype")),
    multivector_config: params.multivector_config == null ? undefined : { comparator: "max_sim" },
  });
}

export function sparseParamsOf(params: Message): Json {
  const index = params.index == null ? undefined : givenOf(params.index);
  return without({
    index:
      index === undefined ? undefined : without({ ...index, datatype: named(datatypes, index.datatype) }),
    modifier: given(params, "modifier") === undefined ? undefined : params.modifier === 1 ? "idf" : "none",
  });
}

function mapOf(map: Record<string, Message> | undefined, of: (message: Message) => Json): Json {
  return Object.fromEntries(Object.entries(map ?? {}).map(([name, value]) => [name, of(value)]));
}

function optimizersOf(message: Message | null | undefined): Json | undefined {
  if (message === null || message === undefined) return undefined;
  const { max_optimization_threads, deprecated_max_optimization_threads, ...rest } = givenOf(message);
  const threads = max_optimization_threads as Message | undefined;
  const told = threads?.variant === "value" ? numberOf(threads.value) : deprecated_max_optimization_threads;
  return without({ ...rest, max_optimization_threads: told });
}

/** CreateCollection, as a body. */
export function createBodyOf(request: Message): Json {
  const config = request.vectors_config as Message | null;
  const vectors =
    config?.config === "params"
      ? vectorParamsOf(config.params)
      : mapOf(config?.params_map?.map as Record<string, Message> | undefined, vectorParamsOf);
  return without({
    vectors,
    sparse_vectors: mapOf(
      request.sparse_vectors_config?.map as Record<string, Message> | undefined,
      sparseParamsOf,
    ),
    ...sharedOf(request),
    wal_config: request.wal_config == null ? undefined : givenOf(request.wal_config),
    shard_number: given(request, "shard_number"),
    on_disk_payload: given(request, "on_disk_payload"),
    replication_factor: given(request, "replication_factor"),
    write_consistency_factor: given(request, "write_consistency_factor"),
    sharding_method: given(request, "sharding_method") === 1 ? "custom" : undefined,
  });
}

function sharedOf(request: Message): Json {
  const metadata = payloadOf(request.metadata as Record<string, Message>);
  return {
    hnsw_config: request.hnsw_config == null ? undefined : givenOf(request.hnsw_config),
    optimizers_config: optimizersOf(request.optimizers_config),
    quantization_config: quantizationOf(request.quantization_config),
    strict_mode_config: request.strict_mode_config == null ? undefined : givenOf(request.strict_mode_config),
    metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
  };
}

/** UpdateCollection, as a body. */
export function updateBodyOf(request: Message): Json {
  const config = request.vectors_config as Message | null;
  const diff = (message: Message) =>
    without({
      hnsw_config: message.hnsw_config == null ? undefined : givenOf(message.hnsw_config),
      quantization_config: quantizationOf(message.quantization_config),
      on_disk: given(message, "on_disk"),
    });
  const vectors =
    config?.config === "params"
      ? { "": diff(config.params) }
      : config?.config === "params_map"
        ? mapOf(config.params_map.map as Record<string, Message>, diff)
        : undefined;
  return without({
    vectors,
    sparse_vectors:
      request.sparse_vectors_config == null
        ? undefined
        : mapOf(request.sparse_vectors_config.map as Record<string, Message>, sparseParamsOf),
    params: request.params == null ? undefined : givenOf(request.params),
    ...sharedOf(request),
  });
}

/** CreateFieldIndexCollection, as a schema. */
export function fieldSchemaOf(request: Message): unknown {
  const params = request.field_index_params as Message | null;
  const kind = params?.index_params as string | undefined;
  if (kind === undefined) {
    const type = given(request, "field_type");
    if (type === undefined) throw invalid("the type of the index is needed");
    return fieldTypes[type as number];
  }
  const config = givenOf(params![kind] as Message);
  const type = kind.replace("_index_params", "");
  if (type !== "text") return without({ type, ...config });
  return without({
    type,
    ...config,
    tokenizer: named(tokenizers, params!.text_index_params.tokenizer) ?? "word",
  });
}

function vectorMessage({
  size,
  distance,
  hnsw_config,
  quantization_config,
  on_disk,
  datatype,
  multivector_config,
}: Json): object {
  return without({
    size,
    distance: numbered(distances, distance),
    hnsw_config,
    quantization_config: quantizationMessage(quantization_config),
    on_disk,
    datatype: numbered(datatypes, datatype),
    multivector_config: multivector_config === undefined ? undefined : { comparator: 0 },
  });
}

function sparseMessage({ index, modifier }: Json): object {
  return without({
    index: isObject(index) ? without({ ...index, datatype: numbered(datatypes, index.datatype) }) : undefined,
    modifier: modifier === undefined ? undefined : modifier === "idf" ? 1 : 0,
  });
}

function schemaMessage({ data_type, params, points }: Json): object {
  const { type: _type, tokenizer, ...rest } = (params ?? {}) as Json;
  const settings = tokenizer === undefined ? rest : { ...rest, tokenizer: numbered(tokenizers, tokenizer) };
  return {
    data_type: numbered(schemaTypes, data_type),
    points,
    ...(params !== undefined && { params: { [`${data_type}_index_params`]: scalarsOf(settings) } }),
  };
}

/** What has a form of its own in messages is left out. */
function scalarsOf(settings: Json): Json {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => typeof value !== "object"));
}

/** What `CollectionsApi.info` tells, as a message. */
export function infoMessage(info: Json): object {
  const { status, indexed_vectors_count, points_count, segments_count, config, payload_schema } = info;
  const { params, hnsw_config, optimizer_config, wal_config, quantization_config, metadata } =
    config as Record<string, Json>;
  const { vectors, sparse_vectors, ...rest } = params!;
  const all = vectors as Json;
  const { max_optimization_threads, ...optimizers } = without(optimizer_config!);
  return {
    status: statuses[status as keyof typeof statuses],
    optimizer_status: { ok: true },
    segments_count,
    points_count,
    indexed_vectors_count,
    config: {
      params: {
        ...rest,
        vectors_config:
          "size" in all
            ? { params: vectorMessage(all) }
            : {
                params_map: {
                  map: Object.fromEntries(
                    Object.entries(all).map(([name, one]) => [name, vectorMessage(one as Json)]),
                  ),
                },
              },
        ...(sparse_vectors !== undefined && {
          sparse_vectors_config: {
            map: Object.fromEntries(
              Object.entries(sparse_vectors as Json).map(([name, one]) => [name, sparseMessage(one as Json)]),
            ),
          },
        }),
      },
      hnsw_config: scalarsOf(hnsw_config!),
      optimizer_config: {
        ...scalarsOf(optimizers),
        ...(max_optimization_threads !== undefined && {
          max_optimization_threads: { value: max_optimization_threads },
        }),
      },
      wal_config: scalarsOf(wal_config!),
      quantization_config: quantizationMessage(quantization_config),
      metadata: payloadMessage(metadata),
    },
    payload_schema: Object.fromEntries(
      Object.entries(payload_schema as Json).map(([field, schema]) => [field, schemaMessage(schema as Json)]),
    ),
  };
}
