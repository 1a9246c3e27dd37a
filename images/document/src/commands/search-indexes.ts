import type { Command } from "../server/command.ts";
import { refuseSearchIndexes } from "../server/search-indexes.ts";

/** Search and vector search are of MongoDB's service; refused as a server without it refuses them. */

export const searchIndexCommands: readonly Command[] = [
  "createSearchIndexes",
  "updateSearchIndex",
  "dropSearchIndex",
].map((name) => ({ name, right: { action: "schema", on: "collection" }, run: refuseSearchIndexes }) as const);
