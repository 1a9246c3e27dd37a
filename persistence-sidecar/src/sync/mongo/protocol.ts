import type { SyncProtocol } from "../protocol.ts";
import { databaseOf } from "./connect.ts";
import { MongoSide } from "./mongo-side.ts";

/** weftkit/document, and what else speaks MongoDB's protocol with change streams and transactions. */
export const mongo: SyncProtocol = {
  schemes: ["mongodb:", "mongodb+srv:"],
  tellsChanges: true,

  check(section, wrong) {
    for (const key of ["remote_endpoint", "local_endpoint"] as const) {
      const endpoint = section[key];
      if (endpoint !== undefined && URL.canParse(endpoint) && databaseOf(endpoint) === undefined)
        wrong(key, "names no database: mongodb://user:password@host:27017/shop?authSource=admin");
    }
    if (section.conflict_resolution === "crdt")
      wrong("conflict_resolution", "crdt is not supported for MongoDB yet: lww is");
  },

  kinds: () => () => "register",

  open({ localEndpoint, remoteEndpoint, isWanted }, journal) {
    const sideOf = (side: "local" | "remote", endpoint: string) =>
      new MongoSide({
        side,
        endpoint,
        id: journal.id,
        isWanted,
        identity: {
          get: () => journal.identity(side),
          set: (text) => journal.identify(side, text),
        },
      });
    return { local: sideOf("local", localEndpoint), remote: sideOf("remote", remoteEndpoint) };
  },
};
