import type { Config } from "@weftkit/config";
import type { ErrorFields } from "@weftkit/wire-postgres";
import type { PoolSockets } from "../network/pool-sockets.ts";
import type { ClientSession } from "./client-session.ts";
import type { ServerPool } from "./server-pool.ts";
import type { DatabaseEntry, PoolSettings } from "./settings.ts";
import type { Tables } from "./tables.ts";

/** A client of the console, as the console shows it. */
export interface ConsoleClient {
  readonly id: number;
  readonly user: string;
  readonly connectedMs: number;
}

/** What the console looks at, and gives orders to. */
export interface ConsoleHost {
  readonly section: Config["pool"];
  readonly options: {
    readonly sockets: PoolSockets;
    readonly version: string;
  };
  readonly clients: ReadonlySet<ClientSession>;
  readonly consoles: ReadonlySet<ConsoleClient>;
  readonly pools: ReadonlyMap<string, ServerPool>;
  readonly statements: { readonly size: number };
  readonly tables: Tables;
  readonly users: ReadonlyMap<string, unknown>;
  /** Databases, or `*` for all. */
  readonly paused: Set<string>;
  readonly disabled: Set<string>;
  readonly startedMs: number;
  readonly isDraining: boolean;
  databaseOf(name: string): DatabaseEntry | undefined;
  settingsOf(database: DatabaseEntry, user: string): PoolSettings;
  set(key: string, value: unknown): void;
  /** @throws ConfigError */
  reload(): void;
}

export type Cell = string | number | null;

/** A command that the console does not do, or not now. */
export class ConsoleError extends Error {
  readonly fields: ErrorFields;
  constructor(code: string, message: string) {
    super(message);
    this.fields = { severity: "ERROR", code, message };
  }
}

/** What a command answers: a table, or its tag alone. */
export interface ConsoleAnswer {
  readonly tag: string;
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly Cell[])[];
  readonly notice?: string;
}
