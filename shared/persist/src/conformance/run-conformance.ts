import { HttpConnections } from "../client/exchange.ts";
import { parseEndpointUrl } from "../client/url-rules.ts";
import type { Check } from "./check.ts";
import { commitChecks } from "./checks/commit.ts";
import { leaseChecks } from "./checks/lease.ts";
import { pruneChecks } from "./checks/prune.ts";
import { raceChecks } from "./checks/race.ts";
import { restoreChecks } from "./checks/restore.ts";
import { signatureChecks } from "./checks/signature.ts";
import { uploadChecks } from "./checks/upload.ts";
import { Deviation } from "./deviation.ts";
import { Probe } from "./probe.ts";

/** How one rule of the contract was found. */
export interface ConformanceResult {
  readonly name: string;
  /** What an endpoint does. */
  readonly expectation: string;
  readonly passed: boolean;
  /** What this one did instead. */
  readonly problem?: string;
  readonly durationMs: number;
}

export interface ConformanceOptions {
  /** The endpoint's base URL. */
  readonly url: string;
  /** The secret it knows. */
  readonly key: string;
  /** Default: "default". */
  readonly keyId?: string;
  /** Certificates to trust besides the system's, as PEM. */
  readonly ca?: string;
  /** Called after each check. */
  readonly onResult?: (result: ConformanceResult) => void;
}

/** Every check, in the order in which they are made. */
export const conformanceChecks: readonly Check[] = [
  ...signatureChecks,
  ...leaseChecks,
  ...uploadChecks,
  ...commitChecks,
  ...raceChecks,
  ...restoreChecks,
  ...pruneChecks,
];

/**
 * Puts an endpoint through the contract, check by check. Uses fresh subtrees `conformance/check/<random>`, which it
 * leaves in the store: the contract has no way to delete a head.
 *
 * @throws WeftkitError `bad_url`
 */
export async function runConformance(options: ConformanceOptions): Promise<readonly ConformanceResult[]> {
  const { url, key, keyId = "default", ca, onResult } = options;
  const base = parseEndpointUrl(url);
  const connections = new HttpConnections(ca);
  const results: ConformanceResult[] = [];
  try {
    for (const check of conformanceChecks) {
      const result = await runCheck(check, new Probe(base, { id: keyId, secret: key }, connections));
      results.push(result);
      onResult?.(result);
    }
  } finally {
    connections.close();
  }
  return results;
}

async function runCheck({ name, expectation, run }: Check, probe: Probe): Promise<ConformanceResult> {
  const startedMs = performance.now();
  const result = (passed: boolean) => ({
    name,
    expectation,
    passed,
    durationMs: performance.now() - startedMs,
  });
  try {
    await run(probe);
    return result(true);
  } catch (error) {
    // Whatever goes wrong is the endpoint's: an answer that is none, a closed connection, a reply that cannot be read.
    const problem = error instanceof Deviation ? error.message : `failed: ${String(error)}`;
    return { ...result(false), problem };
  }
}
