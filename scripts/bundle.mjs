import { copyFileSync, existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { nativeFilesFor } from "./native.mjs";

/** Some dependencies are CommonJS: they call require() for Node's own modules, and look for files beside themselves. */
const banner = [
  'import { createRequire as __createRequire } from "node:module";',
  "const require = __createRequire(import.meta.url);",
  "const __dirname = import.meta.dirname, __filename = import.meta.filename;",
].join(" ");

/**
 * Bundles a program into one ESM file per entry in `outdir`, with the native files it needs beside them.
 *
 * Entries are relative to the program's folder, and named in `outdir` as in src/, or as `{ in, out }` says. Those outside
 * of the folder, the worker threads of shared libraries, go by the names of their files alone: the module that starts
 * such a worker looks for it beside itself.
 */
export async function bundle(folder, entries, outdir) {
  await bundleEntries(folder, entries, outdir);
}

/** This form of it has its WebAssembly in itself. */
const alias = { "@platformatic/wasm-utils": "@platformatic/wasm-utils/bundled" };

/** Azure's worker has this module in itself, and gives it to whoever requires it. */
const external = ["@azure/functions-core"];

async function bundleEntries(folder, entries, outdir) {
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
    alias,
    external,
  });
  const sources = Object.keys(metafile.inputs);
  for (const file of nativeFilesFor(sources.map((source) => join(folder, source)))) {
    copyFileSync(file, join(outdir, basename(file)));
  }
  for (const source of sources) copyWebAssembly(join(folder, source), outdir);
  if (sources.some((source) => source.includes("node_modules/better-sqlite3/"))) copySqlite(outdir);
  const parts = sources.flatMap((source) => partsBeside(join(folder, source)));
  if (parts.length > 0) await bundleEntries(folder, [...new Set(parts)], outdir);
}

/**
 * Large clients that a library reads when they are used are files of their own beside the bundle: where a module of a library
 * has a folder `emitters` beside it, those in it whose names begin with `cdc-`.
 */
function partsBeside(source) {
  if (basename(source) !== "open-emitter.ts") return [];
  const parts = join(dirname(source), "emitters");
  return readdirSync(parts)
    .filter((file) => file.startsWith("cdc-"))
    .map((file) => join(parts, file));
}

/** A module that loads WebAssembly looks for it beside itself, by its own name. */
function copyWebAssembly(source, outdir) {
  const file = source.replace(/\.[cm]?js$/, ".wasm");
  if (file !== source && existsSync(file)) copyFileSync(file, join(outdir, basename(file)));
}

/** Images are glibc's; a bundle that is built on one processor is put into the images of both. */
const sqlitePlatforms = new Set(["linux-x64", "linux-arm64", `${process.platform}-${process.arch}`]);

/** better-sqlite3 brings its binaries for every platform in its npm package. */
function copySqlite(folder) {
  const sqlite = dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json"));
  for (const platform of sqlitePlatforms) {
    copyFileSync(
      join(sqlite, "prebuilds", `${platform}.node`),
      join(folder, `better_sqlite3-${platform}.node`),
    );
  }
}
