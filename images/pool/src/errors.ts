import type { ErrorFields } from "@weftkit/wire-postgres";

/** Every error that the pool answers by itself in PostgreSQL's protocol; servers' own are passed on. */
const fatal = (code: string, message: string, hint?: string): ErrorFields => ({
  severity: "FATAL",
  code,
  message,
  ...(hint !== undefined && { hint }),
});

export const errors = {
  tooManyClients: () => fatal("53300", "no more connections allowed (max_client_conn)"),
  tooManyOf: (what: string) => fatal("53300", `client connections exceeded (${what})`),
  noSuchDatabase: (name: string) => fatal("3D000", `no such database: ${name}`),
  disabled: (name: string) => fatal("57P03", `database "${name}" is disabled`),
  noUser: () => fatal("28000", "no PostgreSQL user name specified in startup packet"),
  noSuchUser: (user: string) => fatal("28000", `no such user: ${user}`),
  badPassword: (user: string) => fatal("28P01", `password authentication failed for user "${user}"`),
  badLogin: (message: string) => fatal("08P01", message),
  tlsRequired: () => fatal("28000", "TLS is required", "connect with sslmode=require"),
  replication: () =>
    fatal("0A000", "replication connections do not go through the pool", "connect to the server itself"),
  loginTimeout: () => fatal("08P01", "client_login_timeout"),
  queryWaitTimeout: () =>
    fatal("08P01", "query_wait_timeout", "all server connections were busy for too long"),
  queryTimeout: () => fatal("57014", "query timeout"),
  idleTransaction: () => fatal("25P03", "idle transaction timeout"),
  transactionTimeout: () => fatal("25P04", "transaction timeout"),
  clientIdle: () => fatal("57P05", "client_idle_timeout"),
  killed: () => fatal("57P01", "terminating connection due to administrator command"),
  shutdown: () => fatal("57P01", "the pool is shutting down"),
  serverLost: (cause: ErrorFields | undefined): ErrorFields =>
    fatal("08006", cause === undefined ? "server conn crashed?" : `server conn crashed? ${cause.message}`),
  noTransactions: () => fatal("0A000", "transaction blocks not allowed in statement pooling mode"),
  parameterRefused: (cause: ErrorFields) => ({ ...cause, severity: "FATAL" }) as ErrorFields,
  cancelled: (): ErrorFields => ({
    severity: "ERROR",
    code: "57014",
    message: "canceling statement due to user request",
  }),
  sessionFeature: (what: string): ErrorFields => ({
    severity: "ERROR",
    code: "0A000",
    message: `${what} is not supported in transaction pooling mode`,
    hint: 'use a database with pool_mode = "session", or session_features = "pin"',
  }),
  readsSession: (what: string): ErrorFields => ({
    severity: "ERROR",
    code: "0A000",
    message: `${what} outside of a transaction could give another client's value in transaction pooling mode`,
    hint: 'use INSERT ... RETURNING, call it in the transaction of nextval(), or use pool_mode = "session"',
  }),
  duplicateStatement: (name: string): ErrorFields => ({
    severity: "ERROR",
    code: "42P05",
    message: `prepared statement "${name}" already exists`,
  }),
} as const;
