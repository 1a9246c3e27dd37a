import type { Probe } from "./probe.ts";

/** One rule of the contract and how it is tried. */
export interface Check {
  readonly name: string;
  /** One sentence: what an endpoint does. */
  readonly expectation: string;
  /** Resolves when the endpoint does it, rejects with what it did instead. The probe's subtree is used by nobody else. */
  run(probe: Probe): Promise<void>;
}
