import { AwsError } from "@weftkit/http-aws";
import type { Database } from "@weftkit/store";
import type { Services } from "../services.ts";

/**
 * Changes tables: in the database and, with it, in memory. When that cannot be committed, memory is read anew from
 * what is in the database.
 */
export async function changeCatalog<T>(
  { store, catalog }: Pick<Services, "store" | "catalog">,
  change: (db: Database) => T,
): Promise<T> {
  try {
    return await store.write(change);
  } catch (error) {
    if (!(error instanceof AwsError)) await store.read((db) => catalog.reload(db));
    throw error;
  }
}
