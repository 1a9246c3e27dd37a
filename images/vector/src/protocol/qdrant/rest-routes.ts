import { invalid, noSuchPoint, unsupported, VectorError } from "../../errors.ts";
import { isObject } from "../../model/json.ts";
import type { Caller } from "../caller.ts";
import type { CollectionsApi } from "./collections-api.ts";
import { older } from "./older-requests.ts";
import type { PointsApi, ToldGroup } from "./points-api.ts";
import { type Body, listOf, textOf } from "./requests.ts";
import { jsonSnapshot, type SnapshotsApi } from "./snapshots-api.ts";
import { idOf, jsonPoint, type ToldPoint, tellingOf } from "./told-points.ts";

export interface Apis {
  readonly points: PointsApi;
  readonly collections: CollectionsApi;
  readonly snapshots: SnapshotsApi;
}

/** What a route is given: the names in its path, the body and the query. */
export interface RouteRequest {
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly query: URLSearchParams;
}

export interface Route {
  readonly method: string;
  /** `/collections/{name}` */
  readonly path: string;
  readonly answer: (apis: Apis, request: RouteRequest) => unknown;
}

const completed = { operation_id: 0, status: "completed" };

function pointRoute(method: string, path: string, kind: string, at = ""): Route {
  return {
    method,
    path: `/collections/{name}/points${path}`,
    answer: async ({ points }, { caller, params, body }) => {
      await points.write(caller, params.name!, [[kind, at === "" ? body : ({ ...body } as Body)]]);
      return completed;
    },
  };
}

function asJson({ points }: Apis, caller: Caller, name: string, told: readonly ToldPoint[]): object[] {
  const collection = points.collection(caller, name, "read");
  return told.map((point) => jsonPoint(point, collection));
}

function groupsAsJson(
  apis: Apis,
  caller: Caller,
  name: string,
  body: Body,
  groups: readonly ToldGroup[],
): object {
  const lookup = isObject(body.with_lookup)
    ? textOf(body.with_lookup.collection, "collection")
    : body.with_lookup;
  return {
    groups: groups.map(({ id, hits, lookup: found }) => ({
      id,
      hits: asJson(apis, caller, name, hits),
      ...(found !== undefined && { lookup: asJson(apis, caller, lookup as string, [found])[0] }),
    })),
  };
}

/** Requests of many operations: each is an object with one member, its name. */
function operationsOf(body: Body): [string, Body][] {
  return listOf(body.operations, "operations").map((one) => {
    const [entry] = isObject(one) ? Object.entries(one) : [];
    if (entry === undefined || !isObject(entry[1]))
      throw invalid("Format error in JSON body: an operation is an object with one member");
    return entry as [string, Body];
  });
}

const collectionRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/collections",
    answer: ({ collections }, { caller }) => ({
      collections: collections.list(caller).map((name) => ({ name })),
    }),
  },
  {
    method: "PUT",
    path: "/collections/{name}",
    answer: async ({ collections }, { caller, params, body }) => {
      await collections.create(caller, params.name!, body);
      return true;
    },
  },
  {
    method: "PATCH",
    path: "/collections/{name}",
    answer: async ({ collections }, { caller, params, body }) => {
      await collections.update(caller, params.name!, body);
      return true;
    },
  },
  {
    method: "DELETE",
    path: "/collections/{name}",
    answer: ({ collections }, { caller, params }) => collections.drop(caller, params.name!),
  },
  {
    method: "GET",
    path: "/collections/{name}",
    answer: ({ collections }, { caller, params }) => collections.info(caller, params.name!),
  },
  {
    method: "GET",
    path: "/collections/{name}/exists",
    answer: ({ collections }, { caller, params }) => ({ exists: collections.exists(caller, params.name!) }),
  },
  {
    method: "POST",
    path: "/collections/aliases",
    answer: async ({ collections }, { caller, body }) => {
      await collections.changeAliases(caller, listOf(body.actions, "actions") as Body[]);
      return true;
    },
  },
  {
    method: "GET",
    path: "/aliases",
    answer: ({ collections }, { caller }) => ({ aliases: collections.aliases(caller) }),
  },
  {
    method: "GET",
    path: "/collections/{name}/aliases",
    answer: ({ collections }, { caller, params }) => ({ aliases: collections.aliases(caller, params.name) }),
  },
  {
    method: "PUT",
    path: "/collections/{name}/index",
    answer: async ({ collections }, { caller, params, body }) => {
      const schema = body.field_schema ?? body.field_type;
      await collections.createIndex(caller, params.name!, textOf(body.field_name, "field_name"), schema);
      return completed;
    },
  },
  {
    method: "DELETE",
    path: "/collections/{name}/index/{field}",
    answer: async ({ collections }, { caller, params }) => {
      await collections.dropIndex(caller, params.name!, params.field!);
      return completed;
    },
  },
  {
    method: "PUT",
    path: "/collections/{name}/vectors/{vector}",
    answer: async ({ collections }, { caller, params, body }) => {
      await collections.addVector(caller, params.name!, params.vector!, body);
      return completed;
    },
  },
  {
    method: "DELETE",
    path: "/collections/{name}/vectors/{vector}",
    answer: async ({ collections }, { caller, params }) => {
      await collections.dropVector(caller, params.name!, params.vector!);
      return completed;
    },
  },
  {
    method: "GET",
    path: "/collections/{name}/cluster",
    answer: ({ collections }, { caller, params }) => {
      const { points_count } = collections.info(caller, params.name!);
      return {
        peer_id: 0,
        shard_count: 1,
        local_shards: [{ shard_id: 0, points_count, state: "Active" }],
        remote_shards: [],
        shard_transfers: [],
      };
    },
  },
];

const pointRoutes: readonly Route[] = [
  pointRoute("PUT", "", "upsert"),
  pointRoute("POST", "/delete", "delete"),
  pointRoute("PUT", "/vectors", "update_vectors"),
  pointRoute("POST", "/vectors/delete", "delete_vectors"),
  pointRoute("POST", "/payload", "set_payload"),
  pointRoute("PUT", "/payload", "overwrite_payload"),
  pointRoute("POST", "/payload/delete", "delete_payload"),
  pointRoute("POST", "/payload/clear", "clear_payload"),
  {
    method: "POST",
    path: "/collections/{name}/points/batch",
    answer: async ({ points }, { caller, params, body }) => {
      const count = await points.write(caller, params.name!, operationsOf(body));
      return Array.from({ length: count }, () => completed);
    },
  },
  {
    method: "GET",
    path: "/collections/{name}/points/{id}",
    answer: async (apis, { caller, params }) => {
      const id = /^\d+$/.test(params.id!) ? BigInt(params.id!) : params.id!;
      const [point] = await apis.points.get(caller, params.name!, [id], tellingOf(true, true));
      if (point === undefined) throw noSuchPoint(params.id!);
      return asJson(apis, caller, params.name!, [point])[0];
    },
  },
  {
    method: "POST",
    path: "/collections/{name}/points",
    answer: async (apis, { caller, params, body }) => {
      const telling = tellingOf(body.with_payload, body.with_vector, { payload: true });
      return asJson(
        apis,
        caller,
        params.name!,
        await apis.points.get(caller, params.name!, body.ids, telling),
      );
    },
  },
  {
    method: "POST",
    path: "/collections/{name}/points/scroll",
    answer: async (apis, { caller, params, body }) => {
      const { points, next } = await apis.points.scroll(caller, params.name!, body);
      return { points: asJson(apis, caller, params.name!, points), next_page_offset: next ?? null };
    },
  },
  {
    method: "POST",
    path: "/collections/{name}/points/count",
    answer: async ({ points }, { caller, params, body }) => ({
      count: await points.count(caller, params.name!, body.filter),
    }),
  },
  {
    method: "POST",
    path: "/collections/{name}/facet",
    answer: async ({ points }, { caller, params, body }) => ({
      hits: await points.facet(caller, params.name!, body),
    }),
  },
  {
    method: "POST",
    path: "/collections/{name}/points/query",
    answer: async (apis, { caller, params, body }) => ({
      points: asJson(apis, caller, params.name!, await apis.points.query(caller, params.name!, body)),
    }),
  },
  {
    method: "POST",
    path: "/collections/{name}/points/query/batch",
    answer: async (apis, { caller, params, body }) => {
      const results = await apis.points.queryBatch(
        caller,
        params.name!,
        listOf(body.searches, "searches") as Body[],
      );
      return results.map((points) => ({ points: asJson(apis, caller, params.name!, points) }));
    },
  },
  {
    method: "POST",
    path: "/collections/{name}/points/query/groups",
    answer: async (apis, { caller, params, body }) =>
      groupsAsJson(
        apis,
        caller,
        params.name!,
        body,
        await apis.points.queryGroups(caller, params.name!, body),
      ),
  },
  {
    method: "POST",
    path: "/collections/{name}/points/search/matrix/pairs",
    answer: async ({ points }, { caller, params, body }) => {
      const { keys, nearest } = await points.matrix(caller, params.name!, body);
      return {
        pairs: nearest.flatMap((list, i) =>
          list.map(({ at, score }) => ({ a: idOf(keys[i]!), b: idOf(keys[at]!), score })),
        ),
      };
    },
  },
  {
    method: "POST",
    path: "/collections/{name}/points/search/matrix/offsets",
    answer: async ({ points }, { caller, params, body }) => {
      const { keys, nearest } = await points.matrix(caller, params.name!, body);
      return {
        offsets_row: nearest.flatMap((list, i) => list.map(() => i)),
        offsets_col: nearest.flatMap((list) => list.map(({ at }) => at)),
        scores: nearest.flatMap((list) => list.map(({ score }) => score)),
        ids: keys.map(idOf),
      };
    },
  },
];

/** What clients of before the universal query ask: each is translated into one. */
const olderRoutes: readonly Route[] = (["search", "recommend", "discover"] as const).flatMap((kind) => {
  const path = `/collections/{name}/points/${kind}`;
  return [
    {
      method: "POST",
      path,
      answer: async (apis: Apis, { caller, params, body }: RouteRequest) =>
        asJson(apis, caller, params.name!, await apis.points.query(caller, params.name!, older[kind](body))),
    },
    {
      method: "POST",
      path: `${path}/batch`,
      answer: async (apis: Apis, { caller, params, body }: RouteRequest) => {
        const bodies = (listOf(body.searches, "searches") as Body[]).map(older[kind]);
        const results = await apis.points.queryBatch(caller, params.name!, bodies);
        return results.map((points) => asJson(apis, caller, params.name!, points));
      },
    },
    {
      method: "POST",
      path: `${path}/groups`,
      answer: async (apis: Apis, { caller, params, body }: RouteRequest) =>
        groupsAsJson(
          apis,
          caller,
          params.name!,
          body,
          await apis.points.queryGroups(caller, params.name!, older[kind](body)),
        ),
    },
  ];
});

const snapshotRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/collections/{name}/snapshots",
    answer: async ({ snapshots }, { caller, params }) =>
      (await snapshots.list(caller, params.name!)).map(jsonSnapshot),
  },
  {
    method: "POST",
    path: "/collections/{name}/snapshots",
    answer: async ({ snapshots }, { caller, params }) =>
      jsonSnapshot(await snapshots.create(caller, params.name!)),
  },
  {
    method: "GET",
    path: "/collections/{name}/snapshots/{snapshot}",
    answer: ({ snapshots }, { caller, params }) => snapshots.open(caller, params.name!, params.snapshot!),
  },
  {
    method: "DELETE",
    path: "/collections/{name}/snapshots/{snapshot}",
    answer: async ({ snapshots }, { caller, params }) => {
      await snapshots.delete(caller, params.name!, params.snapshot!);
      return true;
    },
  },
  {
    method: "PUT",
    path: "/collections/{name}/snapshots/recover",
    answer: async ({ snapshots }, { caller, params, body }) => {
      await snapshots.recover(caller, params.name!, body);
      return true;
    },
  },
  {
    method: "GET",
    path: "/snapshots",
    answer: () => {
      throw unsupported("a snapshot of all collections; take one of each, or persist the engine");
    },
  },
  {
    method: "POST",
    path: "/snapshots",
    answer: () => {
      throw unsupported("a snapshot of all collections; take one of each, or persist the engine");
    },
  },
  {
    method: "GET",
    path: "/cluster",
    answer: () => ({ status: "disabled" }),
  },
  {
    method: "GET",
    path: "/telemetry",
    answer: () => {
      throw new VectorError("unimplemented", "telemetry is not supported; metrics are on the admin port");
    },
  },
];

export const qdrantRoutes: readonly Route[] = [
  ...collectionRoutes,
  ...pointRoutes,
  ...olderRoutes,
  ...snapshotRoutes,
];
