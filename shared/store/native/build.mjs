// Compiles the SQLite extension that ends statements (interrupt.c) for this machine, into dist/. Without a C compiler
// it says so and builds nothing: the store then looks at deadlines before and after a piece of work only.
//
//   node shared/store/native/build.mjs [--out FOLDER]
import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

/** The name under which the store looks for the extension, beside its own code or in native/dist. */
export const extensionName = `weftkit-interrupt-${process.platform}-${process.arch}.so`;

/** Compiles into `folder`; returns the file, or undefined when there is no compiler. */
export function buildExtension(folder = join(import.meta.dirname, "dist")) {
  const compiler = [process.env.CC, "cc", "gcc", "clang"].find(
    (name) => name && spawnSync(name, ["--version"]).status === 0,
  );
  if (compiler === undefined || process.platform === "win32") return undefined;
  const sqlite = dirname(createRequire(import.meta.url).resolve("better-sqlite3/package.json"));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, extensionName);
  // Under another name first: a process that has the old file mapped must not see it change.
  const unfinished = `${file}.${process.pid}`;
  const run = spawnSync(
    compiler,
    [
      ...["-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-pthread"],
      `-I${join(sqlite, "deps", "sqlite3")}`,
      ...["-o", unfinished, join(import.meta.dirname, "interrupt.c")],
    ],
    { encoding: "utf8" },
  );
  if (run.status !== 0) throw new Error(`${compiler} failed:\n${run.stderr}`);
  renameSync(unfinished, file);
  return file;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  const file = buildExtension(values.out);
  console.log(file === undefined ? "no C compiler: statements will not be interrupted" : `built ${file}`);
}
