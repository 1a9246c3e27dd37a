import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";

/** The folder with initdb and postgres: of WEFTKIT_POSTGRES_BIN, or the newest that is installed. */
export function postgresBinaries(): string | undefined {
  const given = process.env.WEFTKIT_POSTGRES_BIN;
  if (given !== undefined) return existsSync(join(given, "postgres")) ? given : undefined;
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return undefined;
  return readdirSync(root)
    .map((version) => join(root, version, "bin"))
    .filter((folder) => existsSync(join(folder, "postgres")) && existsSync(join(folder, "initdb")))
    .sort()
    .at(-1);
}

export interface RealPostgres {
  readonly host: string;
  readonly version: number;
  connect(): Promise<pg.Client>;
  stop(): Promise<void>;
}

/** postgres refuses to run as root: then it runs as the user that its package made. */
function asPostgres(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"]).toString());
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return undefined;
  }
}

/** A server of its own on a Unix socket in a temporary folder, with the C locale and UTC. */
export async function startPostgres(binaries: string): Promise<RealPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "weftkit-postgres-"));
  const owner = asPostgres();
  const options = owner ?? {};
  if (owner !== undefined) execFileSync("chown", ["-R", `${owner.uid}:${owner.gid}`, folder]);
  const data = join(folder, "data");
  execFileSync(
    join(binaries, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8", "--no-sync"],
    {
      ...options,
      cwd: folder,
      stdio: "ignore",
    },
  );
  const settings = [
    "-c",
    "fsync=off",
    "-c",
    "timezone=UTC",
    "-c",
    "listen_addresses=",
    "-k",
    folder,
    "-D",
    data,
  ];
  const server: ChildProcess = spawn(join(binaries, "postgres"), settings, {
    ...options,
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    server.stderr?.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("ready to accept connections")) resolve();
    });
    server.once("exit", () => reject(new Error("postgres ended before it was ready")));
  });
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ host: folder, user: "postgres", database: "postgres" });
    await client.connect();
    return client;
  };
  const client = await connect();
  const { rows } = await client.query<{ server_version_num: string }>("SHOW server_version_num");
  await client.end();
  return {
    host: folder,
    version: Math.floor(Number(rows[0]?.server_version_num) / 10_000),
    connect,
    stop: async () => {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGINT");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
