import { type RunningService, startService } from "@weftkit/host";
import pg from "pg";
import { onTestFinished } from "vitest";
import { Pool } from "../src/pool.ts";

/** A pool inside of this process; ended when the test has finished. */
export async function startPool(section: Readonly<Record<string, unknown>>): Promise<RunningService<Pool>> {
  const running = await startService(
    { name: "pool", version: "0.0.0", authenticates: false, create: () => new Pool() },
    {
      config: {
        server: { bind: "127.0.0.1", admin_port: 0 },
        pool: { port: 0, auth_type: "trust", admin_users: ["postgres"], ...section },
      },
      watchIntervalMs: 20,
    },
  );
  onTestFinished(() => running.stop(500).catch(() => {}));
  return running;
}

/** A client that is logged in; ended when the test has finished. */
export async function login(port: number, options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: "postgres",
    database: "postgres",
    ...options,
  });
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.end().catch(() => {}));
  return client;
}

/** The first value of the first row, as text. */
export async function value(
  client: pg.Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<unknown> {
  const { rows } = await client.query({ text, values: [...values], rowMode: "array" });
  return (rows[0] as unknown[] | undefined)?.[0];
}
