import { toDouble } from "../bson/numbers.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { badValue, cursorKilled, cursorNotFound, MongoError, typeMismatch } from "../errors.ts";
import { fillBatch } from "../server/batches.ts";
import type { Call, Command } from "../server/command.ts";
import { countField, requireCollectionName } from "../server/fields.ts";

/** An await of a tailable cursor when nobody says for how long. */
const awaitMsDefault = 1000;

async function run(call: Call): Promise<Doc> {
  const { body, db, server, signal } = call;
  const id = body.get("getMore");
  for (const field of ["getMore", "collection"]) {
    if (body.get(field) === null)
      throw new MongoError(40414, `BSON field 'getMore.${field}' is missing but a required field`);
  }
  if (typeof id !== "bigint") {
    throw typeMismatch(
      `BSON field 'getMore.getMore' is the wrong type '${typeName(id)}', expected type 'long'`,
    );
  }
  const name = body.get("collection");
  if (name === undefined)
    throw new MongoError(40414, "BSON field 'getMore.collection' is missing but a required field");
  if (typeof name !== "string") {
    throw typeMismatch(
      `BSON field 'getMore.collection' is the wrong type '${typeName(name)}', expected type 'string'`,
    );
  }
  requireCollectionName(db, name);
  const batchSize = countField(body, "getMore", "batchSize") ?? 0;
  const cursor = server.cursors.get(id);
  if (cursor === undefined) throw cursorNotFound(id);
  const namespace = `${db}.${name}`;
  if (cursor.namespace !== namespace) {
    throw new MongoError(
      13,
      `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
    );
  }
  if (cursor.user !== call.user.user)
    throw new MongoError(13, `cursor id ${id} was not created by the authenticated user`);
  requireSameSession(call, cursor.session, id);
  if (cursor.transaction !== call.transaction) {
    throw new MongoError(
      50740,
      `Cannot run getMore on cursor ${id}, which was created in another transaction`,
    );
  }
  if (cursor.interrupt !== undefined) throw new MongoError(12051, `cursor id ${id} is already in use`);
  const maxTime = body.get("maxTimeMS");
  if (isNumeric(maxTime) && !cursor.isAwaitData) {
    throw badValue("cannot set maxTimeMS on getMore command for a non-awaitData cursor");
  }
  if (cursor.invalid !== undefined) {
    server.cursors.remove(cursor);
    throw cursor.invalid;
  }
  const failure = server.failPoints.takeGetMore();
  if (failure !== undefined) throw failure;
  call.point = cursor.point;
  cursor.interrupt = (reason) => call.operation.kill(reason);
  try {
    const waitMs = isNumeric(maxTime) && toDouble(maxTime) > 0 ? toDouble(maxTime) : awaitMsDefault;
    const count = batchSize === 0 ? Number.POSITIVE_INFINITY : batchSize;
    let batch = await fillBatch(call, cursor.source, count, cursor.held);
    if (batch.docs.length === 0 && cursor.isAwaitData && cursor.wait !== undefined) {
      const untilMs = performance.now() + waitMs;
      while (batch.docs.length === 0 && !cursor.isKilled && !signal.aborted) {
        const leftMs = untilMs - performance.now();
        if (leftMs <= 0) break;
        await cursor.wait(leftMs, signal);
        batch = await fillBatch(call, cursor.source, count);
      }
    }
    if (cursor.isKilled) throw cursorKilled(id);
    cursor.held = batch.held;
    const isOver = batch.isAtEnd && (!cursor.isTailable || cursor.isEnded?.() === true);
    if (isOver) server.cursors.remove(cursor);
    const reply = Doc.of({ nextBatch: batch.docs });
    if (cursor.extras !== undefined) for (const [field, value] of cursor.extras()) reply.set(field, value);
    reply.set("id", isOver ? 0n : id).set("ns", namespace);
    return Doc.of({ cursor: reply });
  } catch (error) {
    cursor.interrupt = undefined;
    server.cursors.remove(cursor);
    throw error;
  } finally {
    cursor.interrupt = undefined;
    cursor.lastUsedMs = Date.now();
  }
}

function requireSameSession({ session }: Call, owner: string | undefined, id: bigint): void {
  if (owner === session?.key) return;
  if (owner === undefined) {
    throw new MongoError(
      50738,
      `Cannot run getMore on cursor ${id}, which was not created in a session, in session ${session!.id.toString("hex")}`,
    );
  }
  if (session === undefined) {
    throw new MongoError(
      50737,
      `Cannot run getMore on cursor ${id}, which was created in session ${owner.split("/")[0]}, without an lsid`,
    );
  }
  throw new MongoError(
    50738,
    `Cannot run getMore on cursor ${id}, which was created in session ${owner.split("/")[0]}, in session ${session.id.toString("hex")}`,
  );
}

export const getMore: Command = {
  name: "getMore",
  right: "connect",
  isTransactional: true,
  fields: {
    collection: "any",
    batchSize: "number",
    term: "long",
    lastKnownCommittedOpTime: "object",
    includeQueryStatsMetrics: "flag",
  },
  run,
};

export const killCursors: Command = {
  name: "killCursors",
  right: "connect",
  isTransactional: true,
  fields: { cursors: "array!" },
  run: ({ body, db, server, user }) => {
    const name = body.get("killCursors");
    if (typeof name !== "string")
      throw new MongoError(73, `collection name has invalid type ${typeName(name)}`);
    requireCollectionName(db, name);
    const [killed, notFound]: [bigint[], bigint[]] = [[], []];
    const ids = (body.get("cursors") as Value[]).filter((id) => id !== null);
    for (const [i, id] of ids.entries()) {
      if (typeof id !== "bigint") {
        throw typeMismatch(
          `BSON field 'killCursors.cursors.${i}' is the wrong type '${typeName(id)}', expected type 'long'`,
        );
      }
    }
    for (const id of ids as bigint[]) {
      const cursor = server.cursors.get(id);
      if (cursor === undefined || cursor.user !== user.user) {
        notFound.push(id);
        continue;
      }
      server.cursors.remove(cursor);
      killed.push(id);
    }
    return Doc.of({ cursorsKilled: killed, cursorsNotFound: notFound, cursorsAlive: [], cursorsUnknown: [] });
  },
};
