import { Failure } from "../terminal/failure.ts";

/** The `persistence` section of a running engine's /v1/status. */
export interface EnginePersistence {
  readonly subtree: string;
  readonly epoch: number;
  readonly leaseHeld: boolean;
  readonly seq: number;
  readonly pushedAt?: string;
  readonly restorePoints: number;
  readonly outbox: { readonly entries: number; readonly bytes: number };
  readonly lagBytes: number;
  readonly lagSeconds: number;
  readonly lastError?: string;
}

const timeoutMs = 10_000;

/** Asks an engine by its admin port. @throws Failure when it does not answer, or has no persistence */
export async function askEngine(adminUrl: string): Promise<EnginePersistence> {
  if (!URL.canParse(adminUrl)) {
    throw new Failure("usage", `--admin ${adminUrl} is not a URL`, "For example http://127.0.0.1:9464.");
  }
  const url = new URL("/v1/status", adminUrl);
  const status = await read(url);
  if (typeof status.persistence === "object" && status.persistence !== null) {
    return status.persistence as EnginePersistence;
  }
  throw new Failure(
    "failed",
    `the engine at ${adminUrl} pushes nothing`,
    "Its WEFTKIT_PERSIST_MODE is disabled.",
  );
}

async function read(url: URL): Promise<{ persistence?: unknown }> {
  const hint = "It is the engine's admin port, 9464 unless it was changed; compose files do not publish it.";
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (response.ok) return (await response.json()) as { persistence?: unknown };
    throw new Failure("failed", `${url} answers with ${response.status}`, hint);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    throw new Failure("unavailable", `${url} does not answer: ${cause}`, hint);
  }
}
