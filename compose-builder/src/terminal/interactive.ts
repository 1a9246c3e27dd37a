import { cancel } from "@clack/prompts";
import { Failure } from "./failure.ts";

/** Whether there is a person to ask: both ends are a terminal, and CI does not say otherwise. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && !process.env.CI;
}

/** The answer to a question; leaving it with ctrl-C or Escape ends the command. */
export function answered<T>(answer: T): Exclude<T, symbol> {
  if (typeof answer !== "symbol") return answer as Exclude<T, symbol>;
  cancel("Nothing was written.");
  throw new Failure("failed", "cancelled");
}
