import { useEffect, useRef, useState } from "preact/hooks";
import type { ErrorBody } from "../../src/api.ts";
import { errorBody } from "../api-client.ts";

/** One thing at a time that an engine is asked for, which can be cancelled; what went wrong with the last one. */
export interface Run {
  /** Does nothing while another runs. */
  start(work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  cancel(): void;
  readonly isRunning: boolean;
  readonly error: ErrorBody["error"] | undefined;
}

/** See `Run`. What still runs when the console is left is cancelled. */
export function useRun(): Run {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<ErrorBody["error"]>();
  const current = useRef<AbortController>();
  useEffect(() => () => current.current?.abort(), []);
  const start = async (work: (signal: AbortSignal) => Promise<void>) => {
    if (current.current !== undefined) return;
    const stop = new AbortController();
    current.current = stop;
    setRunning(true);
    setError(undefined);
    try {
      await work(stop.signal);
    } catch (failure) {
      const isCancelled = stop.signal.aborted;
      setError(isCancelled ? { code: "cancelled", message: "it was given up" } : errorBody(failure));
    }
    current.current = undefined;
    setRunning(false);
  };
  return { start, cancel: () => current.current?.abort(), isRunning, error };
}
