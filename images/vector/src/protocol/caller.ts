import type { Action, SecurityContext } from "@weftkit/auth";
import { forbidden } from "../errors.ts";

/** Who asks, and until when. */
export interface Caller {
  readonly user: SecurityContext;
  /** Aborted when the client is gone. */
  readonly signal?: AbortSignal;
}

/** @throws VectorError `permission_denied` */
export function requireRight({ user }: Caller, action: Action, collection?: string): void {
  const isAllowed = collection === undefined ? user.scope(action) !== "none" : user.can(action, collection);
  if (!isAllowed) throw forbidden(user.user, action, collection);
}
