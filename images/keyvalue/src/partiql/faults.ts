import { validation } from "../errors.ts";

export function notWellFormed(detail: string) {
  return validation(`Statement wasn't well formed, can't be processed: ${detail}`);
}

export function parametersDiffer() {
  return validation("Number of parameters in request and statement don't match.");
}

export function noWholeKey() {
  return validation("Where clause does not contain a mandatory equality on all key attributes");
}
