import type { SecurityContext } from "@weftkit/auth";
import { MongoError } from "../errors.ts";
import type { Command } from "./command.ts";

/** @throws MongoError 13 */
export function requireRight(command: Command, user: SecurityContext, db: string, collection: string): void {
  const { right } = command;
  if (right === "none") return;
  const isAllowed =
    right === "connect"
      ? user.can("connect", db)
      : right === "admin"
        ? user.can("admin")
        : user.can(right.action, right.on === "collection" && collection !== "" ? `${db}.${collection}` : db);
  if (isAllowed) return;
  throw new MongoError(
    13,
    `not authorized on ${db} to execute command { ${command.name}: "${collection}", $db: "${db}" }`,
  );
}

/** Of a collection that a command names besides its own. @throws MongoError 13 */
export function requireAction(
  user: SecurityContext,
  action: "read" | "write" | "schema",
  db: string,
  collection: string,
): void {
  if (user.can(action, `${db}.${collection}`)) return;
  throw new MongoError(13, `not authorized on ${db} to execute command on ${db}.${collection}`);
}
