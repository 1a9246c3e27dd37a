import type { SecurityContext } from "@weftkit/auth";

/** One login, in the steps that saslStart and saslContinue carry. */
export interface Authentication {
  readonly mechanism: string;
  /** Takes what the client says and gives the answer; `done` says that no more is to come. */
  step(
    payload: Buffer,
  ): Promise<{ readonly payload: Buffer; readonly isDone: boolean; readonly user?: SecurityContext }>;
}
