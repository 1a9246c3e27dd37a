/** Who must be well for traffic to be sent here. */
export interface Readiness {
  /** Says that `component` is able to serve or not, and why not (shown by `/readyz` and logged on change). */
  set(component: string, ok: boolean, why?: string): void;
}
