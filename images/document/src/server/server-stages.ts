import { hostname } from "node:os";
import { statement } from "@weftkit/store";
import { typeName } from "../bson/types.ts";
import { BinData, DateTime, Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Run } from "../exec/run.ts";
import type { Stage, StageContext } from "../stages/stage.ts";
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
  return {
    name,
    spec,
    isInitial: true,
    connect: () => {
      let docs: readonly Doc[] | undefined;
      let next = 0;
      return {
        next(run) {
          docs ??= make.docs(server, context, run);
          return docs[next++];
        },
      };
    },
  };
}

interface ServerStage {
  readonly isOfDatabase: boolean;
  docs(server: Server, context: StageContext, run: Run): readonly Doc[];
}

const stages: Readonly<Record<string, ServerStage>> = {
  $listLocalSessions: {
    isOfDatabase: true,
    docs: ({ sessions }) =>
      [...sessions.all()].map(({ id, user, lastUsedMs }) =>
        Doc.of({ _id: Doc.of({ id: new BinData(4, id), uid: user }), lastUse: new DateTime(lastUsedMs) }),
      ),
  },
  $currentOp: {
    isOfDatabase: true,
    docs: ({ operations }) =>
      [...operations.values()].map((operation) =>
        Doc.of({
          type: "op",
          host: hostname(),
          opid: operation.id,
          active: true,
          op: "command",
          ns: operation.namespace,
          microsecs_running: BigInt((Date.now() - operation.startedMs) * 1000),
          command: operation.command,
        }),
      ),
  },
  $indexStats: {
    isOfDatabase: false,
    docs: ({ catalog }, { db, collection }) =>
      (catalog.find(db, collection!)?.indexes ?? []).map((index) =>
        Doc.of({ name: index.name, key: index.spec.get("key"), host: hostname(), spec: index.spec }),
      ),
  },
  $collStats: {
    isOfDatabase: false,
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
