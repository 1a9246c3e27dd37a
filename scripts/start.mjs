// npm start: what can go wrong is looked at before what takes long. Installs, looks whether the ports are free, builds what has
// changed, and runs the engines. It uses Node's own modules only, as nothing need be installed yet.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "..");
const args = process.argv.slice(2);

run("node", ["scripts/install.mjs"]);
// The Node that was installed, whichever runs this.
process.env.PATH = `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH}`;
run("node", ["compose-builder/src/main.ts", "up", "--check", ...args]);
buildWhatChanged();
const engines = spawn("node", ["compose-builder/dist/main.mjs", "up", ...args], {
  cwd: root,
  stdio: "inherit",
});
// They have the signal from the terminal too, and save everything before they end.
for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
process.on("SIGTERM", () => engines.kill("SIGTERM"));
engines.once("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGKILL" ? 137 : 1);
});

/** Runs a program to its end; where it fails, so does this one. */
function run(program, arguments_) {
  const { status, error } = spawnSync(program, arguments_, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? (error === undefined ? 1 : 127));
}

/** Builds, unless everything is as it was when it was built last. */
function buildWhatChanged() {
  const stamp = join(root, "node_modules", ".weftkit-build");
  const sources = fingerprint();
  const isBuilt =
    existsSync(join(root, "compose-builder", "dist", "main.mjs")) &&
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === sources;
  if (isBuilt) return;
  run("node", ["scripts/build.mjs"]);
  writeFileSync(stamp, sources);
}

/** Of every file that a bundle is made from: its path, size and time. */
function fingerprint() {
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  const left = new Set(["node_modules", "dist", "test", "docs"]);
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (left.has(entry.name) || entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else {
        const { size, mtimeMs } = statSync(join(root, path));
        hash.update(`${path} ${size} ${mtimeMs}\n`);
      }
    }
  };
  for (const folder of [
    "shared",
    "images",
    "functions",
    "compose-builder",
    "persistence-sidecar",
    "scripts",
  ]) {
    walk(folder);
  }
  return hash.digest("hex");
}
