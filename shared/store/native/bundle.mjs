// What a bundled program that uses the store must have beside it: the binaries of better-sqlite3 (its npm package brings
// them for every platform) and, where it was compiled, the extension that ends statements.
import { copyFileSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { extensionName } from "./build.mjs";

/** Images are glibc's; a bundle that is built on one processor is put into the images of both. */
const platforms = [...new Set(["linux-x64", "linux-arm64", `${process.platform}-${process.arch}`])];

/** Copies the store's native files into the folder of a bundle. */
export function copyNativeFiles(folder) {
  const sqlite = dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json"));
  for (const platform of platforms) {
    copyFileSync(
      join(sqlite, "prebuilds", `${platform}.node`),
      join(folder, `better_sqlite3-${platform}.node`),
    );
  }
  const extension = join(import.meta.dirname, "dist", extensionName);
  if (existsSync(extension)) copyFileSync(extension, join(folder, extensionName));
}
