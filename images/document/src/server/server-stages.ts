import { hostname } from "node:os";
import type { SecurityContext } from "@weftkit/auth";
import { statement } from "@weftkit/store";
import { typeName } from "../bson/types.ts";
import { BinData, DateTime, Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Run } from "../exec/run.ts";
import type { Stage, StageContext } from "../stages/stage.ts";
import { StoredUser } from "./access/stored-user.ts";
import { describeOperation } from "./operation.ts";
import { mayOnCluster, requireAction } from "./rights.ts";
import { refuseSearchIndexes } from "./search-indexes.ts";
import type { Server } from "./server.ts";

/** Stages that give the server's own state, and stand first. */
export function serverStage(
  server: Server,
  name: string,
  spec: Value,
  context: StageContext,
): Stage | undefined {
  const make = stages[name];
  if (make === undefined) return undefined;
  if (!(spec instanceof Doc))
    throw new MongoError(
      name === "$collStats" ? 5447000 : 9,
      `${name} must take an object, not ${typeName(spec)}`,
    );
  const isOfDatabase = context.collection === undefined;
  if (isOfDatabase !== make.isOfDatabase) {
    throw new MongoError(
      73,
      `${name} ${make.isOfDatabase ? "must be run against a database, with {aggregate: 1}" : "must be run against a collection"}`,
    );
  }
  make.check?.(context, spec);
  return {
    name,
    spec,
    isInitial: true,
    connect: () => {
      let docs: readonly Doc[] | undefined;
      let next = 0;
      return {
        next(run) {
          docs ??= make.docs(server, context, run, spec);
          return docs[next++];
        },
      };
    },
  };
}

interface ServerStage {
  readonly isOfDatabase: boolean;
  /** @throws MongoError at once, before anything is read */
  check?(context: StageContext, spec: Doc): void;
  docs(server: Server, context: StageContext, run: Run, spec: Doc): readonly Doc[];
}

const currentOpOptions = [
  "allUsers",
  "idleConnections",
  "idleCursors",
  "idleSessions",
  "localOps",
  "truncateOps",
  "backtrace",
  "targetAllNodes",
];

function isOfAllUsers(spec: Doc): boolean {
  return spec.get("allUsers") === true;
}

/** @throws MongoError 13 */
function requireStatsRight(
  user: SecurityContext | undefined,
  action: string,
  db: string,
  collection: string,
): void {
  if (user === undefined || (user instanceof StoredUser && user.may(action, db, collection))) return;
  requireAction(user, "read", db, collection);
}

/** @throws MongoError 13 */
function requireAllUsersRight(user: SecurityContext | undefined, name: string, isOfAll: boolean): void {
  if (!isOfAll || mayOnCluster(user, name === "$currentOp" ? "inprog" : "listSessions")) return;
  throw new MongoError(13, `not authorized on admin to see with ${name} what others do`);
}

const stages: Readonly<Record<string, ServerStage>> = {
  $listSearchIndexes: { isOfDatabase: false, check: refuseSearchIndexes, docs: () => [] },
  $listLocalSessions: {
    isOfDatabase: true,
    check: ({ user }, spec) => requireAllUsersRight(user, "$listLocalSessions", isOfAllUsers(spec)),
    docs: ({ sessions }, { user: asking }, _run, spec) =>
      [...sessions.all()]
        .filter(({ user }) => isOfAllUsers(spec) || user === asking?.user)
        .map(({ id, user, lastUsedMs }) =>
          Doc.of({ _id: Doc.of({ id: new BinData(4, id), uid: user }), lastUse: new DateTime(lastUsedMs) }),
        ),
  },
  $currentOp: {
    isOfDatabase: true,
    check: ({ user, db }, spec) => {
      if (db !== "admin") {
        throw new MongoError(73, "$currentOp must be run against the 'admin' database with {aggregate: 1}");
      }
      for (const [option, value] of spec) {
        if (!currentOpOptions.includes(option))
          throw new MongoError(9, `Unrecognized option '${option}' in $currentOp stage.`);
        if (typeof value !== "boolean")
          throw new MongoError(
            9,
            `The '${option}' parameter of the $currentOp stage must be a boolean value, but found: ${typeName(value)}`,
          );
      }
      requireAllUsersRight(user, "$currentOp", isOfAllUsers(spec));
    },
    docs: ({ operations }, { user }, _run, spec) =>
      [...operations.values()]
        .filter((operation) => isOfAllUsers(spec) || operation.user.user === user?.user)
        .map(describeOperation),
  },
  $indexStats: {
    isOfDatabase: false,
    check: ({ user, db, collection }) => requireStatsRight(user, "indexStats", db, collection!),
    docs: ({ catalog }, { db, collection }) =>
      (catalog.find(db, collection!)?.indexes ?? []).map((index) =>
        Doc.of({ name: index.name, key: index.spec.get("key"), host: hostname(), spec: index.spec }),
      ),
  },
  $collStats: {
    isOfDatabase: false,
    check: ({ user, db, collection }) => requireStatsRight(user, "collStats", db, collection!),
    docs: ({ catalog }, { db, collection: name }, run) => {
      const collection = catalog.find(db, name!);
      if (collection === undefined) throw new MongoError(26, `Collection [${db}.${name}] not found.`);
      const stats = statement(
        run.db,
        `SELECT count(*) AS count, coalesce(sum(length(doc)), 0) AS bytes FROM ${collection.table}`,
      ).get() as { count: number; bytes: number };
      return [
        Doc.of({
          ns: `${db}.${name}`,
          host: hostname(),
          localTime: new DateTime(Date.now()),
          count: stats.count,
          storageStats: Doc.of({
            size: stats.bytes,
            count: stats.count,
            nindexes: collection.indexes.length,
            capped: collection.capped !== undefined,
          }),
        }),
      ];
    },
  },
};
