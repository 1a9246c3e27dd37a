// Bundles each program into one ESM file per entry point (dist/main.mjs, dist/<worker>.mjs), ready to run
// without node_modules. Every folder of images/, the command line and the functions declare what they build in
// their package.json: "weftkit": { "entries": ["src/main.ts", ...] }; "files" are copied beside them as they are.
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { bundle } from "./bundle.mjs";
import { buildAllNative } from "./native.mjs";

const root = join(import.meta.dirname, "..");
const parents = ["images", "functions"].filter((name) => existsSync(join(root, name)));
const programs = [
  ...parents.flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name))),
  join(root, "compose-builder"),
].filter((folder) => existsSync(join(folder, "package.json")));

buildAllNative();

for (const folder of programs) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { entries = [], files = [] } = manifest.weftkit ?? {};
  if (entries.length === 0) continue;
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  await bundle(folder, entries, join(folder, "dist"));
  for (const file of files) copyFileSync(join(folder, file), join(folder, "dist", basename(file)));
  console.log(`built ${basename(folder)}`);
}
