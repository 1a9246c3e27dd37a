import { type Document, EJSON } from "bson";
import {
  type ChangeStream,
  type ClientSession,
  type Collection,
  type Db,
  type FindCursor,
  GridFSBucket,
  MongoClient,
  MongoError,
  MongoServerError,
} from "mongodb";
import { mismatch, text } from "./match.ts";

/** One test of a file, as it was run. */
export interface Outcome {
  readonly name: string;
  /** "driver": it fails whatever the server does, as this driver does something else there. */
  readonly state: "passed" | "skipped" | "failed" | "driver";
  readonly reason: string;
}

/** An operation that this runner does not do: the test is left out, and named. */
class Unsupported extends Error {}

interface Event {
  readonly client: string;
  readonly kind: string;
  readonly command?: Document;
  readonly reply?: Document;
  readonly commandName: string;
  readonly databaseName?: string;
}

const versionText = "8.0.12";

function isAtLeast(version: string, wanted: string): boolean {
  const [a, b] = [version, wanted].map((one) => one.split(".").map(Number));
  for (let i = 0; i < 3; i++) if ((a![i] ?? 0) !== (b![i] ?? 0)) return (a![i] ?? 0) > (b![i] ?? 0);
  return true;
}

function runsHere(requirements: readonly Document[] | undefined): boolean {
  if (requirements === undefined) return true;
  return requirements.some(
    (one) =>
      (one.minServerVersion === undefined || isAtLeast(versionText, one.minServerVersion)) &&
      (one.maxServerVersion === undefined || isAtLeast(one.maxServerVersion, versionText)) &&
      (one.topologies === undefined || one.topologies.includes("replicaset")) &&
      one.serverless !== "require" &&
      one.auth !== true &&
      one.csfle === undefined,
  );
}

/** Tests that MongoDB's driver for Node cannot pass, and why. */
const deviations: readonly (readonly [RegExp, string])[] = [
  [/^bypassDocumentValidation: .*false/, "the driver leaves out bypassDocumentValidation when it is false"],
  [/^create-null-ids: /, "the driver puts an ObjectId in the place of an _id that is null"],
  [
    /client bulkWrite with writeConcern in a transaction causes a transaction error/,
    "the driver does not refuse it",
  ],
  [
    /secondary read preference in client option|readPreference inherited from client/,
    "the driver waits for a secondary, which a set of one member has not",
  ],
];

/** Runs all tests of a file of the unified test format against a server. */
export async function runFile(uri: string, source: string): Promise<Outcome[]> {
  const file = EJSON.parse(source, { relaxed: true }) as Document;
  const outcomes: Outcome[] = [];
  for (const one of file.tests as Document[]) {
    const name = one.description as string;
    if (
      !runsHere(file.runOnRequirements) ||
      !runsHere(one.runOnRequirements) ||
      one.skipReason !== undefined
    ) {
      outcomes.push({ name, state: "skipped", reason: one.skipReason ?? "of another server or topology" });
      continue;
    }
    const ofDriver = deviations.find(([pattern]) => pattern.test(`${file.description}: ${name}`));
    if (ofDriver !== undefined) {
      outcomes.push({ name, state: "driver", reason: ofDriver[1] });
      continue;
    }
    const run = new TestRun(uri, file);
    try {
      await run.perform(one);
      outcomes.push({ name, state: "passed", reason: "" });
    } catch (error) {
      const state = error instanceof Unsupported ? "skipped" : "failed";
      outcomes.push({ name, state, reason: error instanceof Error ? error.message : String(error) });
    } finally {
      await run.end();
    }
  }
  return outcomes;
}

class TestRun {
  readonly #uri: string;
  readonly #file: Document;
  readonly #entities = new Map<string, unknown>();
  readonly #lsids = new Map<string, unknown>();
  readonly #events: Event[] = [];
  readonly #internal: MongoClient;

  constructor(uri: string, file: Document) {
    this.#uri = uri;
    this.#file = file;
    this.#internal = new MongoClient(uri);
  }

  async perform(test: Document): Promise<void> {
    for (const { databaseName, collectionName, documents, createOptions } of (this.#file.initialData ??
      []) as Document[]) {
      const db = this.#internal.db(databaseName);
      await db.collection(collectionName).drop({ writeConcern: { w: "majority" } });
      if (documents.length === 0 || createOptions !== undefined)
        await db.createCollection(collectionName, createOptions ?? {});
      if (documents.length > 0) await db.collection(collectionName).insertMany(documents);
    }
    await this.#create((this.#file.createEntities ?? []) as Document[]);
    for (const operation of test.operations as Document[]) await this.#operation(operation);
    for (const { databaseName, collectionName, documents } of (test.outcome ?? []) as Document[]) {
      const found = await this.#internal
        .db(databaseName)
        .collection(collectionName)
        .find()
        .sort({ _id: 1 })
        .toArray();
      this.#require(documents, found, `outcome of ${collectionName}`, false);
    }
    for (const expectation of (test.expectEvents ?? []) as Document[]) this.#expectEvents(expectation);
  }

  async end(): Promise<void> {
    for (const configureFailPoint of ["failCommand", "onPrimaryTransactionalWrite"]) {
      await this.#internal
        .db("admin")
        .command({ configureFailPoint, mode: "off" })
        .catch(() => {});
    }
    for (const entity of this.#entities.values()) {
      if (hasMethod(entity, "endSession")) await (entity as ClientSession).endSession().catch(() => {});
      else if (hasMethod(entity, "close") && !(entity instanceof MongoClient))
        await (entity as FindCursor).close().catch(() => {});
    }
    for (const entity of this.#entities.values())
      if (entity instanceof MongoClient) await entity.close().catch(() => {});
    await this.#internal.close();
  }

  async #create(specs: readonly Document[]): Promise<void> {
    for (const spec of specs) {
      const [kind, of] = Object.entries(spec)[0] as [string, Document];
      switch (kind) {
        case "client":
          await this.#createClient(of);
          break;
        case "database":
          this.#entities.set(
            of.id,
            (this.#entity(of.client) as MongoClient).db(of.databaseName, of.databaseOptions ?? {}),
          );
          break;
        case "collection":
          this.#entities.set(
            of.id,
            (this.#entity(of.database) as Db).collection(of.collectionName, of.collectionOptions ?? {}),
          );
          break;
        case "session": {
          const { snapshotTime, ...options } = of.sessionOptions ?? {};
          const session = (this.#entity(of.client) as MongoClient).startSession(options);
          // This driver has no option for it, and keeps it here.
          if (snapshotTime !== undefined)
            (session as unknown as Document).snapshotTime = this.#entity(snapshotTime);
          this.#entities.set(of.id, session);
          this.#lsids.set(of.id, session.id);
          break;
        }
        case "bucket":
          this.#entities.set(
            of.id,
            new GridFSBucket(this.#entity(of.database) as Db, of.bucketOptions ?? {}),
          );
          break;
        default:
          throw new Unsupported(`an entity ${kind}`);
      }
    }
  }

  async #createClient(of: Document): Promise<void> {
    if (of.autoEncryptOpts !== undefined || of.storeEventsAsEntities !== undefined)
      throw new Unsupported("this client");
    const uriOptions = { ...(of.uriOptions ?? {}) };
    const client = new MongoClient(this.#uri, {
      ...uriOptions,
      monitorCommands: true,
      ...(of.serverApi !== undefined && { serverApi: of.serverApi }),
    });
    const ignored = new Set<string>(["configureFailPoint", ...(of.ignoreCommandMonitoringEvents ?? [])]);
    const secret = of.observeSensitiveCommands === true ? [] : secretCommands;
    const observed = (of.observeEvents ?? []) as string[];
    for (const kind of ["commandStarted", "commandSucceeded", "commandFailed"] as const) {
      if (!observed.includes(`${kind}Event`)) continue;
      client.on(kind, (event: unknown) => {
        const { commandName, command, reply, databaseName } = event as Event;
        if (ignored.has(commandName) || secret.includes(commandName)) return;
        this.#events.push({
          client: of.id,
          kind: `${kind}Event`,
          commandName,
          ...(command !== undefined && { command: copy(command) }),
          ...(reply !== undefined && { reply: copy(reply) }),
          ...(databaseName !== undefined && { databaseName }),
        });
      });
    }
    // One that reads from secondaries would wait for one.
    if (uriOptions.readPreference === undefined) await client.connect();
    this.#entities.set(of.id, client);
  }

  #entity(id: string): unknown {
    const found = this.#entities.get(id);
    if (found === undefined) throw new Error(`no entity ${id}`);
    return found;
  }

  #require(expected: unknown, actual: unknown, what: string, isRoot = true): void {
    const context = { entities: this.#entities, lsidOf: (id: string) => this.#lsids.get(id) };
    const found = mismatch(expected, actual, context, isRoot);
    if (found !== undefined) throw new Error(`${what}${found}`);
  }

  #expectEvents({ client, events, eventType = "command", ignoreExtraEvents = false }: Document): void {
    if (eventType !== "command") return;
    const seen = this.#events.filter((one) => one.client === client);
    if (!ignoreExtraEvents && seen.length !== events.length) {
      throw new Error(
        `${seen.length} events, not ${events.length}: ${seen.map((one) => one.commandName).join(" ")}`,
      );
    }
    for (const [i, expected] of (events as Document[]).entries()) {
      const [kind, of] = Object.entries(expected)[0] as [string, Document];
      const event = seen[i];
      if (event?.kind !== kind) throw new Error(`event ${i} is ${event?.kind}, not ${kind}`);
      for (const [field, value] of Object.entries(of)) {
        if (field === "hasServiceId" || field === "hasServerConnectionId") continue;
        const found = (event as unknown as Document)[field] as Document | undefined;
        if (field === "command" && found !== undefined) normalise(value as Document, found);
        this.#require(value, found, `event ${i} (${event.commandName}) ${field}`);
      }
    }
  }

  /** `isRethrowing`: within withTransaction, which is to see the errors too. */
  async #operation(operation: Document, isRethrowing = false): Promise<void> {
    const { name, object, expectError, expectResult, saveResultAsEntity, ignoreResultAndError } = operation;
    let result: unknown;
    try {
      result =
        object === "testRunner"
          ? await this.#runner(name, operation.arguments ?? {})
          : await this.#call(this.#entity(object), name, operation.arguments ?? {});
    } catch (error) {
      if (error instanceof Unsupported || (error instanceof Error && error.name === "AssertionError"))
        throw error;
      if (ignoreResultAndError === true) {
        if (isRethrowing) throw error;
        return;
      }
      if (expectError === undefined)
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
      this.#expectError(expectError, error);
      if (isRethrowing) throw error;
      return;
    }
    if (ignoreResultAndError === true) return;
    if (expectError !== undefined) throw new Error(`${name} has not failed: ${text(result)}`);
    if (expectResult !== undefined) this.#require(expectResult, result ?? null, `${name} `);
    if (saveResultAsEntity !== undefined) this.#entities.set(saveResultAsEntity, result);
  }

  #expectError(expected: Document, error: unknown): void {
    const {
      isClientError,
      errorContains,
      errorCode,
      errorCodeName,
      errorLabelsContain,
      errorLabelsOmit,
      expectResult,
      errorResponse,
    } = expected;
    const message = error instanceof Error ? error.message : String(error);
    if (isClientError === true && error instanceof MongoServerError && error.name !== "MongoNetworkError")
      throw new Error(`not the client's error: ${message}`);
    if (errorContains !== undefined && !message.toLowerCase().includes(String(errorContains).toLowerCase()))
      throw new Error(`"${message}" does not contain "${errorContains}"`);
    // What a bulk write of a client has failed with stands behind its own error.
    const { cause } = error as Error;
    const server = (cause instanceof MongoServerError ? cause : error) as MongoServerError & {
      result?: Document;
    };
    if (errorCode !== undefined && server.code !== errorCode)
      throw new Error(`code ${server.code}, not ${errorCode}: ${message}`);
    if (errorCodeName !== undefined && server.codeName !== errorCodeName)
      throw new Error(`${server.codeName}, not ${errorCodeName}`);
    for (const label of (errorLabelsContain ?? []) as string[]) {
      if (![error, server].some((one) => one instanceof MongoError && one.hasErrorLabel(label)))
        throw new Error(`without the label ${label}: ${message}`);
    }
    for (const label of (errorLabelsOmit ?? []) as string[]) {
      if (error instanceof MongoError && error.hasErrorLabel(label))
        throw new Error(`with the label ${label}: ${message}`);
    }
    if (expectResult !== undefined && server.result !== undefined)
      this.#require(expectResult, server.result, "result of the error ");
    if (errorResponse !== undefined && server.errorResponse !== undefined)
      this.#require(errorResponse, server.errorResponse, "response ");
  }

  async #runner(name: string, args: Document): Promise<unknown> {
    switch (name) {
      case "failPoint":
        await (this.#entity(args.client) as MongoClient).db("admin").command(args.failPoint);
        return undefined;
      case "createEntities":
        return this.#create(args.entities);
      case "assertSessionTransactionState": {
        const { transaction } = this.#entity(args.session) as unknown as { transaction: { state: string } };
        const states: Readonly<Record<string, string>> = {
          none: "NO_TRANSACTION",
          starting: "STARTING_TRANSACTION",
          in_progress: "TRANSACTION_IN_PROGRESS",
          committed: "TRANSACTION_COMMITTED",
          aborted: "TRANSACTION_ABORTED",
        };
        if (transaction.state !== states[args.state])
          throw new Error(`the transaction is ${transaction.state}, not ${args.state}`);
        return undefined;
      }
      case "assertCollectionExists":
      case "assertCollectionNotExists": {
        const names = (
          await this.#internal.db(args.databaseName).listCollections({}, { nameOnly: true }).toArray()
        ).map((one) => one.name);
        if (names.includes(args.collectionName) !== (name === "assertCollectionExists"))
          throw new Error(`${name} ${args.collectionName}`);
        return undefined;
      }
      case "assertIndexExists":
      case "assertIndexNotExists": {
        const indexes = await this.#internal.db(args.databaseName).collection(args.collectionName).indexes();
        if (indexes.some((one) => one.name === args.indexName) !== (name === "assertIndexExists"))
          throw new Error(`${name} ${args.indexName}`);
        return undefined;
      }
      case "assertSameLsidOnLastTwoCommands":
      case "assertDifferentLsidOnLastTwoCommands": {
        const [a, b] = this.#events
          .filter((one) => one.client === args.client && one.kind === "commandStartedEvent")
          .slice(-2)
          .map((one) => text(one.command?.lsid));
        if ((a === b) !== (name === "assertSameLsidOnLastTwoCommands")) throw new Error(name);
        return undefined;
      }
      case "assertSessionDirty":
      case "assertSessionNotDirty": {
        const session = this.#entity(args.session) as unknown as { serverSession: { isDirty: boolean } };
        if (session.serverSession.isDirty !== (name === "assertSessionDirty")) throw new Error(name);
        return undefined;
      }
      default:
        throw new Unsupported(`the runner's ${name}`);
    }
  }

  #options(args: Document): Document {
    const options = { ...args };
    if (typeof options.session === "string") options.session = this.#entity(options.session);
    return options;
  }

  async #call(target: unknown, name: string, args: Document): Promise<unknown> {
    const options = this.#options(args);
    if (hasMethod(target, "startTransaction"))
      return this.#ofSession(target as unknown as ClientSession, name, options);
    if (target instanceof MongoClient) return this.#ofClient(target, name, options);
    if (hasMethod(target, "listCollections")) return this.#ofDb(target as Db, name, options);
    if (hasMethod(target, "insertOne")) return this.#ofCollection(target as Collection, name, options);
    if (name === "iterateUntilDocumentOrError" || name === "iterateOnce") {
      const cursor = target as { next(): Promise<unknown>; tryNext(): Promise<unknown> };
      return name === "iterateOnce" ? cursor.tryNext() : cursor.next();
    }
    if (name === "close") return (target as FindCursor).close();
    if (target instanceof GridFSBucket && name === "download")
      return Buffer.concat(await target.openDownloadStream(options.id).toArray()).toString("hex");
    if (target instanceof GridFSBucket && name === "downloadByName")
      return Buffer.concat(
        await target.openDownloadStreamByName(options.filename, options).toArray(),
      ).toString("hex");
    throw new Unsupported(name);
  }

  async #ofSession(session: ClientSession, name: string, options: Document): Promise<unknown> {
    switch (name) {
      case "startTransaction":
        session.startTransaction(options);
        return undefined;
      case "commitTransaction":
        return session.commitTransaction();
      case "abortTransaction":
        return session.abortTransaction();
      case "endSession":
        return session.endSession();
      case "getSnapshotTime":
        return (session as unknown as { snapshotTime: unknown }).snapshotTime;
      case "withTransaction": {
        const { callback, ...rest } = options;
        await session.withTransaction(async () => {
          for (const operation of callback as Document[]) await this.#operation(operation, true);
        }, rest);
        return undefined;
      }
      default:
        throw new Unsupported(name);
    }
  }

  async #ofClient(client: MongoClient, name: string, options: Document): Promise<unknown> {
    const { filter, models, pipeline, ...rest } = options;
    switch (name) {
      case "listDatabases":
        return (
          await client
            .db("admin")
            .admin()
            .listDatabases({ ...rest, ...(filter !== undefined && { filter }) })
        ).databases;
      case "listDatabaseNames":
        return (
          await client
            .db("admin")
            .admin()
            .listDatabases({ ...rest, nameOnly: true })
        ).databases.map((one) => one.name);
      case "createChangeStream": {
        const stream = client.watch(pipeline, rest);
        return opened(stream);
      }
      case "clientBulkWrite": {
        const list = (models as Document[]).map((model) => {
          const [kind, of] = Object.entries(model)[0] as [string, Document];
          return { name: kind, ...of };
        });
        const result = await client.bulkWrite(list as never, rest);
        return {
          ...result,
          ...Object.fromEntries(
            (["insertResults", "updateResults", "deleteResults"] as const).map((key) => [
              key,
              mapToDocument(result[key]),
            ]),
          ),
        };
      }
      default:
        throw new Unsupported(name);
    }
  }

  async #ofDb(db: Db, name: string, options: Document): Promise<unknown> {
    const { command, commandName: _name, pipeline, collection, filter, ...rest } = options;
    switch (name) {
      case "runCommand":
        return db.command(command, rest);
      case "aggregate":
        return db.aggregate(pipeline, rest).toArray();
      case "listCollections":
        return db.listCollections(filter ?? {}, rest).toArray();
      case "listCollectionNames":
        return (await db.listCollections(filter ?? {}, { ...rest, nameOnly: true }).toArray()).map(
          (one) => one.name,
        );
      case "createCollection":
        await db.createCollection(collection, { ...rest, ...(pipeline !== undefined && { pipeline }) });
        return undefined;
      case "dropCollection":
        return db.dropCollection(collection, rest).catch((error: MongoServerError) => {
          if (error.code !== 26) throw error;
        });
      case "modifyCollection":
        return db.command({ collMod: collection, ...rest });
      case "createChangeStream": {
        const stream = db.watch(pipeline, rest);
        return opened(stream);
      }
      case "runCursorCommand":
        return db.runCursorCommand(command, rest as never).toArray();
      default:
        throw new Unsupported(name);
    }
  }

  async #ofCollection(collection: Collection, name: string, options: Document): Promise<unknown> {
    const {
      filter,
      document,
      documents,
      update,
      replacement,
      requests,
      pipeline,
      fieldName,
      keys,
      name: indexName,
      to,
      ...rest
    } = options;
    switch (name) {
      case "insertOne":
        return collection.insertOne(document, rest);
      case "insertMany":
        return collection.insertMany(documents, rest);
      case "find":
        return collection.find(filter, rest).toArray();
      case "findOne":
        return collection.findOne(filter, rest);
      case "createFindCursor": {
        const cursor = collection.find(filter, rest);
        await cursor.hasNext();
        return cursor;
      }
      case "updateOne":
        return collection.updateOne(filter, update, rest);
      case "updateMany":
        return collection.updateMany(filter, update, rest);
      case "replaceOne":
        return collection.replaceOne(filter, replacement, rest);
      case "deleteOne":
        return collection.deleteOne(filter, rest);
      case "deleteMany":
        return collection.deleteMany(filter, rest);
      case "findOneAndUpdate":
        return collection.findOneAndUpdate(filter, update, lowered(rest));
      case "findOneAndReplace":
        return collection.findOneAndReplace(filter, replacement, lowered(rest));
      case "findOneAndDelete":
        return collection.findOneAndDelete(filter, rest);
      case "aggregate":
        return collection.aggregate(pipeline, rest).toArray();
      case "count":
        return collection.count(filter, rest);
      case "countDocuments":
        return collection.countDocuments(filter, rest);
      case "estimatedDocumentCount":
        return collection.estimatedDocumentCount(rest);
      case "distinct":
        return collection.distinct(fieldName, filter, rest);
      case "bulkWrite":
        return collection.bulkWrite(requests as never, rest);
      case "createIndex":
        return collection.createIndex(keys, { ...rest, ...(indexName !== undefined && { name: indexName }) });
      case "dropIndex":
        return collection.dropIndex(indexName, rest);
      case "dropIndexes":
        return collection.dropIndexes(rest);
      case "listIndexes":
        return collection.listIndexes(rest).toArray();
      case "listIndexNames":
        return (await collection.listIndexes(rest).toArray()).map((one) => one.name);
      case "rename":
        return collection.rename(to, rest);
      case "createSearchIndex":
        return collection.createSearchIndex(options.model);
      case "createSearchIndexes":
        return collection.createSearchIndexes(options.models);
      case "updateSearchIndex":
        return collection.updateSearchIndex(indexName, options.definition);
      case "dropSearchIndex":
        return collection.dropSearchIndex(indexName);
      case "listSearchIndexes": {
        const { aggregationOptions } = options;
        return collection.listSearchIndexes(indexName, aggregationOptions).toArray();
      }
      case "createChangeStream": {
        const stream = collection.watch(pipeline, rest);
        return opened(stream);
      }
      default:
        throw new Unsupported(name);
    }
  }
}

const secretCommands = ["saslStart", "saslContinue", "hello", "ismaster", "isMaster"];

/** Opens a change stream at once, and not when it is first read from. */
async function opened(stream: ChangeStream): Promise<ChangeStream> {
  await (stream as unknown as { cursor: { cursorInit(): Promise<void> } }).cursor.cursorInit();
  return stream;
}

/** What this driver sends in another way, which means the same to a server. */
function normalise(expected: Document, command: Document): void {
  // The file of a download, whose _id it asks for with $eq.
  if (command.find !== undefined && expected.filter?._id?.$eq === undefined) {
    const equal = command.filter?._id?.$eq;
    if (equal !== undefined) command.filter._id = equal;
  }
  if (command.commitTransaction === undefined && command.abortTransaction === undefined) return;
  // Each end of a transaction with a write concern has the time limit of a repeated one.
  if (command.writeConcern?.wtimeout === 10_000 && expected.writeConcern?.wtimeout === undefined)
    delete command.writeConcern.wtimeout;
}

function lowered(options: Document): Document {
  const { returnDocument } = options;
  return typeof returnDocument === "string"
    ? { ...options, returnDocument: returnDocument.toLowerCase() }
    : options;
}

/** As the specification has it: by texts, and without the driver's own didUpsert. */
function mapToDocument(map: ReadonlyMap<number, unknown> | undefined): Document | undefined {
  if (map === undefined) return undefined;
  return Object.fromEntries(
    [...map].map(([key, value]) => {
      const { didUpsert: _, ...rest } = value as Document;
      return [String(key), rest];
    }),
  );
}

function copy(value: Document): Document {
  return EJSON.parse(EJSON.stringify(value, { relaxed: false }), { relaxed: true }) as Document;
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof (value as Record<string, unknown> | undefined)?.[name] === "function";
}
