import { parseExact } from "@weftkit/cdc/exact-json";
import type { Command } from "commander";
import { adminToken } from "../admin-token.ts";
import { Failure } from "../terminal/failure.ts";

export interface SidecarOptions {
  readonly admin: string;
  readonly adminTokenFile?: string;
  readonly json?: true;
}

const timeoutMs = 10_000;

/** Adds the options that say which sidecar. */
export function withSidecarOptions(command: Command): Command {
  return command
    .option("--admin <url>", "the sidecar's admin port", "http://127.0.0.1:9464")
    .option(
      "--admin-token-file <file>",
      "the file of its admin token (default: WEFTKIT_ADMIN_TOKEN or WEFTKIT_ADMIN_TOKEN_FILE)",
    )
    .option("--json", "print JSON");
}

/** Asks the sidecar's admin port; numbers of rows keep all their digits. @throws Failure when it does not answer, or refuses */
export async function askSidecar<T>(
  options: SidecarOptions,
  path: string,
  method: "GET" | "POST" = "GET",
): Promise<T> {
  if (!URL.canParse(options.admin))
    throw new Failure("usage", `--admin ${options.admin} is not a URL`, "For example http://127.0.0.1:9464.");
  const url = new URL(path, options.admin);
  let text: string;
  let status: number;
  try {
    const headers = { authorization: `Bearer ${adminToken(options)}` };
    const response = await fetch(url, { method, headers, signal: AbortSignal.timeout(timeoutMs) });
    [status, text] = [response.status, await response.text()];
  } catch (error) {
    if (error instanceof Failure) throw error;
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    const hint =
      "It is the sidecar's admin port, 9464 unless it was changed; compose files do not publish it.";
    throw new Failure("unavailable", `${url.origin} does not answer: ${cause}`, hint);
  }
  if (status === 200) return parseExact(text) as T;
  if (status === 404 && text.includes("there is no /v1/sync"))
    throw new Failure(
      "failed",
      `what answers at ${url.origin} does not synchronise`,
      "It is the admin port of a weftkit/persistence that has a remote_endpoint.",
    );
  throw new Failure("failed", errorOf(text) ?? `${url.origin} answers with ${status}`);
}

function errorOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "string" ? error : undefined;
  } catch {
    // Not the sidecar's own words: the status has to do.
    return undefined;
  }
}
