import { isTruthy } from "../../bson/numbers.ts";
import type { Doc } from "../../bson/values.ts";

/** What a command needs of those whom createUser has made. */
export interface Need {
  /** All of them; of an inner list, one. */
  readonly actions: readonly (string | readonly string[])[];
  readonly on: "collection" | "database" | "cluster";
}

/** Commands that anybody who is logged in may run, or that look themselves at who asks. */
const free = new Set([
  "abortTransaction",
  "bulkWrite",
  "commitTransaction",
  "currentOp",
  "endSessions",
  "explain",
  "getMore",
  "killCursors",
  "killOp",
  "killSessions",
  "listDatabases",
  "refreshSessions",
  "renameCollection",
  "rolesInfo",
  "startSession",
  "usersInfo",
]);

const needs: Readonly<Record<string, Need>> = {
  aggregate: { actions: ["find"], on: "collection" },
  collMod: { actions: ["collMod"], on: "collection" },
  collStats: { actions: ["collStats"], on: "collection" },
  count: { actions: ["find"], on: "collection" },
  create: { actions: [["createCollection", "insert"]], on: "collection" },
  createIndexes: { actions: ["createIndex"], on: "collection" },
  createUser: { actions: ["createUser"], on: "database" },
  dbStats: { actions: ["dbStats"], on: "database" },
  delete: { actions: ["remove"], on: "collection" },
  distinct: { actions: ["find"], on: "collection" },
  drop: { actions: ["dropCollection"], on: "collection" },
  dropAllUsersFromDatabase: { actions: ["dropUser"], on: "database" },
  dropDatabase: { actions: ["dropDatabase"], on: "database" },
  dropIndexes: { actions: ["dropIndex"], on: "collection" },
  dropUser: { actions: ["dropUser"], on: "database" },
  find: { actions: ["find"], on: "collection" },
  grantRolesToUser: { actions: ["grantRole"], on: "database" },
  insert: { actions: ["insert"], on: "collection" },
  listIndexes: { actions: ["listIndexes"], on: "collection" },
  revokeRolesFromUser: { actions: ["revokeRole"], on: "database" },
  update: { actions: ["update"], on: "collection" },
  updateUser: { actions: ["changePassword", "changeCustomData"], on: "database" },
  validate: { actions: ["validate"], on: "collection" },
  killAllSessions: { actions: ["killAnySession"], on: "cluster" },
  replSetGetConfig: { actions: ["replSetGetConfig"], on: "cluster" },
};

/** What this call of a command needs; undefined: nothing. All that has no entry is an action of the cluster, by its name. */
export function needOf(command: string, body: Doc): Need | undefined {
  if (free.has(command)) return undefined;
  if (command === "findAndModify") {
    const isRemoving = isTruthy(body.get("remove"));
    const upserts = isTruthy(body.get("upsert")) ? ["insert"] : [];
    return { actions: ["find", isRemoving ? "remove" : "update", ...upserts], on: "collection" };
  }
  if (command === "listCollections") {
    // Names of what one may read are told to everybody.
    const isOfOwn = isTruthy(body.get("nameOnly")) && isTruthy(body.get("authorizedCollections"));
    return isOfOwn ? undefined : { actions: ["listCollections"], on: "database" };
  }
  if (command === "update" && hasUpsert(body)) return { actions: ["update", "insert"], on: "collection" };
  return needs[command] ?? { actions: [command], on: "cluster" };
}

function hasUpsert(body: Doc): boolean {
  const updates = body.get("updates");
  return Array.isArray(updates) && updates.some((one) => isTruthy((one as Doc | null)?.get?.("upsert")));
}
