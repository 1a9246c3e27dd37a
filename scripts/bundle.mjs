import { basename } from "node:path";
import { build } from "esbuild";
import { copyNativeFiles } from "../shared/store/native/bundle.mjs";

/** Some dependencies are CommonJS and call require() for Node's own modules. */
const banner =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles a program into one ESM file per entry in `outdir`, with the native files it needs beside them.
 *
 * Entries are relative to the program's folder, and named in `outdir` as in src/, or as `{ in, out }` says. Those outside
 * of the folder, the worker threads of shared libraries, go by the names of their files alone: the module that starts
 * such a worker looks for it beside itself.
 */
export async function bundle(folder, entries, outdir) {
  const entryPoints = entries.map((entry) => {
    if (typeof entry !== "string") return entry;
    const isOwn = entry.startsWith("src/");
    return { in: entry, out: isOwn ? entry.slice("src/".length, -".ts".length) : basename(entry, ".ts") };
  });
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints,
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node22",
    format: "esm",
    minify: true,
    keepNames: true,
    sourcemap: false,
    legalComments: "none",
    banner: { js: banner },
    logLevel: "warning",
    metafile: true,
  });
  const usesStore = Object.keys(metafile.inputs).some((path) =>
    path.includes("node_modules/better-sqlite3/"),
  );
  if (usesStore) copyNativeFiles(outdir);
}
