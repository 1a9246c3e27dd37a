import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { EngineProgram } from "@weftkit/testing/engine-program";
import { freePort } from "@weftkit/testing/free-ports";
import { patientMs } from "@weftkit/testing/patience";
import { Program } from "@weftkit/testing/program";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import pg from "pg";
import { expect, onTestFinished } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const engineMain = (name: string) => join(root, "images", name, "src", "main.ts");
const sidecarMain = join(root, "persistence-sidecar", "src", "main.ts");

export const adminToken = "only for this test";

/** A database over the wire: an engine of ours, or the real system of its protocol. */
export interface Database {
  readonly endpoint: string;
  /** Variables of a sidecar whose remote it is. */
  readonly variables: Readonly<Record<string, string>>;
}

/** An engine at ports that stay, so that it comes back where it was. */
export abstract class Engine implements Database {
  readonly #folder = temporaryFolder();
  readonly #name: string;
  readonly #environment: Readonly<Record<string, string>>;
  port = 0;
  adminPort = 0;
  program!: EngineProgram;

  protected constructor(name: string, environment: Readonly<Record<string, string>>) {
    this.#name = name;
    this.#environment = environment;
  }

  protected async begin(): Promise<this> {
    [this.port, this.adminPort] = [await freePort(), await freePort()];
    await this.start();
    return this;
  }

  abstract get endpoint(): string;

  get variables(): Readonly<Record<string, string>> {
    return {
      WEFTKIT_PERSISTENCE_REMOTE_ENDPOINT: this.endpoint,
      WEFTKIT_PERSISTENCE_REMOTE_ADMIN_URL: `http://127.0.0.1:${this.adminPort}`,
      WEFTKIT_PERSISTENCE_REMOTE_ADMIN_TOKEN: adminToken,
    };
  }

  async start(): Promise<void> {
    this.program = await new EngineProgram(engineMain(this.#name), this.#folder, {
      WEFTKIT_ADMIN_TOKEN: adminToken,
      ...this.#environment,
      WEFTKIT_PORT: String(this.port),
      WEFTKIT_ADMIN_PORT: String(this.adminPort),
    }).ready();
  }

  kill(): Promise<void> {
    return this.program.kill();
  }
}

/** weftkit/relational */
export class Relational extends Engine {
  static start(environment: Readonly<Record<string, string>> = {}): Promise<Relational> {
    return new Relational("relational", environment).begin();
  }

  get endpoint(): string {
    return `postgres://ann@127.0.0.1:${this.port}/weftkit`;
  }
}

/** weftkit/inmemory, which brings each write to the disk before it is acknowledged. */
export class Inmemory extends Engine {
  static start(environment: Readonly<Record<string, string>> = {}): Promise<Inmemory> {
    return new Inmemory("inmemory", { WEFTKIT_INMEMORY_APPENDFSYNC: "always", ...environment }).begin();
  }

  get endpoint(): string {
    return `redis://127.0.0.1:${this.port}`;
  }
}

/** A conflict as the admin port shows it. */
export interface ShownConflict {
  readonly id: number;
  readonly how: string;
  readonly name: string;
  readonly key: string;
  readonly winner: string;
  readonly loser: string;
  readonly winnerRow: Record<string, unknown> | null;
  readonly loserRow: Record<string, unknown> | null;
  readonly reason?: string;
}

/** A sidecar between an engine and a remote, on a folder that stays. */
export class SyncSidecar {
  readonly #folder = temporaryFolder();
  readonly #variables: Readonly<Record<string, string>>;
  program!: Program;
  adminPort = 0;

  private constructor(variables: Readonly<Record<string, string>>) {
    this.#variables = variables;
  }

  static async start(
    local: Engine,
    remote: Database,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<SyncSidecar> {
    const sidecar = new SyncSidecar({
      WEFTKIT_PERSISTENCE_LOCAL_ENDPOINT: local.endpoint,
      WEFTKIT_PERSISTENCE_LOCAL_ADMIN_URL: `http://127.0.0.1:${local.adminPort}`,
      WEFTKIT_PERSISTENCE_LOCAL_ADMIN_TOKEN: adminToken,
      WEFTKIT_PERSISTENCE_SYNC_INTERVAL_MS: "0",
      WEFTKIT_ADMIN_TOKEN: adminToken,
      ...remote.variables,
      ...variables,
    });
    await sidecar.start();
    return sidecar;
  }

  async start(): Promise<void> {
    this.adminPort = await freePort();
    this.program = new Program(sidecarMain, {
      env: {
        WEFTKIT_DATA_DIR: this.#folder,
        WEFTKIT_BIND: "127.0.0.1",
        WEFTKIT_SERVER_ADMIN_PORT: String(this.adminPort),
        ...this.#variables,
      },
    });
    await this.program.logged("ready");
  }

  kill(): Promise<void> {
    return this.program.kill();
  }

  /** Copies its volume, while it does not run; what is returned puts the copy back. */
  backup(): () => void {
    const copy = temporaryFolder();
    cpSync(this.#folder, copy, { recursive: true });
    return () => {
      rmSync(this.#folder, { recursive: true });
      cpSync(copy, this.#folder, { recursive: true });
    };
  }

  /** Resolves when what was there at first is copied, both ways. */
  async copied(): Promise<void> {
    type Side = { following: { phase: string }; waitingBytes: number };
    const isCopied = ({ following, waitingBytes }: Side) =>
      following.phase === "following" && waitingBytes === 0;
    await expect
      .poll(
        async () => {
          const { local, remote } = await this.ask<{ local: Side; remote: Side }>("/v1/sync/status");
          return isCopied(local) && isCopied(remote);
        },
        { timeout: patientMs(20_000), interval: 50 },
      )
      .toBe(true);
  }

  /** Asks the admin port; resolves to the answer's body. */
  async ask<T>(path: string, method = "GET"): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.adminPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminToken}` },
    });
    return (await response.json()) as T;
  }

  async conflicts(): Promise<readonly ShownConflict[]> {
    const all: ShownConflict[] = [];
    for (;;) {
      const before = all.length === 0 ? "" : `&before=${all.at(-1)!.id}`;
      const { conflicts } = await this.ask<{ conflicts: ShownConflict[] }>(
        `/v1/sync/conflicts?max=1000${before}`,
      );
      all.push(...conflicts);
      if (conflicts.length < 1000) return all;
    }
  }
}

/** A client of node-postgres, connected. */
export async function connect({ endpoint }: Pick<Database, "endpoint">): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: endpoint });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => void client.end().catch(() => {}));
  return client;
}

/** All rows of a table, as the texts of their JSON, in order. */
export async function rowsOf(database: Pick<Database, "endpoint">, table: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: database.endpoint });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query(`SELECT to_json(t)::text AS row FROM ${table} t`);
    return rows.map(({ row }: { row: string }) => row).toSorted();
  } finally {
    await client.end();
  }
}
