import type { SnapshotDescription } from "../../collections/collection-snapshots.ts";
import { unsupported } from "../../errors.ts";
import type { ServiceHandlers } from "../grpc-server.ts";
import type { SnapshotsApi } from "./snapshots-api.ts";

/** `qdrant.Snapshots`. */
export function snapshotsService(snapshots: SnapshotsApi): ServiceHandlers {
  const refused = (): never => {
    throw unsupported("a snapshot of all collections; take one of each, or persist the engine. It");
  };
  return {
    unary: {
      Create: async (caller, request) => ({
        snapshot_description: message(await snapshots.create(caller, request.collection_name as string)),
      }),
      List: async (caller, request) => ({
        snapshot_descriptions: (await snapshots.list(caller, request.collection_name as string)).map(message),
      }),
      Delete: async (caller, request) => {
        await snapshots.delete(caller, request.collection_name as string, request.snapshot_name as string);
        return {};
      },
      CreateFull: refused,
      ListFull: refused,
      DeleteFull: refused,
    },
  };
}

function message({ name, createdAt, bytes }: SnapshotDescription): object {
  const ms = createdAt.getTime();
  return { name, size: bytes, creation_time: { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 } };
}
