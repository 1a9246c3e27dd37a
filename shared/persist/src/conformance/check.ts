import type { Probe } from "./probe.ts";

/** One rule of the contract and how it is tried. */
export interface Check {
  readonly name: string;
  /** One sentence: what an endpoint does. */
  readonly expectation: string;
  /** Resolves when the endpoint does it, rejects with what it did instead. The probe's subtree is used by nobody else. */
  run(probe: Probe): Promise<void>;
}

/** What an endpoint did instead. */
export class Deviation extends Error {
  constructor(message: string) {
    super(message);
    this.name = "Deviation";
  }
}

/** @throws Deviation unless `holds` */
export function require(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Deviation(otherwise);
}

/** @throws Deviation unless both are the same JSON */
export function requireEqual(what: string, actual: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  require(is === should, `${what} is ${is?.slice(0, 300)}, not ${should?.slice(0, 300)}`);
}
