import { performance } from "node:perf_hooks";

/** Where time is read from, so that a test can pass its own and every deadline is monotonic. */
export interface Clock {
  /** Milliseconds that never go back: for durations, deadlines, timeouts. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch: for timestamps that people and other machines read. May jump. */
  wallMs(): number;
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
