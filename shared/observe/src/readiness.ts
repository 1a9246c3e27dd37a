import type { Logger } from "./log.ts";

/** Who must be well for traffic to be sent here. */
export interface Readiness {
  /** Says that `component` is able to serve or not, and why not (shown by `/readyz` and logged on change). */
  set(component: string, ok: boolean, why?: string): void;
}

/** One component, as `/readyz` shows it. */
export interface ComponentState {
  readonly ok: boolean;
  readonly why?: string;
}

/** Collects what the components say; ready is when all of them are, and there is at least one. */
export class ReadinessRegistry implements Readiness {
  readonly #components = new Map<string, ComponentState>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  set(component: string, ok: boolean, why?: string): void {
    const before = this.#components.get(component);
    if (before?.ok === ok && before.why === why) return;
    this.#components.set(component, why === undefined ? { ok } : { ok, why });
    // What was not ready before and is not for another reason, as a restore that goes on, is no news to warn of.
    this.#log[ok || before?.ok !== true ? "debug" : "warn"](
      { component, ok, why },
      ok ? "component is ready" : "component is not ready",
    );
  }

  /** Whether traffic may be sent here. */
  get ready(): boolean {
    return this.#components.size > 0 && [...this.#components.values()].every(({ ok }) => ok);
  }

  /** Every component's state, by name. */
  components(): Readonly<Record<string, ComponentState>> {
    return Object.fromEntries(this.#components);
  }
}
