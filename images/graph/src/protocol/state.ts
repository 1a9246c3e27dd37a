import type { RequestName } from "@weftkit/wire-bolt";

/** The states of a connection (Bolt protocol, server states). INTERRUPTED is beside them: RESET is waited for. */
export type BoltState =
  | "negotiation"
  | "authentication"
  | "ready"
  | "streaming"
  | "tx ready"
  | "tx streaming"
  | "failed"
  | "defunct";

/** Which requests a state takes; all others are a violation, and end the connection. */
export const allowed: Readonly<Record<BoltState, readonly RequestName[]>> = {
  negotiation: ["hello", "goodbye"],
  authentication: ["logon", "goodbye"],
  ready: ["run", "begin", "route", "reset", "goodbye", "logoff", "telemetry"],
  streaming: ["pull", "discard", "reset", "goodbye"],
  "tx ready": ["run", "commit", "rollback", "reset", "goodbye"],
  "tx streaming": ["run", "pull", "discard", "commit", "rollback", "reset", "goodbye"],
  // Everything else is ignored in it.
  failed: ["reset", "goodbye"],
  defunct: [],
};
