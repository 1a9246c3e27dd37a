import type { Catalog } from "../catalog/catalog.ts";

/** Definitions have changed between a statement's plan and its run: nothing has happened, and it has to be planned again. */
class DefinitionsChanged extends Error {}

/** To be asked once a statement has what it waited for. @throws DefinitionsChanged */
export function requireDefinitions(now: Catalog, planned: Catalog): void {
  if (now !== planned) throw new DefinitionsChanged("definitions have changed");
}

/**
 * Plans and runs a statement, again for as long as others change definitions while it waits for the writer: it is to keep the
 * constraints, columns and indexes that there are when it writes, as if it had waited for a lock on its tables.
 */
export async function underDefinitions<T>(planAndRun: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await planAndRun();
    } catch (error) {
      if (!(error instanceof DefinitionsChanged)) throw error;
    }
  }
}
