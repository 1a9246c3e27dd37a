import { Type } from "typebox";
import type { RedisKeys, RedisReply } from "../../api.ts";
import { PlaygroundError } from "../../errors.ts";
import { fromBytes, toBytes } from "../bytes.ts";
import { type Call, type Console, loginOf, operation, tlsOf } from "../console.ts";
import { splitCommandLine } from "./command-line.ts";
import { RedisConnection } from "./redis-connection.ts";
import { toReply } from "./reply.ts";
import { readValue } from "./value.ts";

/** What one click may cost: so many calls of SCAN, each of so many buckets. */
const scanCalls = 20;
const scanCount = 500;
const keysWanted = 200;

/** Commands after which a connection is no longer one of questions and answers. */
const notHere = new Set([
  "SUBSCRIBE",
  "PSUBSCRIBE",
  "SSUBSCRIBE",
  "MONITOR",
  "HELLO",
  "SYNC",
  "PSYNC",
  "QUIT",
]);

const bytes = Type.Union([
  Type.String({ maxLength: 64 * 1024 }),
  Type.Object({ base64: Type.String({ maxLength: 128 * 1024 }) }, { additionalProperties: false }),
]);

/** Redis's protocol: keys, what they hold, and a command line. */
export const redisConsole: Console = {
  keys: operation(
    Type.Object(
      {
        match: Type.Optional(Type.String({ maxLength: 1024 })),
        cursor: Type.Optional(Type.String({ pattern: "^[0-9]{1,20}$" })),
      },
      { additionalProperties: false },
    ),
    async (call): Promise<RedisKeys> => {
      const { match = "*", cursor: from = "0" } = call.body;
      return keysOf(await connectionOf(call), match, from);
    },
  ),
  value: operation(Type.Object({ key: bytes }, { additionalProperties: false }), async (call) => {
    const value = await readValue(await connectionOf(call), fromBytes(call.body.key));
    if (value === undefined) throw new PlaygroundError("not_found", "the key is gone: deleted, or expired");
    return value;
  }),
  command: operation(
    Type.Object({ line: Type.String({ maxLength: 1024 ** 2 }) }, { additionalProperties: false }),
    async (call): Promise<RedisReply> => {
      const [name, ...args] = splitCommandLine(call.body.line);
      if (name === undefined) throw new PlaygroundError("invalid_request", "write a command");
      const command = name.toString().toUpperCase();
      const isReplyMode = command === "CLIENT" && args[0]?.toString().toUpperCase() === "REPLY";
      if (notHere.has(command) || isReplyMode) {
        throw new PlaygroundError(
          "not_supported",
          `${command} is not supported in this console; use redis-cli`,
        );
      }
      return toReply(await (await connectionOf(call)).call(command, ...args));
    },
  ),
};

async function keysOf(connection: RedisConnection, match: string, from: string): Promise<RedisKeys> {
  const total = Number(await connection.call("DBSIZE"));
  const found: Buffer[] = [];
  let cursor = from;
  let scanned = 0;
  for (let calls = 0; calls < scanCalls && found.length < keysWanted; calls++) {
    const [next, keys] = (await connection.call("SCAN", cursor, "MATCH", match, "COUNT", scanCount)) as [
      Buffer,
      Buffer[],
    ];
    found.push(...keys);
    scanned += scanCount;
    cursor = next.toString();
    if (cursor === "0") break;
  }
  const types = await Promise.all(found.map((key) => connection.call("TYPE", key)));
  const keys = found.map((key, index) => ({ key: toBytes(key), type: String(types[index]) }));
  return { keys, cursor, scanned: cursor === "0" && from === "0" ? total : Math.min(scanned, total), total };
}

async function connectionOf(call: Call): Promise<RedisConnection> {
  const { engine, session } = call;
  const name = `redis ${engine.id}`;
  if ((await session.existing<RedisConnection>(name).catch(() => undefined))?.isLost) session.giveUp(name);
  const { host, port } = engine.backend;
  return session.connection(name, () =>
    RedisConnection.open({ host, port, ...loginOf(call), tls: tlsOf(engine) }),
  );
}
