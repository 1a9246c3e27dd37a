/** The receiver does not take what was sent, and trying again is of no use. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** Also one that comes from a bundle of its own, which has a class of its own. */
export function isRefused(error: unknown): error is Error {
  return error instanceof Error && error.name === "RefusedError";
}
