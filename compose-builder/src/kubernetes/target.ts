import type { ClusterChoices } from "./choices.ts";
import type { Settings } from "./settings.ts";

/** What objects are built for. */
export interface Target {
  /** What tells this project's objects from another one's. */
  readonly project: string;
  readonly choices: ClusterChoices;
  readonly settings: Settings;
}
