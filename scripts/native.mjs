// What is compiled, for this machine and beside its source in dist/. Without a C compiler nothing is built, and each
// module's user does without; docs/architecture.md says what that costs.
//
//   node scripts/native.mjs [--out FOLDER]
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const packageFolder = (name) => dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

/** Where the headers are that a module may ask for. */
const headers = {
  node: () => join(packageFolder("node-api-headers"), "include"),
  sqlite: () => join(packageFolder("better-sqlite3"), "deps", "sqlite3"),
};

/**
 * What the packages say that they bring in C: "weftkit": { "native": [{ purpose, source, usedBy, platforms, headers }] } in
 * package.json. `source` and `usedBy` are paths in the package; `usedBy` looks for `fileName` beside its own bundle or in dist/.
 */
const nativeModules = ["shared", "images"]
  .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(parent, name)))
  .filter((folder) => existsSync(join(root, folder, "package.json")))
  .flatMap((folder) => {
    const { weftkit } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    return (weftkit?.native ?? []).map((module) => ({
      ...module,
      source: join(folder, module.source),
      usedBy: join(folder, module.usedBy),
      fileName: `weftkit-${basename(module.source, ".c")}-${process.platform}-${process.arch}.${module.extension}`,
    }));
  });

/** Where a module is after it was built for this machine. */
function builtFile({ source, fileName }) {
  return join(root, dirname(source), "dist", fileName);
}

/** Compiles a module; returns the file, or undefined where it is not for this platform or there is no compiler. */
function build(module, file = builtFile(module)) {
  if (!module.platforms.includes(process.platform)) return undefined;
  const compiler = [process.env.CC, "cc", "gcc", "clang"].find(
    (name) => name && spawnSync(name, ["--version"]).status === 0,
  );
  if (compiler === undefined) return undefined;
  mkdirSync(dirname(file), { recursive: true });
  // Under another name first: a process that has the old file mapped must not see it change.
  const unfinished = `${file}.${process.pid}`;
  const run = spawnSync(
    compiler,
    [
      ...["-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-pthread"],
      ...module.headers.map((name) => `-I${headers[name]()}`),
      ...["-o", unfinished, join(root, module.source)],
    ],
    { encoding: "utf8" },
  );
  if (run.status !== 0) throw new Error(`${compiler} failed:\n${run.stderr}`);
  renameSync(unfinished, file);
  return file;
}

/** Compiles all; says of each what it is for. */
export function buildAllNative(folder) {
  for (const module of nativeModules) {
    const file = build(module, folder === undefined ? undefined : join(folder, module.fileName));
    console.log(file === undefined ? `not built: ${module.purpose}` : `built ${basename(module.source)}`);
  }
}

/** The modules that a bundle of these source files needs beside it, as far as they are built. */
export function nativeFilesFor(sources) {
  return nativeModules
    .filter(({ usedBy }) => sources.some((source) => source.endsWith(usedBy)))
    .map(builtFile)
    .filter((file) => existsSync(file));
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  buildAllNative(values.out);
}
