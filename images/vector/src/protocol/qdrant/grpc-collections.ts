import { unsupported } from "../../errors.ts";
import type { Caller } from "../caller.ts";
import type { Message, ServiceHandlers, Unary } from "../grpc-server.ts";
import type { CollectionsApi } from "./collections-api.ts";
import { createBodyOf, infoMessage, updateBodyOf } from "./config-messages.ts";
import { givenOf } from "./from-proto.ts";
import type { Body } from "./requests.ts";

/** `qdrant.Collections`. */
export function collectionsService(collections: CollectionsApi): ServiceHandlers {
  const timed =
    (answer: (caller: Caller, request: Message) => Promise<object> | object): Unary =>
    async (caller, request) => {
      const startedMs = performance.now();
      const told = await answer(caller, request);
      return { ...told, time: (performance.now() - startedMs) / 1000 };
    };
  const refused = (): never => {
    throw unsupported("sharding (a collection has one shard), which");
  };
  return {
    unary: {
      Get: timed((caller, request) => ({
        result: infoMessage(collections.info(caller, request.collection_name as string)),
      })),
      List: timed((caller) => ({ collections: collections.list(caller).map((name) => ({ name })) })),
      Create: timed(async (caller, request) => {
        await collections.create(caller, request.collection_name as string, createBodyOf(request));
        return { result: true };
      }),
      Update: timed(async (caller, request) => {
        await collections.update(caller, request.collection_name as string, updateBodyOf(request));
        return { result: true };
      }),
      Delete: timed(async (caller, request) => ({
        result: await collections.drop(caller, request.collection_name as string),
      })),
      UpdateAliases: timed(async (caller, request) => {
        const actions = (request.actions as Message[]).map((action): Body => {
          const kind = action.action as string | undefined;
          return kind === undefined ? {} : { [kind]: givenOf(action[kind] as Message) };
        });
        await collections.changeAliases(caller, actions);
        return { result: true };
      }),
      ListCollectionAliases: timed((caller, request) => ({
        aliases: collections.aliases(caller, request.collection_name as string),
      })),
      ListAliases: timed((caller) => ({ aliases: collections.aliases(caller) })),
      CollectionExists: timed((caller, request) => ({
        result: { exists: collections.exists(caller, request.collection_name as string) },
      })),
      CollectionClusterInfo: timed((caller, request) => {
        const { points_count } = collections.info(caller, request.collection_name as string);
        return { peer_id: 0, shard_count: 1, local_shards: [{ shard_id: 0, points_count, state: 0 }] };
      }),
      UpdateCollectionClusterSetup: refused,
      CreateShardKey: refused,
      DeleteShardKey: refused,
      ListShardKeys: refused,
    },
  };
}
