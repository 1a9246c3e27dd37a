import { type CompressorName, compressors } from "@weftkit/wire-mongo";
import { exactInt64, toDouble } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import { DateTime, Doc, ObjectId, Timestamp, type Value } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { mongoVersion, replicaSetName } from "../identity.ts";
import type { Call, Command } from "../server/command.ts";
import { sessionTimeoutMinutes } from "../server/sessions.ts";
import { documentBytesMax } from "../storage/records.ts";
import { startSasl } from "./sasl.ts";

async function run(call: Call): Promise<Doc> {
  const { body, connection, server } = call;
  if (body.get("client") instanceof Doc) {
    if (connection.client !== undefined) {
      throw new MongoError(186, "The client metadata document may only be sent in the first hello");
    }
    connection.client = body.get("client") as Doc;
  }
  await awaitChange(call);
  const isHello = body.firstKey === "hello";
  const address = server.options.advertisedAddress ?? connection.local;
  const now = new DateTime(Date.now());
  const opTime = Doc.of({ ts: new Timestamp(server.clock()), t: 1n });
  const compression = agree(call);
  const reply = Doc.of({
    helloOk: body.get("helloOk") === true ? true : undefined,
    topologyVersion: Doc.of({ processId: server.processId, counter: 1n }),
    hosts: [address],
    setName: replicaSetName,
    setVersion: 1,
    [isHello ? "isWritablePrimary" : "ismaster"]: true,
    secondary: false,
    primary: address,
    me: address,
    electionId: server.electionId,
    lastWrite: Doc.of({ opTime, lastWriteDate: now, majorityOpTime: opTime, majorityWriteDate: now }),
    maxBsonObjectSize: documentBytesMax,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: now,
    logicalSessionTimeoutMinutes: sessionTimeoutMinutes,
    connectionId: connection.id,
    minWireVersion: mongoVersion.wireMin,
    maxWireVersion: mongoVersion.wireMax,
    readOnly: false,
    ...(compression.length > 0 && { compression: [...compression] }),
  });
  const mechanismsOf = body.get("saslSupportedMechs");
  if (typeof mechanismsOf === "string")
    reply.set("saslSupportedMechs", supportedMechanisms(call, mechanismsOf));
  const speculative = body.get("speculativeAuthenticate");
  if (speculative instanceof Doc) {
    const answer = await startSasl(call, speculative).catch(() => undefined);
    if (answer !== undefined) reply.set("speculativeAuthenticate", answer);
  }
  return reply;
}

/** Of a user, as `db.name`; of one that there is not as of most, so that nobody learns who exists. */
function supportedMechanisms({ server }: Call, user: string): Value[] {
  const dot = user.indexOf(".");
  const stored = server.users.find(user.slice(0, dot), user.slice(dot + 1));
  const all = ["SCRAM-SHA-256", "SCRAM-SHA-1"];
  if (stored === undefined) return all;
  return all.filter((name) => (name === "SCRAM-SHA-1" ? stored.sha1 : stored.sha256) !== undefined);
}

/** With a topologyVersion that is still right, the answer is held back for as long as was asked. */
async function awaitChange({ body, server, signal }: Call): Promise<void> {
  const version = body.get("topologyVersion");
  const wait = body.get("maxAwaitTimeMS");
  if (version === undefined && wait === undefined) return;
  if (!(version instanceof Doc) || !isNumeric(wait)) {
    throw new MongoError(
      31368,
      "A request with a 'topologyVersion' must include 'maxAwaitTimeMS', and the other way",
    );
  }
  const ms = toDouble(wait);
  if (ms < 0) throw new MongoError(31373, "maxAwaitTimeMS must be a non-negative integer");
  const [processId, counter] = [version.get("processId"), exactInt64(version.get("counter"))];
  if (!(processId instanceof ObjectId) || counter === undefined) {
    throw new MongoError(40414, "BSON field 'TopologyVersion.processId' is missing but a required field");
  }
  if (!processId.bytes.equals(server.processId.bytes)) return;
  if (counter > 1n)
    throw new MongoError(31382, "Received a topology version with a counter greater than the server's");
  if (counter < 1n) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function agree({ body, connection }: Call): readonly CompressorName[] {
  const offered = body.get("compression");
  if (!Array.isArray(offered)) return [];
  const known = offered.filter(
    (name: Value): name is CompressorName => typeof name === "string" && name in compressors,
  );
  connection.compressor = known[0];
  return known;
}

export const hello: Command = { name: "hello", aliases: ["isMaster", "ismaster"], right: "none", run };
