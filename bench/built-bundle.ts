import { existsSync } from "node:fs";
import { join } from "node:path";

/** The bundle of an engine, as its image runs it. @throws Error that says how to build it */
export function builtBundle(engine: string): string {
  const bundle = join(import.meta.dirname, "..", "images", engine, "dist", "main.mjs");
  if (!existsSync(bundle)) throw new Error(`there is no ${bundle}: run \`npm run build\` first`);
  return bundle;
}
