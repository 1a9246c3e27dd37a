import type { Problem } from "./problem.ts";
import { problems } from "./problems.ts";

/** 429, with when to come again. */
export function tooManyRequests(why: string, waitMs: number): Problem {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return problems.tooManyRequests(`${why}; try again in ${seconds} s`, {
    headers: { "retry-after": String(seconds) },
  });
}
