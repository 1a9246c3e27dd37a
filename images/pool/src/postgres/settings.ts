export type PoolMode = "session" | "transaction" | "statement";

/** What holds for the clients of one database and user, drawn together from the tables and the section. */
export interface PoolSettings {
  readonly mode: PoolMode;
  readonly size: number;
  readonly minSize: number;
  readonly reserveSize: number;
  readonly reserveTimeoutMs: number;
  readonly databaseConnectionsMax: number;
  readonly userConnectionsMax: number;
  readonly queryWaitTimeoutMs: number;
  readonly queryTimeoutMs: number;
  readonly serverIdleTimeoutMs: number;
  readonly serverLifetimeMs: number;
  readonly serverConnectTimeoutMs: number;
  readonly serverLoginRetryMs: number;
  readonly idleTransactionTimeoutMs: number;
  readonly transactionTimeoutMs: number;
  readonly clientIdleTimeoutMs: number;
  readonly waitNoticeMs: number;
  readonly preparedStatementsMax: number;
  readonly messageBytesMax: number;
  readonly sessionFeatures: "pin" | "refuse";
  readonly resetQuery: string;
  readonly serverTls: "off" | "prefer" | "require";
}

/** A database as clients name it, and where it is. */
export interface DatabaseEntry {
  readonly name: string;
  /** The servers' group; see `@weftkit/backends`. */
  readonly group: string;
  /** Servers of its own, where it names an address. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** Its name at the server. */
  readonly database: string;
  /** Whom the pool logs in as; the client's own name when undefined. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly authUser: string | undefined;
  readonly authQuery: string | undefined;
  readonly authDatabase: string | undefined;
  readonly connectQuery: string | undefined;
  readonly clientConnectionsMax: number;
  /** It was not written down: it is there as every name is. */
  readonly isAutomatic: boolean;
  readonly settings: Partial<PoolSettings>;
}

export interface UserEntry {
  readonly name: string;
  readonly clientConnectionsMax: number;
  readonly settings: Partial<PoolSettings>;
}
