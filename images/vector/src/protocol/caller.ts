import type { Action, SecurityContext } from "@weftkit/auth";
import { forbidden } from "../errors.ts";

/** Who asks. */
export interface Caller {
  readonly user: SecurityContext;
}

/** @throws VectorError `permission_denied` */
export function requireRight({ user }: Caller, action: Action, collection?: string): void {
  const isAllowed = collection === undefined ? user.scope(action) !== "none" : user.can(action, collection);
  if (!isAllowed) throw forbidden(user.user, action, collection);
}
