import { exactInt32 } from "../bson/numbers.ts";
import { BinData, Doc, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { StoredUser } from "../server/access/stored-user.ts";
import { beginAuthentication } from "../server/authentication.ts";
import type { Call, Command } from "../server/command.ts";

let lastConversation = 0;

function payloadOf(body: Doc): Buffer {
  const payload: Value | undefined = body.get("payload");
  if (payload instanceof BinData) return payload.bytes;
  if (typeof payload === "string") return Buffer.from(payload, "base64");
  throw new MongoError(40414, "BSON field 'saslStart.payload' is missing but a required field");
}

async function step(call: Call, payload: Buffer): Promise<Doc> {
  const { connection, server } = call;
  const { login } = connection;
  if (login === undefined) throw new MongoError(17, "No SASL session state found");
  try {
    const outcome = await login.exchange.step(payload);
    if (outcome.user !== undefined && (outcome.isDone || isLastStep(call))) {
      connection.user = outcome.user;
      connection.userDb = outcome.user instanceof StoredUser ? outcome.user.db : "admin";
    }
    const isDone = outcome.isDone || (outcome.user !== undefined && isLastStep(call));
    if (isDone) connection.login = undefined;
    return Doc.of({ conversationId: login.id, done: isDone, payload: new BinData(0, outcome.payload) });
  } catch (error) {
    connection.login = undefined;
    server.log.info({ remote: connection.remote, mechanism: login.exchange.mechanism }, "a login has failed");
    throw error;
  }
}

const skipping = new WeakSet<object>();

/** The client may ask for the empty last exchange to be left out. */
function isLastStep({ connection }: Call): boolean {
  return connection.login !== undefined && skipping.has(connection.login.exchange);
}

/** The first step, by saslStart or as a part of hello. */
export async function startSasl(call: Call, body: Doc): Promise<Doc> {
  const { connection, server } = call;
  const mechanism = body.get("mechanism");
  if (typeof mechanism !== "string") {
    if (body.firstKey === "authenticate" || body.has("user")) return authenticateX509(call, body);
    throw new MongoError(40414, "BSON field 'saslStart.mechanism' is missing but a required field");
  }
  if (body.firstKey === "authenticate") return authenticateX509(call, body);
  const exchange = beginAuthentication(
    mechanism,
    server.authenticator,
    server.users,
    authDb(call, body),
    connection.certificate,
  );
  if ((body.get("options") as Doc | undefined)?.get("skipEmptyExchange") === true) skipping.add(exchange);
  connection.login = { id: ++lastConversation, exchange };
  return step(call, payloadOf(body));
}

/** The database that a user is of: that of the command, or one that hello names within. */
function authDb({ db }: Call, body: Doc): string {
  const named = body.get("db");
  return typeof named === "string" ? named : db;
}

function authenticateX509({ connection }: Call, body: Doc): Doc {
  const { certificate } = connection;
  const user = body.get("user");
  if (certificate === undefined) throw new MongoError(18, "Authentication failed.");
  connection.user = certificate;
  connection.userDb = "$external";
  return Doc.of({ dbname: "$external", user: typeof user === "string" ? user : certificate.user });
}

export const saslStart: Command = {
  name: "saslStart",
  right: "none",
  run: (call) => startSasl(call, call.body),
};

export const saslContinue: Command = {
  name: "saslContinue",
  right: "none",
  run: (call) => {
    const { login } = call.connection;
    if (login === undefined || exactInt32(call.body.get("conversationId")) !== login.id) {
      throw new MongoError(17, "No SASL session state found");
    }
    return step(call, payloadOf(call.body));
  },
};

export const authenticate: Command = {
  name: "authenticate",
  right: "none",
  run: (call) => authenticateX509(call, call.body),
};

export const logout: Command = {
  name: "logout",
  right: "none",
  run: ({ connection }) => {
    connection.user = undefined;
    connection.login = undefined;
    return Doc.empty();
  },
};
