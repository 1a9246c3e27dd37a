import { addressOf } from "@weftkit/backends";
import type { EngineInfo, MetricSample } from "../api.ts";
import type { ConfiguredEngine } from "./engine-list.ts";
import { readMetrics } from "./metrics-text.ts";

const timeoutMs = 3000;
/** An answer of an admin port is no longer. */
const bytesMax = 4 * 1024 ** 2;

/** How an engine is, as its admin port has it. Never throws: an engine that is away is an answer. */
export async function statusOf(
  engine: ConfiguredEngine,
): Promise<Omit<EngineInfo, "id" | "name" | "engine" | "address" | "hasConsole">> {
  if (engine.admin === undefined) return { state: "unknown", reason: "its admin port is not configured" };
  try {
    const status = JSON.parse(await get(engine.admin, "/v1/status")) as Record<string, unknown>;
    const { version, uptimeMs, connections, persistence, components, ready } = status as {
      version?: string;
      uptimeMs?: number;
      connections?: { open: number; max: number };
      persistence?: Record<string, unknown>;
      components?: Record<string, unknown>;
      ready?: boolean;
    };
    return {
      state: ready === true ? "ready" : "not_ready",
      ...(version !== undefined && { version }),
      ...(uptimeMs !== undefined && { uptimeMs }),
      ...(connections !== undefined && { connections }),
      ...(persistence !== undefined && { persistence }),
      ...(components !== undefined && { components }),
    };
  } catch (error) {
    return { state: "unreachable", reason: `${addressOf(engine.admin)}: ${reasonOf(error)}` };
  }
}

/** An engine's metrics; undefined where there is no admin port, or nobody answers there. */
export async function metricsOf(engine: ConfiguredEngine): Promise<readonly MetricSample[] | undefined> {
  if (engine.admin === undefined) return undefined;
  try {
    return readMetrics(await get(engine.admin, "/metrics"));
  } catch {
    // Its status says why.
    return undefined;
  }
}

async function get(admin: { host: string; port: number }, path: string): Promise<string> {
  const response = await fetch(`http://${addressOf(admin)}${path}`, {
    signal: AbortSignal.timeout(timeoutMs),
    redirect: "error",
  });
  if (!response.ok) throw new Error(`it answered ${response.status}`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error("its answer is too long");
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString();
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = (error.cause ?? {}) as { code?: string };
  return code ?? error.message;
}
