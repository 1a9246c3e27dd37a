import { unsupported } from "../../errors.ts";
import type { Caller } from "../caller.ts";
import type { Body } from "./requests.ts";

/** Qdrant's snapshots of a collection. */
export class SnapshotsApi {
  list(_caller: Caller, _collection: string): object {
    throw unsupported("a snapshot");
  }

  create(_caller: Caller, _collection: string): object {
    throw unsupported("a snapshot");
  }

  delete(_caller: Caller, _collection: string, _snapshot: string): object {
    throw unsupported("a snapshot");
  }

  recover(_caller: Caller, _collection: string, _body: Body): object {
    throw unsupported("a snapshot");
  }
}
