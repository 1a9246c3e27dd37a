import type { Database } from "@weftkit/store";
import type { WrittenContent } from "../storage/contents.ts";
import type { Services } from "./services.ts";

/**
 * Writes to the database what names a content that has been written; undefined is an empty one. Where that fails the content
 * is removed again, unless something else names it.
 */
export async function nameContent<T>(
  services: Services,
  content: WrittenContent | undefined,
  work: (db: Database) => T,
): Promise<T> {
  if (content === undefined || content.data !== undefined) return await services.write(work);
  const release = services.contents.pinFiles([content.sha256]);
  try {
    const result = await services.write(work);
    release();
    return result;
  } catch (error) {
    release();
    services.sweeper.abandon(content.sha256);
    throw error;
  }
}
