import type { Database } from "@weftkit/store";
import type { BackgroundTask } from "../background.ts";
import type { Catalog } from "./catalog.ts";

/** Writes down now and then how many items there are; AWS counts every six hours. */
export class SaveCounts implements BackgroundTask {
  readonly name = "save item counts";
  readonly intervalMs = 30_000;
  readonly frees = false;
  readonly #catalog: Catalog;

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  isDue(): boolean {
    return this.#catalog.hasChangedCounts();
  }

  step(db: Database): boolean {
    this.#catalog.saveCounts(db);
    return false;
  }
}
