import type { SecurityContext } from "@weftkit/auth";
import type { Doc } from "../bson/values.ts";
import { MongoError } from "../errors.ts";
import { needOf } from "./access/needs.ts";
import { StoredUser } from "./access/stored-user.ts";
import type { Command } from "./command.ts";

/** @throws MongoError 13 */
export function requireRight(
  command: Command,
  user: SecurityContext,
  db: string,
  collection: string,
  body: Doc,
): void {
  const { right } = command;
  if (right === "none" || isAllowed(command, user, db, collection, body)) return;
  throw new MongoError(
    13,
    `not authorized on ${db} to execute command { ${command.name}: "${collection}", $db: "${db}" }`,
  );
}

function isAllowed(
  { name, right }: Command,
  user: SecurityContext,
  db: string,
  collection: string,
  body: Doc,
): boolean {
  if (user instanceof StoredUser) {
    const need = needOf(name, body);
    if (need === undefined) return true;
    // A pipeline of a database begins with a stage that looks itself at who asks.
    if (need.on === "collection" && collection === "") return true;
    const place = need.on === "cluster" ? [] : need.on === "database" ? [db] : [db, collection];
    return need.actions.every((one) =>
      (typeof one === "string" ? [one] : one).some((action) => user.may(action, ...place)),
    );
  }
  if (typeof right === "string") return right === "admin" ? user.can("admin") : user.can("connect", db);
  return user.can(right.action, right.on === "collection" && collection !== "" ? `${db}.${collection}` : db);
}

/** Of a collection that a command names besides its own. @throws MongoError 13 */
export function requireAction(
  user: SecurityContext,
  action: "read" | "write" | "schema",
  db: string,
  collection: string,
): void {
  const isAllowed =
    user instanceof StoredUser
      ? actionsOf[action].every((one) => user.may(one, db, collection))
      : user.can(action, `${db}.${collection}`);
  if (isAllowed) return;
  throw new MongoError(13, `not authorized on ${db} to execute command on ${db}.${collection}`);
}

/** Of one that follows all databases, or all collections of one. @throws MongoError 13 */
export function requireChangeStream(
  user: SecurityContext,
  db: string | undefined,
  collection: string | undefined,
): void {
  const object = collection === undefined ? db : `${db}.${collection}`;
  const isAllowed =
    user instanceof StoredUser
      ? ["changeStream", "find"].every((action) => user.may(action, db ?? everyDatabase, collection))
      : user.can("read", object);
  if (!isAllowed) throw new MongoError(13, `not authorized on ${db ?? "admin"} to open a change stream`);
}

/** No database is named so: only what is of all of them allows it. */
const everyDatabase = "$every";

const actionsOf = {
  read: ["find"],
  write: ["insert", "update", "remove"],
  schema: ["createCollection", "dropCollection", "renameCollectionSameDB"],
} as const;

/** Whether somebody may do what is of the whole server: by MongoDB's action, or as an administrator of the fleet. */
export function mayOnCluster(user: SecurityContext | undefined, action: string): boolean {
  if (user === undefined) return false;
  return user instanceof StoredUser ? user.may(action) : user.can("admin");
}
