/** Where a primary is. */
export interface PrimaryAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a replica stands, as ROLE says it. */
export type LinkState = "connect" | "connecting" | "sync" | "connected";

/** What is told of an engine that is a replica. */
export interface ReplicaState {
  readonly primary: PrimaryAddress;
  readonly state: LinkState;
  /** The data are being replaced: nobody may read them. */
  readonly isLoading: boolean;
  /** The name of the primary's history; empty before the first synchronisation. */
  readonly history: string;
  /** How many bytes of it were run. */
  readonly offset: number;
  /** ms since the epoch when something last came. */
  readonly heardAt: number | undefined;
  /** ms since the epoch when the link broke, or was first tried. */
  readonly downSince: number;
  /** Bytes of the primary's data that came, and all of them, while they come. */
  readonly transfer: { readonly received: number; readonly total: number } | undefined;
  /** Tells the primary how far this is. */
  acknowledge(): void;
}
