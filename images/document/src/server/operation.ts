import { hostname } from "node:os";
import type { SecurityContext } from "@weftkit/auth";
import { DateTime, Doc } from "../bson/values.ts";
import type { MongoError } from "../errors.ts";
import { nameOf } from "./access/stored-user.ts";
import type { ConnectionState } from "./connection-state.ts";

/** A command that runs, as currentOp shows it. */
export interface Operation {
  readonly id: number;
  readonly startedMs: number;
  readonly command: Doc;
  readonly namespace: string;
  /** Who asked for it. */
  readonly user: SecurityContext;
  readonly connection: ConnectionState;
  /** Ends it: with 11601 Interrupted unless another reason is given. */
  kill(reason?: MongoError): void;
}

const kindsOf: ReadonlyMap<string, string> = new Map([
  ["find", "query"],
  ["getMore", "getmore"],
  ["insert", "insert"],
  ["update", "update"],
  ["delete", "remove"],
]);

/** An operation as currentOp and $currentOp tell of it. */
export function describeOperation({ id, startedMs, command, namespace, user, connection }: Operation): Doc {
  const runningMs = Date.now() - startedMs;
  const application = connection.client?.get("application");
  return Doc.of({
    type: "op",
    host: hostname(),
    desc: `conn${connection.id}`,
    connectionId: connection.id,
    client: connection.remote,
    appName: application instanceof Doc ? application.get("name") : undefined,
    clientMetadata: connection.client,
    active: true,
    currentOpTime: new Date(startedMs).toISOString(),
    effectiveUsers: user.user === "" ? undefined : [Doc.of({ ...nameOf(user) })],
    opid: id,
    lsid: command.get("lsid"),
    secs_running: BigInt(Math.floor(runningMs / 1000)),
    microsecs_running: BigInt(runningMs * 1000),
    op: kindsOf.get(command.firstKey ?? "") ?? "command",
    ns: namespace,
    command,
    waitingForLock: false,
    dateStarted: new DateTime(startedMs),
  });
}
