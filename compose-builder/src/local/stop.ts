import type { LocalProcess } from "./child.ts";

/** The end of `weftkit up`. */
export interface Stopping {
  /** Whether a signal asked for the end. */
  requested(): boolean;
  /** Resolves with the highest exit code when every engine has ended. */
  allExited(): Promise<number>;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Passes the first signal on as SIGTERM, so that every engine saves what it has; a second one kills. An engine that
 * ends by itself ends the others too: half a fleet would look like a whole one.
 */
export function stopOnSignal(processes: readonly LocalProcess[]): Stopping {
  let asked = 0;
  const ask = () => {
    asked++;
    const last = asked > 1;
    process.stderr.write(
      last ? "\nKilling.\n" : "\nStopping: everything is being saved. Once more to kill.\n",
    );
    for (const engine of processes) engine.stop(last ? "SIGKILL" : "SIGTERM");
  };
  for (const signal of signals) process.on(signal, ask);
  for (const { plan, exited } of processes) {
    void exited.then((code) => {
      if (asked > 0) return;
      process.stderr.write(`${plan.engine} ended with exit code ${code}; its log is ${plan.logFile}\n`);
      for (const engine of processes) engine.stop("SIGTERM");
    });
  }
  return {
    requested: () => asked > 0,
    allExited: async () => {
      const codes = await Promise.all(processes.map(({ exited }) => exited));
      for (const signal of signals) process.off(signal, ask);
      return Math.max(...codes);
    },
  };
}
