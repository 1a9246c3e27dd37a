import { setTimeout as delay } from "node:timers/promises";
import { isResent } from "./errors.ts";

/** When failed requests are sent again. */
export interface RetryRule {
  /** The first one included. */
  readonly attemptsMax: number;
  /** The longest wait before the second attempt; it doubles with each further one. */
  readonly firstWaitMsMax: number;
  readonly waitMsMax: number;
}

export const defaultRetryRule: RetryRule = { attemptsMax: 8, firstWaitMsMax: 500, waitMsMax: 30_000 };

/** Nobody is waited for longer, whatever a reply asks. */
const retryAfterMsMax = 60_000;

/**
 * Calls `attempt` until it succeeds, fails for good, or was called often enough. Waits a random time between
 * (full jitter), so that many engines do not come back at the same moment, and never less than a reply asked for.
 */
export async function withRetries<Result>(
  rule: RetryRule,
  attempt: () => Promise<Result>,
  onRetry: (error: Error, attempts: number, waitMs: number) => void,
  signal: AbortSignal | undefined,
): Promise<Result> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isResent(error) || attempts >= rule.attemptsMax) throw error;
      const cap = Math.min(rule.waitMsMax, rule.firstWaitMsMax * 2 ** (attempts - 1));
      const asked = Math.min(error.retryAfterMs ?? 0, retryAfterMsMax);
      const waitMs = Math.max(asked, Math.random() * cap);
      onRetry(error, attempts, waitMs);
      await delay(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      signal?.throwIfAborted();
    }
  }
}

/** Reads a Retry-After header: seconds, or an HTTP date. */
export function readRetryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
