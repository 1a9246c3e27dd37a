import { exitCodes } from "../exit-codes.ts";
import type { LocalProcess } from "./child.ts";

/** The end of `weftkit up`. */
export interface Stopping {
  /** Whether a signal asked for the end. */
  requested(): boolean;
  /** Resolves with the highest exit code when every engine has ended. */
  allExited(): Promise<number>;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What the first signal does, the second, and every later one. Engines know a second SIGTERM as "do not wait". */
const escalation = [
  { signal: "SIGTERM", message: "Stopping: everything is being saved." },
  { signal: "SIGTERM", message: "Stopping at once; what is not saved yet is lost." },
  { signal: "SIGKILL", message: "Killing." },
] as const;

/**
 * Passes signals on, so that every engine saves what it has before it ends. An engine that ends by itself ends the
 * others too: half a fleet would look like a whole one.
 */
export function stopOnSignal(processes: readonly LocalProcess[]): Stopping {
  let asked = 0;
  const ask = () => {
    const { signal, message } = escalation[Math.min(asked, escalation.length - 1)]!;
    asked++;
    process.stderr.write(`${process.stderr.isTTY ? "\n" : ""}${message}\n`);
    for (const engine of processes) engine.stop(signal);
  };
  for (const signal of signals) process.on(signal, ask);
  for (const { plan, exited } of processes) {
    void exited.then((code) => {
      if (asked > 0) return;
      process.stderr.write(`${plan.name} ended with exit code ${code}; its log is ${plan.logFile}\n`);
      for (const engine of processes) engine.stop("SIGTERM");
    });
  }
  return {
    requested: () => asked > 0,
    allExited: async () => {
      const codes = await Promise.all(processes.map(({ exited }) => exited));
      for (const signal of signals) process.off(signal, ask);
      // One that a signal ended has failed, whoever sent it.
      return Math.max(...codes.map((code) => (code > 128 ? exitCodes.software.code : code)));
    },
  };
}
