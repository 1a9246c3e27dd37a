/** The engines that hold data. */
export type EngineName =
  | "relational"
  | "document"
  | "graph"
  | "inmemory"
  | "keyvalue"
  | "vector"
  | "markdown"
  | "filestore";

/** Who may log in. */
export interface Account {
  readonly username: string;
  readonly password: string;
  /** `superuser`, `read_write`, `read_only`, `schema_admin`, `no_access`. */
  readonly roles: readonly string[];
}

/** An engine that serves, in a container or as a local process. */
export interface StartedEngine {
  /** What its drivers connect to; with the first account's name and password where the protocol's URLs have them. */
  readonly connectionUri: string;
  readonly host: string;
  readonly port: number;
  /** Of the first account; empty when nobody has to log in. */
  readonly username: string;
  readonly password: string;
  /** Health, metrics, snapshots. */
  readonly adminUrl: string;
  readonly adminToken: string;
  /** What a client has to trust, PEM; undefined without TLS. */
  readonly certificate: string | undefined;
  /** The whole state as it is now, which is also what `restore()` brings back from here on. */
  snapshot(): Promise<Uint8Array>;
  /**
   * Puts a state back: that of the last snapshot, of a given one, or of a file. Clients are disconnected, and find it when they connect again.
   *
   * @throws Error with the reason; the state is as it was then
   */
  restore(snapshot?: Uint8Array | string): Promise<void>;
  /** Writes a snapshot to a file, for `withSnapshot` of other runs. */
  saveSnapshot(file: string): Promise<void>;
  /** Ends it; what it holds is gone. */
  stop(): Promise<unknown>;
  [Symbol.asyncDispose](): Promise<void>;
}
