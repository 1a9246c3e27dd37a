import { cpus, hostname, totalmem } from "node:os";
import { statement } from "@weftkit/store";
import { isNumeric } from "../bson/types.ts";
import { DateTime, Doc, Double, Timestamp } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { mongoVersion, replicaSetName, weftkitVersion } from "../identity.ts";
import { nameOf, rolesOf } from "../server/access/stored-user.ts";
import type { Command } from "../server/command.ts";
import { roleDocs } from "../server/users.ts";
import { documentBytesMax } from "../storage/records.ts";
import { requireWritable } from "./collections.ts";

/** What tools ask about the server itself. */

export const ping: Command = { name: "ping", right: "none", run: () => Doc.empty() };

export const buildInfo: Command = {
  name: "buildInfo",
  aliases: ["buildinfo"],
  right: "none",
  run: () =>
    Doc.of({
      version: mongoVersion.text,
      gitVersion: "unknown",
      modules: [],
      allocator: "system",
      javascriptEngine: "none",
      sysInfo: "deprecated",
      versionArray: [...mongoVersion.array],
      bits: 64,
      debug: false,
      maxBsonObjectSize: documentBytesMax,
      storageEngines: ["weftkit"],
      weftkitVersion,
    }),
};

export const connectionStatus: Command = {
  name: "connectionStatus",
  right: "none",
  run: ({ connection: { user, userDb } }) => {
    return Doc.of({
      authInfo: Doc.of({
        authenticatedUsers: user === undefined ? [] : [Doc.of({ user: nameOf(user).user, db: userDb })],
        authenticatedUserRoles: user === undefined ? [] : roleDocs(rolesOf(user)),
      }),
    });
  },
};

export const serverStatus: Command = {
  name: "serverStatus",
  right: "connect",
  run: ({ server }) => {
    const uptime = (Date.now() - server.startedMs) / 1000;
    return Doc.of({
      host: hostname(),
      version: mongoVersion.text,
      process: "mongod",
      pid: BigInt(process.pid),
      uptime: new Double(Math.floor(uptime)),
      uptimeMillis: BigInt(Math.floor(uptime * 1000)),
      uptimeEstimate: BigInt(Math.floor(uptime)),
      localTime: new DateTime(Date.now()),
      connections: Doc.of({
        current: server.connections,
        available: 10_000 - server.connections,
        totalCreated: server.connectionsCreated,
        active: server.operations.size,
      }),
      metrics: Doc.of({
        cursor: Doc.of({
          timedOut: BigInt(server.cursors.timedOut),
          totalOpened: BigInt(server.cursors.opened),
          open: Doc.of({ total: BigInt(server.cursors.size) }),
        }),
      }),
      logicalSessionRecordCache: Doc.of({ activeSessionsCount: server.sessions.size }),
      transactions: Doc.of({ currentOpen: BigInt(server.writes.openTransactions) }),
      mem: Doc.of({
        bits: 64,
        resident: Math.round(process.memoryUsage.rss() / 1048576),
        virtual: 0,
        supported: true,
      }),
      storageEngine: Doc.of({ name: "weftkit", supportsCommittedReads: true, persistent: true }),
      repl: Doc.of({ setName: replicaSetName, isWritablePrimary: true }),
    });
  },
};

export const hostInfo: Command = {
  name: "hostInfo",
  right: "connect",
  run: () =>
    Doc.of({
      system: Doc.of({
        currentTime: new DateTime(Date.now()),
        hostname: hostname(),
        cpuAddrSize: 64,
        memSizeMB: BigInt(Math.round(totalmem() / 1048576)),
        numCores: cpus().length,
        cpuArch: process.arch,
        numaEnabled: false,
      }),
      os: Doc.of({ type: process.platform, name: process.platform, version: process.version }),
      extra: Doc.empty(),
    }),
};

const parameters: Readonly<Record<string, () => import("../bson/values.ts").Value>> = {
  featureCompatibilityVersion: () => Doc.of({ version: "8.0" }),
  authenticationMechanisms: () => ["SCRAM-SHA-1", "SCRAM-SHA-256", "MONGODB-X509"],
  logLevel: () => 0,
  quiet: () => false,
  enableTestCommands: () => false,
  cursorTimeoutMillis: () => 600_000n,
  transactionLifetimeLimitSeconds: () => 60,
  localLogicalSessionTimeoutMinutes: () => 30,
  requireApiVersion: () => false,
  internalQueryMaxBlockingSortMemoryUsageBytes: () => 104_857_600,
  notablescan: () => false,
};

export const getParameter: Command = {
  name: "getParameter",
  right: "connect",
  isAdminOnly: true,
  run: ({ body, server }) => {
    const reply = Doc.empty();
    const isAll =
      body.get("getParameter") === "*" ||
      (body.get("getParameter") instanceof Doc &&
        (body.get("getParameter") as Doc).get("allParameters") === true);
    for (const [name, value] of Object.entries(parameters)) {
      if (isAll || body.has(name)) {
        reply.set(name, name === "enableTestCommands" ? server.options.allowsFailPoints : value());
      }
    }
    if (reply.isEmpty) throw new MongoError(72, "no option found to get");
    return reply;
  },
};

export const setParameter: Command = {
  name: "setParameter",
  right: "admin",
  isAdminOnly: true,
  run: ({ body }) => {
    const name = [...body.keys()][1] ?? "";
    throw new MongoError(
      72,
      `attempted to set unrecognized or unchangeable parameter [${name}]: this server is configured by weftkit.toml`,
    );
  },
};

export const getLog: Command = {
  name: "getLog",
  right: "admin",
  isAdminOnly: true,
  run: ({ body }) => {
    const which = body.get("getLog");
    if (typeof which !== "string") throw new MongoError(14, "Argument to getLog must be of type String");
    if (which === "*") return Doc.of({ names: ["global", "startupWarnings"] });
    if (which !== "global" && which !== "startupWarnings")
      throw new MongoError(96, `No log named '${which}'`);
    return Doc.of({ totalLinesWritten: 0, log: [] });
  },
};

export const getCmdLineOpts: Command = {
  name: "getCmdLineOpts",
  right: "admin",
  isAdminOnly: true,
  run: () => Doc.of({ argv: ["weftkit-document"], parsed: Doc.empty() }),
};

export const replSetGetStatus: Command = {
  name: "replSetGetStatus",
  right: "connect",
  isAdminOnly: true,
  run: ({ server, connection }) => {
    const ts = new Timestamp(server.clock());
    return Doc.of({
      set: replicaSetName,
      date: new DateTime(Date.now()),
      myState: 1,
      term: 1n,
      members: [
        Doc.of({
          _id: 0,
          name: server.options.advertisedAddress ?? connection.local,
          health: new Double(1),
          state: 1,
          stateStr: "PRIMARY",
          uptime: Math.floor((Date.now() - server.startedMs) / 1000),
          optime: Doc.of({ ts, t: 1n }),
          self: true,
        }),
      ],
    });
  },
};

export const replSetGetConfig: Command = {
  name: "replSetGetConfig",
  right: "connect",
  isAdminOnly: true,
  run: ({ server, connection }) =>
    Doc.of({
      config: Doc.of({
        _id: replicaSetName,
        version: 1,
        term: 1,
        members: [
          Doc.of({
            _id: 0,
            host: server.options.advertisedAddress ?? connection.local,
            arbiterOnly: false,
            priority: 1,
            votes: 1,
          }),
        ],
      }),
    }),
};

export const whatsMyUri: Command = {
  name: "whatsmyuri",
  right: "none",
  run: ({ connection }) => Doc.of({ you: connection.remote }),
};

export const listCommands: Command = {
  name: "listCommands",
  right: "none",
  run: ({ server }) => {
    const commands = Doc.empty();
    for (const { name, isAdminOnly = false } of server.options.commands) {
      commands.set(
        name,
        Doc.of({
          help: "",
          requiresAuth: true,
          secondaryOk: false,
          adminOnly: isAdminOnly,
          apiVersions: [],
          deprecatedApiVersions: [],
        }),
      );
    }
    return Doc.of({ commands });
  },
};

export const collStats: Command = {
  name: "collStats",
  aliases: ["collstats"],
  right: { action: "read", on: "collection" },
  run: async (call) => {
    const { server, db, collection: name, body } = call;
    const scale = body.get("scale");
    const divisor = isNumeric(scale) ? Number(scale) : 1;
    const collection = server.catalog.find(db, name);
    if (collection !== undefined) requireWritable(collection);
    const stats =
      collection === undefined
        ? { count: 0, bytes: 0 }
        : await call.read(
            ({ db: database }) =>
              statement(
                database,
                `SELECT count(*) AS count, coalesce(sum(length(doc)), 0) AS bytes FROM ${collection.table}`,
              ).get() as { count: number; bytes: number },
          );
    const scaled = (bytes: number) => Math.floor(bytes / divisor);
    const indexSizes = Doc.empty();
    for (const index of collection?.indexes ?? []) indexSizes.set(index.name, scaled(4096));
    return Doc.of({
      ns: `${db}.${name}`,
      size: scaled(stats.bytes),
      count: stats.count,
      ...(stats.count > 0 && { avgObjSize: Math.floor(stats.bytes / stats.count) }),
      numOrphanDocs: 0,
      storageSize: scaled(stats.bytes + 4096),
      freeStorageSize: 0,
      capped: collection?.capped !== undefined,
      ...(collection?.capped !== undefined && {
        max: Number.isFinite(collection.capped.countMax) ? collection.capped.countMax : 0,
        maxSize: collection.capped.bytesMax,
      }),
      nindexes: collection?.indexes.length ?? 0,
      indexBuilds: [],
      totalIndexSize: scaled((collection?.indexes.length ?? 0) * 4096),
      totalSize: scaled(stats.bytes + 4096),
      indexSizes,
      scaleFactor: divisor,
    });
  },
};

export const dbStats: Command = {
  name: "dbStats",
  aliases: ["dbstats"],
  right: { action: "read", on: "database" },
  run: async (call) => {
    const { server, db, body } = call;
    const scale = body.get("scale");
    const divisor = isNumeric(scale) ? Number(scale) : 1;
    const all = server.catalog.of(db);
    const collections = all.filter(({ kind }) => kind !== "view");
    const stats = await call.read(({ db: database }) =>
      collections.map(
        ({ table }) =>
          statement(
            database,
            `SELECT count(*) AS count, coalesce(sum(length(doc)), 0) AS bytes FROM ${table}`,
          ).get() as { count: number; bytes: number },
      ),
    );
    const objects = stats.reduce((sum, { count }) => sum + count, 0);
    const bytes = stats.reduce((sum, one) => sum + one.bytes, 0);
    const indexes = collections.reduce((sum, one) => sum + one.indexes.length, 0);
    return Doc.of({
      db,
      collections: BigInt(collections.length),
      views: BigInt(all.length - collections.length),
      objects: BigInt(objects),
      avgObjSize: new Double(objects === 0 ? 0 : bytes / objects),
      dataSize: new Double(bytes / divisor),
      storageSize: new Double((bytes + collections.length * 4096) / divisor),
      indexes: BigInt(indexes),
      indexSize: new Double((indexes * 4096) / divisor),
      totalSize: new Double((bytes + (collections.length + indexes) * 4096) / divisor),
      scaleFactor: BigInt(divisor),
      fsUsedSize: new Double(0),
      fsTotalSize: new Double(0),
    });
  },
};
