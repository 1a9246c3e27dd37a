import { BinData, Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import type { Call, Command } from "../server/command.ts";
import { sessionTimeoutMinutes } from "../server/sessions.ts";
import { noSuchTransaction } from "../server/transactions.ts";
import { newUuid } from "../storage/catalog.ts";

export const startSession: Command = {
  name: "startSession",
  right: "connect",
  fields: {},
  run: (call) => {
    const id = Doc.of({ id: new BinData(4, newUuid()) });
    call.server.sessions.use(id, call.user.user);
    return Doc.of({ id, timeoutMinutes: sessionTimeoutMinutes });
  },
};

function sessionIds(body: Doc, name: string): Buffer[] {
  const list = body.get(name);
  if (!Array.isArray(list))
    throw new MongoError(14, `BSON field '${name}.${name}' is the wrong type, expected type 'array'`);
  return list.map((one: Value) => {
    const id = one instanceof Doc ? one.get("id") : undefined;
    if (!(id instanceof BinData))
      throw new MongoError(40414, `BSON field '${name}.id' is missing but a required field`);
    return id.bytes;
  });
}

function endThem(call: Call, name: string): Doc {
  const { server } = call;
  for (const id of sessionIds(call.body, name)) {
    for (const session of server.sessions.find(id)) {
      if (session.user !== call.user.user) continue;
      server.sessions.end(session);
      server.cursors.removeWhere((cursor) => cursor.session === session.key);
    }
  }
  return Doc.empty();
}

export const endSessions: Command = {
  name: "endSessions",
  right: "connect",
  run: (call) => endThem(call, "endSessions"),
};
export const killSessions: Command = {
  name: "killSessions",
  right: "connect",
  run: (call) => endThem(call, "killSessions"),
};

export const killAllSessions: Command = {
  name: "killAllSessions",
  right: "admin",
  run: ({ server }) => {
    for (const session of [...server.sessions.all()]) server.sessions.end(session);
    server.cursors.removeWhere(({ session }) => session !== undefined);
    return Doc.empty();
  },
};

export const refreshSessions: Command = {
  name: "refreshSessions",
  right: "connect",
  run: (call) => {
    for (const id of sessionIds(call.body, "refreshSessions")) {
      call.server.sessions.use(Doc.of({ id: new BinData(4, id) }), call.user.user);
    }
    return Doc.empty();
  },
};

export const commitTransaction: Command = {
  name: "commitTransaction",
  right: "connect",
  isAdminOnly: true,
  isTransactional: true,
  takesWriteConcern: true,
  run: async ({ transaction }) => {
    if (transaction === undefined) {
      throw new MongoError(125, "commitTransaction must be run within a transaction");
    }
    if (transaction.state === "aborted") throw noSuchTransaction(transaction.number);
    await transaction.commit();
    return Doc.empty();
  },
};

export const abortTransaction: Command = {
  name: "abortTransaction",
  right: "connect",
  isAdminOnly: true,
  isTransactional: true,
  takesWriteConcern: true,
  run: ({ transaction }) => {
    if (transaction === undefined) {
      throw new MongoError(125, "abortTransaction must be run within a transaction");
    }
    if (transaction.state === "committed") {
      throw new MongoError(256, `Transaction with { txnNumber: ${transaction.number} } has been committed.`);
    }
    if (transaction.state === "aborted") throw noSuchTransaction(transaction.number);
    transaction.abort();
    return Doc.empty();
  },
};
