// Bundles each program into one ESM file per entry point (dist/main.mjs, dist/<worker>.mjs), ready to run
// without node_modules. Every folder of images/, the sidecar, the command line and the functions declare what they build in
// their package.json: "weftkit": { "entries": ["src/main.ts", ...] }; "files" are copied beside them as they are,
// "page", an HTML file, is built into dist/page, and of "programs", the names of other images, each is put into a folder of its name.
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { basename, join } from "node:path";
import { bundle } from "./bundle.mjs";
import { buildAllNative } from "./native.mjs";
import { buildPage } from "./page.mjs";

const root = join(import.meta.dirname, "..");
const parents = ["images", "functions"].filter((name) => existsSync(join(root, name)));
const programs = [
  ...parents.flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name))),
  join(root, "persistence-sidecar"),
  join(root, "compose-builder"),
].filter((folder) => existsSync(join(folder, "package.json")));

buildAllNative();

const collections = [];

for (const folder of programs) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { entries = [], files = [], page, programs: collected = [] } = manifest.weftkit ?? {};
  if (entries.length === 0) continue;
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  await bundle(folder, entries, join(folder, "dist"));
  for (const file of files) copyFileSync(join(folder, file), join(folder, "dist", basename(file)));
  if (page !== undefined) await buildPage(join(folder, page), join(folder, "dist", "page"));
  if (collected.length > 0) collections.push({ folder, collected });
  console.log(`built ${basename(folder)}`);
}

// When all are there.
for (const { folder, collected } of collections) {
  for (const name of collected) collect(join(folder, "dist"), name);
  console.log(`put ${collected.length} programs into ${basename(folder)}`);
}

/** SQLite is in every engine, for each processor, and larger than the rest of most: the copies are links to one. */
function collect(dist, name) {
  const [from, to] = [join(root, "images", name, "dist"), join(dist, name)];
  mkdirSync(to);
  for (const entry of readdirSync(from)) {
    if (!entry.startsWith("better_sqlite3-")) {
      cpSync(join(from, entry), join(to, entry), { recursive: true });
      continue;
    }
    if (!existsSync(join(dist, entry))) copyFileSync(join(from, entry), join(dist, entry));
    symlinkSync(join("..", entry), join(to, entry));
  }
}
