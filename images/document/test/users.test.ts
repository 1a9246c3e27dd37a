import { MongoClient, type MongoServerError } from "mongodb";
import { expect, onTestFinished, test } from "vitest";
import { RunningEngine } from "./running-engine.ts";

/** Who may do what is MongoDB's manual's, on its pages of built-in roles and of each command. */

const auth = { method: "password", user: "weftkit", password: "secret" };

async function connect(engine: RunningEngine, user: string, password: string, source: string, options = "") {
  const client = new MongoClient(
    `mongodb://${user}:${password}@127.0.0.1:${engine.port}/?authSource=${source}${options}`,
  );
  onTestFinished(() => client.close().catch(() => {}));
  await client.connect();
  return client;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    ({ code }: MongoServerError) => code,
  );

async function started() {
  const engine = await RunningEngine.start({ auth });
  const root = await connect(engine, "weftkit", "secret", "admin");
  await root.db("app").collection<{ _id: number }>("c").insertOne({ _id: 1 });
  await root.db("other").collection<{ _id: number }>("c").insertOne({ _id: 2 });
  return { engine, root };
}

test("users log in at their database, with either mechanism, and are told as they are", async () => {
  const { engine, root } = await started();
  await root
    .db("app")
    .command({ createUser: "ann", pwd: "pass", roles: ["readWrite"], customData: { n: 1 } });
  for (const mechanism of ["SCRAM-SHA-1", "SCRAM-SHA-256"]) {
    const client = await connect(engine, "ann", "pass", "app", `&authMechanism=${mechanism}`);
    const { authInfo } = await client.db("admin").command({ connectionStatus: 1 });
    expect(authInfo).toEqual({
      authenticatedUsers: [{ user: "ann", db: "app" }],
      authenticatedUserRoles: [{ role: "readWrite", db: "app" }],
    });
  }
  expect(await codeOf(connect(engine, "ann", "wrong", "app"))).toBe(18);
  expect(await codeOf(connect(engine, "ann", "pass", "other"))).toBe(18);
  const { users } = await root.db("app").command({ usersInfo: "ann" });
  expect(users).toMatchObject([
    {
      _id: "app.ann",
      user: "ann",
      db: "app",
      customData: { n: 1 },
      roles: [{ role: "readWrite", db: "app" }],
      mechanisms: ["SCRAM-SHA-1", "SCRAM-SHA-256"],
    },
  ]);
  expect(await codeOf(root.db("app").command({ createUser: "ann", pwd: "x", roles: [] }))).toBe(51003);
  expect(await codeOf(root.db("app").command({ createUser: "bob", pwd: "x", roles: ["nothing"] }))).toBe(31);
  expect(await codeOf(root.db("app").command({ createUser: "weftkit", pwd: "x", roles: [] }))).toBe(51003);
  expect(await codeOf(root.db("app").command({ dropUser: "nobody" }))).toBe(11);
});

test.each([
  [
    "read",
    { find: true, insert: false, createIndexes: false, drop: false, dropDatabase: false, other: false },
  ],
  [
    "readWrite",
    { find: true, insert: true, createIndexes: true, drop: true, dropDatabase: false, other: false },
  ],
  [
    "dbAdmin",
    { find: false, insert: false, createIndexes: true, drop: true, dropDatabase: true, other: false },
  ],
  [
    "userAdmin",
    { find: false, insert: false, createIndexes: false, drop: false, dropDatabase: false, other: false },
  ],
  [
    "dbOwner",
    { find: true, insert: true, createIndexes: true, drop: true, dropDatabase: true, other: false },
  ],
  [
    "readAnyDatabase",
    { find: true, insert: false, createIndexes: false, drop: false, dropDatabase: false, other: true },
  ],
  ["root", { find: true, insert: true, createIndexes: true, drop: true, dropDatabase: true, other: true }],
])("the role %s", async (role, may) => {
  const { engine, root } = await started();
  const isOfAdmin = role === "root" || role === "readAnyDatabase";
  const source = isOfAdmin ? "admin" : "app";
  await root.db(source).command({ createUser: "ann", pwd: "pass", roles: [role] });
  const client = await connect(engine, "ann", "pass", source);
  const app = client.db("app");
  const refused = {
    find: await codeOf(app.command({ find: "c" })),
    insert: await codeOf(app.command({ insert: "c", documents: [{}] })),
    createIndexes: await codeOf(app.command({ createIndexes: "c", indexes: [{ key: { a: 1 }, name: "a" }] })),
    other: await codeOf(client.db("other").command({ find: "c" })),
    drop: await codeOf(app.command({ drop: "c" })),
    dropDatabase: await codeOf(app.command({ dropDatabase: 1 })),
  };
  for (const [what, isAllowed] of Object.entries(may))
    expect([what, refused[what as keyof typeof refused]]).toEqual([what, isAllowed ? undefined : 13]);
});

test("pipelines read other collections only for those who may; views do it for those who may read the view", async () => {
  const { engine, root } = await started();
  const app = root.db("app");
  await app.createCollection("joined", {
    viewOn: "c",
    pipeline: [{ $lookup: { from: "c", localField: "_id", foreignField: "_id", as: "same" } }],
  });
  await app.command({ createUser: "ann", pwd: "pass", roles: ["read"] });
  const client = await connect(engine, "ann", "pass", "app");
  const found = await client.db("app").collection("joined").find().toArray();
  expect(found).toMatchObject([{ _id: 1, same: [{ _id: 1 }] }]);
  const written = (stage: object) => codeOf(client.db("app").collection("c").aggregate([stage]).toArray());
  expect(await written({ $out: "copy" })).toBe(13);
  expect(await written({ $lookup: { from: "c", localField: "_id", foreignField: "_id", as: "x" } })).toBe(
    undefined,
  );
  expect(await codeOf(client.db("admin").command({ renameCollection: "app.c", to: "app.d" }))).toBe(13);
  expect(await codeOf(client.db("app").command({ explain: { find: "c" } }))).toBe(undefined);
  expect(await codeOf(client.db("other").command({ explain: { find: "c" } }))).toBe(13);
});

test("change streams are of those who may read all that they tell of", async () => {
  const { engine, root } = await started();
  await root.db("app").command({ createUser: "ann", pwd: "pass", roles: ["read"] });
  await root.db("app").command({ createUser: "boss", pwd: "pass", roles: ["userAdmin"] });
  const watched = async (name: string, db: string, target: 1 | "c", options = {}) => {
    const client = await connect(engine, name, "pass", "app");
    const pipeline = [{ $changeStream: options }];
    return codeOf(client.db(db).command({ aggregate: target, pipeline, cursor: {} }));
  };
  expect(await watched("ann", "app", "c")).toBe(undefined);
  expect(await watched("ann", "app", 1)).toBe(undefined);
  expect(await watched("ann", "other", 1)).toBe(13);
  expect(await watched("ann", "admin", 1, { allChangesForCluster: true })).toBe(13);
  expect(await watched("boss", "app", 1)).toBe(13);
});

test("what others do is told to those who may know; one's own to everybody", async () => {
  const { engine, root } = await started();
  await root.db("app").command({ createUser: "ann", pwd: "pass", roles: ["read"] });
  const client = await connect(engine, "ann", "pass", "app");
  const admin = client.db("admin");
  expect(await codeOf(admin.command({ currentOp: 1 }))).toBe(13);
  expect(await codeOf(admin.aggregate([{ $currentOp: { allUsers: true } }]).toArray())).toBe(13);
  const own = await admin.command({ currentOp: 1, $ownOps: true });
  expect(own.inprog).toMatchObject([
    { command: { currentOp: 1 }, effectiveUsers: [{ user: "ann", db: "app" }] },
  ]);
  await root
    .db("admin")
    .command({ grantRolesToUser: "nobody", roles: [] })
    .catch(() => {});
  await root.db("app").command({ grantRolesToUser: "ann", roles: [{ role: "clusterMonitor", db: "admin" }] });
  expect(await codeOf(admin.command({ currentOp: 1 }))).toBe(undefined);
});

test("roles given and taken hold at once, and a user that is dropped may do nothing more", async () => {
  const { engine, root } = await started();
  const app = root.db("app");
  await app.command({ createUser: "ann", pwd: "pass", roles: [] });
  const client = await connect(engine, "ann", "pass", "app");
  const find = () => codeOf(client.db("app").command({ find: "c" }));
  expect(await find()).toBe(13);
  await app.command({ grantRolesToUser: "ann", roles: ["read"] });
  expect(await find()).toBe(undefined);
  await app.command({ revokeRolesFromUser: "ann", roles: ["read"] });
  expect(await find()).toBe(13);
  await app.command({ updateUser: "ann", pwd: "other", roles: ["read"] });
  expect(await codeOf(connect(engine, "ann", "pass", "app"))).toBe(18);
  await connect(engine, "ann", "other", "app");
  await app.command({ dropUser: "ann" });
  expect(await find()).toBe(13);
  expect(await codeOf(connect(engine, "ann", "other", "app"))).toBe(18);
});

test("userAdmin makes users of its database, and gives no roles of others", async () => {
  const { engine, root } = await started();
  await root.db("app").command({ createUser: "boss", pwd: "pass", roles: ["userAdmin"] });
  const app = (await connect(engine, "boss", "pass", "app")).db("app");
  await app.command({ createUser: "ann", pwd: "pass", roles: ["read"] });
  const foreign = [{ role: "read", db: "other" }];
  expect(await codeOf(app.command({ createUser: "bob", pwd: "pass", roles: foreign }))).toBe(13);
  expect(
    await codeOf(app.command({ grantRolesToUser: "boss", roles: [{ role: "root", db: "admin" }] })),
  ).toBe(13);
  const { users } = await app.command({ usersInfo: 1 });
  expect(users.map(({ user }: { user: string }) => user).sort()).toEqual(["ann", "boss"]);
});

test("users are there after a restart", async () => {
  const { engine, root } = await started();
  await root.db("app").command({ createUser: "ann", pwd: "pass", roles: ["read"] });
  await root.close();
  await engine.image.stop();
  const again = await RunningEngine.start({ auth, dataDir: engine.dataDir });
  const client = await connect(again, "ann", "pass", "app");
  expect(await client.db("app").collection("c").countDocuments()).toBe(1);
});
