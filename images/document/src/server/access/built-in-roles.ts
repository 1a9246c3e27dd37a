/** MongoDB's built-in roles (the manual's page "Built-In Roles"), as far as this server has what they are about. */

/** What a privilege is on: a database's collections, a collection, the cluster, or everything. */
export type Resource =
  | { readonly kind: "database"; readonly db: string }
  | { readonly kind: "anyDatabase" }
  | { readonly kind: "cluster" }
  | { readonly kind: "anyResource" };

export interface Privilege {
  readonly resource: Resource;
  /** Undefined: all there are. */
  readonly actions: readonly string[] | undefined;
}

const read = [
  "changeStream",
  "collStats",
  "dbHash",
  "dbStats",
  "find",
  "killCursors",
  "listIndexes",
  "listCollections",
];
const write = [
  "convertToCapped",
  "createCollection",
  "dropCollection",
  "createIndex",
  "dropIndex",
  "insert",
  "remove",
  "renameCollectionSameDB",
  "update",
];
const dbAdmin = [
  "bypassDocumentValidation",
  "collMod",
  "collStats",
  "compact",
  "convertToCapped",
  "createCollection",
  "createIndex",
  "dbStats",
  "dropCollection",
  "dropDatabase",
  "dropIndex",
  "enableProfiler",
  "indexStats",
  "listCollections",
  "listIndexes",
  "reIndex",
  "renameCollectionSameDB",
  "validate",
];
const userAdmin = [
  "changeCustomData",
  "changePassword",
  "createRole",
  "createUser",
  "dropRole",
  "dropUser",
  "grantRole",
  "revokeRole",
  "setAuthenticationRestriction",
  "viewRole",
  "viewUser",
];
const clusterMonitor = [
  "connPoolStats",
  "getCmdLineOpts",
  "getLog",
  "getParameter",
  "hostInfo",
  "inprog",
  "listDatabases",
  "listSessions",
  "replSetGetConfig",
  "replSetGetStatus",
  "serverStatus",
  "top",
];
const clusterManager = ["listSessions", "replSetConfigure", "replSetGetConfig", "replSetGetStatus"];
const hostManager = [
  "fsync",
  "invalidateUserCache",
  "killAnyCursor",
  "killAnySession",
  "killop",
  "logRotate",
  "setParameter",
  "shutdown",
];
const restore = [
  "bypassDocumentValidation",
  "changeCustomData",
  "changePassword",
  "collMod",
  "convertToCapped",
  "createCollection",
  "createIndex",
  "createRole",
  "createUser",
  "dropCollection",
  "dropRole",
  "dropUser",
  "grantRole",
  "insert",
  "listCollections",
  "revokeRole",
  "viewRole",
  "viewUser",
];

type Grants = (db: string) => readonly Privilege[];

const on =
  (...actions: readonly (readonly string[])[]): Grants =>
  (db) => [{ resource: { kind: "database", db }, actions: actions.flat() }];
const everywhere = (...actions: readonly (readonly string[])[]): Privilege => ({
  resource: { kind: "anyDatabase" },
  actions: actions.flat(),
});
const cluster = (...actions: readonly (readonly string[])[]): Privilege => ({
  resource: { kind: "cluster" },
  actions: actions.flat(),
});

/** Roles that every database has. */
const ofDatabase: Readonly<Record<string, Grants>> = {
  read: on(read),
  readWrite: on(read, write),
  dbAdmin: on(dbAdmin),
  dbOwner: on(read, write, dbAdmin, userAdmin),
  userAdmin: on(userAdmin),
  enableSharding: () => [],
};

/** Roles of the database `admin` alone. */
const ofAdmin: Readonly<Record<string, readonly Privilege[]>> = {
  readAnyDatabase: [everywhere(read), cluster(["listDatabases"])],
  readWriteAnyDatabase: [everywhere(read, write), cluster(["listDatabases"])],
  dbAdminAnyDatabase: [everywhere(dbAdmin), cluster(["listDatabases"])],
  userAdminAnyDatabase: [everywhere(userAdmin), cluster(["invalidateUserCache", "listDatabases"])],
  clusterMonitor: [cluster(clusterMonitor), everywhere(["collStats", "dbStats", "indexStats"])],
  clusterManager: [cluster(clusterManager)],
  hostManager: [cluster(hostManager), everywhere(["killCursors"])],
  clusterAdmin: [
    cluster(clusterMonitor, clusterManager, hostManager),
    everywhere(["collStats", "dbStats", "indexStats", "killCursors", "dropDatabase"]),
  ],
  backup: [
    everywhere(["find", "listCollections", "listIndexes", "collStats"]),
    cluster(["getParameter", "listDatabases", "serverStatus"]),
  ],
  restore: [everywhere(restore), cluster(["getParameter"])],
  root: [{ resource: { kind: "anyResource" }, actions: undefined }],
  __system: [{ resource: { kind: "anyResource" }, actions: undefined }],
};

/** The names of a database's built-in roles. */
export function builtInRoles(db: string): readonly string[] {
  return db === "admin" ? [...Object.keys(ofDatabase), ...Object.keys(ofAdmin)] : Object.keys(ofDatabase);
}

/** What a built-in role allows; undefined for a name that is none. */
export function privilegesOf(role: string, db: string): readonly Privilege[] | undefined {
  if (Object.hasOwn(ofDatabase, role)) return ofDatabase[role]!(db);
  return db === "admin" && Object.hasOwn(ofAdmin, role) ? ofAdmin[role] : undefined;
}

/** Whether a privilege allows an action on a collection, on a database (without a collection), or on the cluster (without both). */
export function allows(
  { resource, actions }: Privilege,
  action: string,
  db: string | undefined,
  collection: string,
): boolean {
  if (actions !== undefined && !actions.includes(action)) return false;
  if (resource.kind === "anyResource") return true;
  if (resource.kind === "cluster") return db === undefined;
  if (db === undefined) return false;
  // System collections are of those who may do everything.
  if (collection.startsWith("system.") && collection !== "system.js") return false;
  if (resource.kind === "database") return resource.db === db;
  return db !== "local" && db !== "config";
}
