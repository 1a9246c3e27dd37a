import { readFileSync } from "node:fs";
import type { Duplex } from "node:stream";
import pg from "pg";
import { Failure } from "../../terminal/failure.ts";
import { hidden } from "../url.ts";

const connectTimeoutMs = 10_000;

/**
 * So that both sides write names, definitions and values the same way, and neither hides rows: row-level security that would leave some
 * out is an error.
 */
const settings = `
  SET search_path = ''; SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD';
  SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex'; SET row_security = off;
  SET check_function_bodies = off; SET statement_timeout = 0; SET lock_timeout = 0;
  SET idle_in_transaction_session_timeout = 0; SET application_name = 'weftkit transfer'`;

/** The socket of a client, which node-postgres does not declare. */
export interface Wire {
  readonly stream: Duplex;
  query(text: string): void;
  sendCopyFromChunk(chunk: Uint8Array): void;
  endCopyFrom(): void;
}

/** How to get into a server beside its URL. */
export interface Credentials {
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
}

/** Whether a place is a server of PostgreSQL's protocol. */
export function isPostgresUrl(place: string): boolean {
  return /^postgres(ql)?:\/\//.test(place);
}

/**
 * Connects to a server of PostgreSQL's protocol.
 *
 * @throws Failure when it does not answer or lets nobody in
 */
export async function openPostgres(place: string, credentials: Credentials): Promise<pg.Client> {
  if (!URL.canParse(place))
    throw new Failure(
      "usage",
      `${hidden(place)} is not a URL`,
      "For example postgres://127.0.0.1:5432/weftkit.",
    );
  const { passwordFile, caFile } = credentials;
  const url = new URL(place);
  if (passwordFile !== undefined) url.password = readFileSync(passwordFile, "utf8").trimEnd();
  const client = new pg.Client({
    connectionString: url.href,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...(caFile !== undefined && { ssl: { ca: readFileSync(caFile) } }),
  });
  // A connection that is lost fails the statement under way, or the next.
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query(settings);
    return client;
  } catch (error) {
    closePostgres(client);
    const { message, code } = error as Error & { code?: string };
    const isRefused = code !== undefined && /^28|^42501/.test(code);
    throw new Failure(
      isRefused ? "failed" : "unavailable",
      `${hidden(place)} ${isRefused ? "lets nobody in" : "does not answer"}: ${message}`,
      isRefused ? "Write user and password into the URL, or name the file of the password." : undefined,
    );
  }
}

/** Ends a connection, whatever is under way on it. */
export function closePostgres(client: pg.Client): void {
  // It may be lost already, which is what is wanted.
  client.end().catch(() => {});
}
