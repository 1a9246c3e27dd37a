import type { Collection } from "../../collections/collection.ts";
import { type AliasAction, mMax, mMin, type VectorDatabase } from "../../collections/vector-database.ts";
import { invalid, VectorError } from "../../errors.ts";
import { type Distance, distanceKinds } from "../../index/layout.ts";
import {
  type CollectionDefinition,
  type DenseParams,
  efConstructionDefault,
  type FieldIndex,
  type FieldType,
  mDefault,
  type SparseParams,
} from "../../model/definition.ts";
import { isObject } from "../../model/json.ts";
import { parsePath } from "../../model/payload-path.ts";
import { type Caller, requireRight } from "../caller.ts";
import type { Body } from "./requests.ts";

const fieldTypes: readonly FieldType[] = [
  "keyword",
  "integer",
  "float",
  "geo",
  "text",
  "bool",
  "datetime",
  "uuid",
];

/** What Qdrant says where nothing was said. */
const defaults = {
  hnsw_config: {
    m: 16,
    ef_construct: efConstructionDefault,
    full_scan_threshold: 10_000,
    max_indexing_threads: 0,
    on_disk: false,
  },
  optimizer_config: {
    deleted_threshold: 0.1,
    vacuum_min_vector_number: 500,
    default_segment_number: 1,
    max_segment_size: null,
    memmap_threshold: null,
    indexing_threshold: 4096,
    flush_interval_sec: 5,
    max_optimization_threads: null,
  },
  wal_config: { wal_capacity_mb: 32, wal_segments_ahead: 0, wal_retain_closed: 1 },
};

/** Qdrant's operations on collections: requests as its REST interface has them, for that and for gRPC. */
export class CollectionsApi {
  readonly #database: VectorDatabase;

  constructor(database: VectorDatabase) {
    this.#database = database;
  }

  list(caller: Caller): string[] {
    requireRight(caller, "read");
    return [...this.#database.all()].map(({ name }) => name).filter((name) => caller.user.can("read", name));
  }

  exists(caller: Caller, name: string): boolean {
    requireRight(caller, "read", name);
    return this.#database.find(name) !== undefined;
  }

  async create(caller: Caller, name: string, body: Body): Promise<void> {
    requireRight(caller, "schema", name);
    await this.#database.create(name, definitionOf(body));
  }

  async update(caller: Caller, name: string, body: Body): Promise<void> {
    const collection = this.#of(caller, name, "schema");
    refuseStrictMode(body);
    await this.#database.redefine(collection, (definition) => updated(definition, body));
  }

  drop(caller: Caller, name: string): Promise<boolean> {
    requireRight(caller, "schema", name);
    return this.#database.drop(name);
  }

  info(caller: Caller, name: string): Record<string, unknown> {
    return infoOf(this.#of(caller, name, "read"));
  }

  async changeAliases(caller: Caller, actions: readonly Body[]): Promise<void> {
    const list = actions.map((action): AliasAction => {
      if (isObject(action.create_alias)) {
        const { collection_name, alias_name } = action.create_alias;
        requireRight(caller, "schema", this.#database.require(collection_name as string).name);
        return { create: { alias: alias_name as string, collection: collection_name as string } };
      }
      if (isObject(action.delete_alias)) {
        const alias = action.delete_alias.alias_name as string;
        requireRight(caller, "schema", this.#database.find(alias)?.name ?? alias);
        return { delete: { alias } };
      }
      if (isObject(action.rename_alias)) {
        const { old_alias_name, new_alias_name } = action.rename_alias;
        requireRight(
          caller,
          "schema",
          this.#database.find(old_alias_name as string)?.name ?? (old_alias_name as string),
        );
        return { rename: { from: old_alias_name as string, to: new_alias_name as string } };
      }
      throw invalid("Format error in JSON body: an action is create_alias, delete_alias or rename_alias");
    });
    await this.#database.changeAliases(list);
  }

  aliases(caller: Caller, name?: string): { alias_name: string; collection_name: string }[] {
    requireRight(caller, "read");
    const only = name === undefined ? undefined : this.#of(caller, name, "read").name;
    return this.#database
      .aliases()
      .filter(
        ([, collection]) =>
          caller.user.can("read", collection) && (only === undefined || only === collection),
      )
      .map(([alias_name, collection_name]) => ({ alias_name, collection_name }));
  }

  async createIndex(caller: Caller, name: string, field: string, schema: unknown): Promise<void> {
    const collection = this.#of(caller, name, "schema");
    parsePath(field);
    await this.#database.setFieldIndex(collection, field, fieldIndexOf(schema));
  }

  async dropIndex(caller: Caller, name: string, field: string): Promise<void> {
    await this.#database.setFieldIndex(this.#of(caller, name, "schema"), field, undefined);
  }

  async addVector(caller: Caller, name: string, vector: string, body: Body): Promise<void> {
    const collection = this.#of(caller, name, "schema");
    const dense = body.dense ?? (body.size === undefined ? undefined : body);
    const params = isObject(dense) ? denseParams(dense, {}) : sparseParams((body.sparse ?? body) as Body);
    await this.#database.addVectorName(collection, vector, params);
  }

  async dropVector(caller: Caller, name: string, vector: string): Promise<void> {
    await this.#database.removeVectorName(this.#of(caller, name, "schema"), vector);
  }

  #of(caller: Caller, name: string, action: "read" | "schema"): Collection {
    const collection = this.#database.require(name);
    requireRight(caller, action, collection.name);
    return collection;
  }
}

function definitionOf(body: Body): CollectionDefinition {
  refuseStrictMode(body);
  if (body.sharding_method === "custom")
    throw new VectorError("unimplemented", "custom sharding is not supported: a collection has one shard");
  if (body.init_from != null)
    throw new VectorError("unimplemented", "init_from is not supported; scroll and upsert");
  const hnsw = (body.hnsw_config ?? {}) as Body;
  const vectors = (body.vectors ?? {}) as Body;
  const dense = isNumberLike(vectors.size)
    ? { "": denseParams(vectors, hnsw) }
    : Object.fromEntries(
        Object.entries(vectors).map(([name, params]) => [name, denseParams(params as Body, hnsw)]),
      );
  const sparse = Object.fromEntries(
    Object.entries((body.sparse_vectors ?? {}) as Body).map(([name, params]) => [
      name,
      sparseParams((params ?? {}) as Body),
    ]),
  );
  const { vectors: _vectors, sparse_vectors: _sparse, ...told } = body;
  return { dense, sparse, fields: {}, told: withoutNulls(told) };
}

function updated(definition: CollectionDefinition, body: Body): CollectionDefinition {
  const { vectors, sparse_vectors, params, optimizers_config, hnsw_config, metadata, ...rest } =
    withoutNulls(body);
  const told = definition.told ?? {};
  const merged = (name: string, value: unknown) =>
    value === undefined
      ? told[name]
      : { ...(told[name] as object | undefined), ...withoutNulls(value as Body) };
  return {
    ...definition,
    dense: mapped(definition.dense, vectors as Body | undefined, (one, change) => ({
      ...one,
      told: { ...one.told, ...withoutNulls(change) },
    })),
    sparse: mapped(definition.sparse, sparse_vectors as Body | undefined, (one, change) => ({
      ...one,
      isIdf: change.modifier === undefined ? one.isIdf : change.modifier === "idf",
      told: { ...one.told, ...withoutNulls(change) },
    })),
    told: withoutNulls({
      ...told,
      ...rest,
      ...(params as object | undefined),
      optimizers_config: merged("optimizers_config", optimizers_config),
      hnsw_config: merged("hnsw_config", hnsw_config),
      metadata: merged("metadata", metadata),
    }),
  };
}

function mapped<T>(
  known: Readonly<Record<string, T>>,
  changes: Body | undefined,
  change: (one: T, by: Body) => T,
): Record<string, T> {
  const result = { ...known };
  for (const [name, by] of Object.entries(changes ?? {})) {
    const one = result[name];
    if (one === undefined) throw invalid(`Wrong input: Not existing vector name error: ${name}`);
    result[name] = change(one, by as Body);
  }
  return result;
}

function refuseStrictMode({ strict_mode_config }: Body): void {
  if (isObject(strict_mode_config) && strict_mode_config.enabled === true)
    throw new VectorError("unimplemented", "strict mode is not supported");
}

function isNumberLike(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

function denseParams(params: Body, hnsw: Body): DenseParams {
  if (!isObject(params))
    throw invalid(
      "Format error in JSON body: the parameters of a vector are an object with size and distance",
    );
  const { size, distance, multivector_config, hnsw_config, ...told } = params;
  if (typeof distance !== "string" || !Object.hasOwn(distanceKinds, distance))
    throw invalid(
      `Format error in JSON body: there is no distance ${JSON.stringify(distance)}; there are Cosine, Euclid, Dot and Manhattan`,
    );
  const { m, ef_construct } = { ...hnsw, ...withoutNulls((hnsw_config ?? {}) as Body) };
  return {
    size: size as number,
    distance: distance as Distance,
    isMulti: multivector_config != null,
    // Qdrant's 0 means no graph; here there is always one, beyond some thousand vectors.
    m: Math.max(mMin, Math.min(mMax, (m as number | null | undefined) || mDefault)),
    efConstruction: (ef_construct as number | null | undefined) || efConstructionDefault,
    told: withoutNulls({ ...told, hnsw_config, multivector_config }),
  };
}

function sparseParams(params: Body): SparseParams {
  const modifier = params.modifier ?? "none";
  if (modifier !== "none" && modifier !== "idf")
    throw invalid(`there is no modifier ${JSON.stringify(modifier)}`);
  return { isIdf: modifier === "idf", told: withoutNulls(params) };
}

function fieldIndexOf(schema: unknown): FieldIndex {
  const type = isObject(schema) ? schema.type : schema;
  if (typeof type !== "string" || !fieldTypes.includes(type as FieldType))
    throw invalid(
      `Format error in JSON body: there is no index of the type ${JSON.stringify(type)}; there are ${fieldTypes.join(", ")}`,
    );
  const index = { type: type as FieldType };
  return isObject(schema) ? { ...index, params: withoutNulls(schema) } : index;
}

function withoutNulls(object: Body): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== null && value !== undefined),
  );
}

function toldVector({ size, distance, told }: DenseParams): Record<string, unknown> {
  return { size, distance, ...told };
}

/** A collection as Qdrant tells it. */
export function infoOf(collection: Collection): Record<string, unknown> {
  const { definition, points, indexed, waiting } = collection;
  const { "": unnamed, ...named } = definition.dense;
  const told = definition.told ?? {};
  const isOne = unnamed !== undefined && Object.keys(named).length === 0;
  return {
    status: waiting > 0 ? "yellow" : "green",
    optimizer_status: "ok",
    indexed_vectors_count: indexed,
    points_count: points,
    segments_count: 1,
    config: {
      params: {
        ...(isOne
          ? { vectors: toldVector(unnamed) }
          : {
              vectors: Object.fromEntries(
                Object.entries(definition.dense).map(([name, params]) => [name, toldVector(params)]),
              ),
            }),
        shard_number: 1,
        replication_factor: told.replication_factor ?? 1,
        write_consistency_factor: told.write_consistency_factor ?? 1,
        on_disk_payload: told.on_disk_payload ?? true,
        ...(told.read_fan_out_factor !== undefined && { read_fan_out_factor: told.read_fan_out_factor }),
        ...(Object.keys(definition.sparse).length > 0 && {
          sparse_vectors: Object.fromEntries(
            Object.entries(definition.sparse).map(([name, params]) => [name, params.told ?? {}]),
          ),
        }),
      },
      hnsw_config: { ...defaults.hnsw_config, ...(told.hnsw_config as object | undefined) },
      optimizer_config: { ...defaults.optimizer_config, ...(told.optimizers_config as object | undefined) },
      wal_config: { ...defaults.wal_config, ...(told.wal_config as object | undefined) },
      quantization_config: told.quantization_config ?? null,
      ...(told.metadata !== undefined && { metadata: told.metadata }),
    },
    payload_schema: Object.fromEntries(
      Object.entries(definition.fields).map(([field, { type, params }]) => [
        field,
        { data_type: type, ...(params !== undefined && { params }), points },
      ]),
    ),
  };
}
