import { Problem, type ProblemKind, type ProblemOptions } from "@weftkit/http";
import { documentTooLarge, invalidDocument, invalidFrontMatter } from "../problems.ts";

/** What came of some work in another thread: errors lose their class on the way, so problems are told as values. */
export type Outcome<Value> =
  | { readonly value: Value }
  | { readonly problem: string; readonly detail: string; readonly errors: ProblemOptions["errors"] };

/** What can be wrong with a text. */
const kinds: Readonly<Record<string, ProblemKind>> = Object.fromEntries(
  [documentTooLarge, invalidDocument, invalidFrontMatter].map((kind) => [kind.type.name, kind]),
);

export function outcomeOf<Value>(work: () => Value): Outcome<Value> {
  try {
    return { value: work() };
  } catch (error) {
    if (!(error instanceof Problem) || kinds[error.type.name] === undefined) throw error;
    return { problem: error.type.name, detail: error.message, errors: error.errors };
  }
}

/** @throws Problem the one that the work has thrown */
export function settled<Value>(outcome: Outcome<Value>): Value {
  if ("value" in outcome) return outcome.value;
  const { problem, detail, errors } = outcome;
  throw kinds[problem]!(detail, errors === undefined ? {} : { errors });
}
