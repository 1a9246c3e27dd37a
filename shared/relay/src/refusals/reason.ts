/** Why a client that is understood is not served. */
export type RefusalReason =
  | "no_route"
  | "no_backend"
  | "max_connections"
  | "rate"
  | "tls_required"
  | "shutting_down";

/** What people are told, in every protocol. */
export const refusalTexts: Readonly<Record<RefusalReason, string>> = {
  no_route: "no route leads to what this connection asks for",
  no_backend: "no server can be reached that would answer; try again later",
  max_connections: "too many connections; try again later",
  rate: "too many requests; try again later",
  tls_required: "this needs TLS: connect with it",
  shutting_down: "the gateway is shutting down; connect again",
};
