// The packages that are installed elsewhere: `npm run pack` writes weftkit-<version>.tgz, the command, and
// weftkit-testcontainers-<version>.tgz, the engines for test suites. Both are bundles, so that nothing of this repository is installed beside them.
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const target = resolve(process.argv[2] ?? ".");
const engines = { node: ">=22.15" };

pack("compose-builder", ({ bin }, folder) => {
  // `weftkit up` needs the engines' bundles, which are in the repository only.
  for (const part of ["bin", "dist"]) {
    cpSync(join(root, "compose-builder", part), join(folder, part), { recursive: true });
  }
  cpSync(join(root, "README.md"), join(folder, "README.md"));
  return { bin };
});
await bundleTestcontainers();
pack("testcontainers", ({ dependencies }, folder) => {
  const source = join(root, "testcontainers");
  for (const part of ["dist", "README.md"])
    cpSync(join(source, part), join(folder, part), { recursive: true });
  // The programs that startLocal starts; each has its own copy of SQLite, as packages have no links.
  for (const name of enginesOf(source)) {
    const program = join(root, "images", name, "dist");
    cpSync(program, join(folder, "engines", name), { recursive: true, dereference: true });
  }
  const exports = { ".": { types: "./dist/index.d.ts", default: "./dist/index.mjs" } };
  return { exports, dependencies: { testcontainers: dependencies.testcontainers } };
});

/** Packs what `fill` puts into a folder, under the workspace's name; it returns what its package.json says beside that. */
function pack(workspace, fill) {
  const manifest = JSON.parse(readFileSync(join(root, workspace, "package.json"), "utf8"));
  const { name, version, description, license, type } = manifest;
  const folder = mkdtempSync(join(tmpdir(), "weftkit-pack-"));
  try {
    const own = fill(manifest, folder);
    cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
    const packed = { name, version, description, license, type, engines, ...own };
    writeFileSync(join(folder, "package.json"), `${JSON.stringify(packed, null, 2)}\n`);
    run("npm", ["pack", "--silent", "--pack-destination", target], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The library and its declarations; testcontainers itself is installed with it. */
async function bundleTestcontainers() {
  const source = join(root, "testcontainers");
  const dist = join(source, "dist");
  rmSync(dist, { recursive: true, force: true });
  await build({
    entryPoints: [join(source, "src/index.ts")],
    outfile: join(dist, "index.mjs"),
    bundle: true,
    platform: "node",
    target: "node22",
    format: "esm",
    external: ["testcontainers"],
    legalComments: "none",
    logLevel: "warning",
  });
  run(join(root, "node_modules/.bin/tsc"), ["-p", join(source, "tsconfig.declarations.json")], source);
  for (const file of readdirSync(dist)) {
    if (!file.endsWith(".d.ts")) continue;
    const text = readFileSync(join(dist, file), "utf8");
    writeFileSync(join(dist, file), text.replaceAll(/(from "\.\/[^"]+)\.ts"/g, '$1.js"'));
  }
}

/** The engines that there is a class of. */
function enginesOf(source) {
  const text = readFileSync(join(source, "src/containers.ts"), "utf8");
  return [...text.matchAll(/super\("([a-z]+)"/g)].map(([, name]) => name);
}

function run(program, args, cwd) {
  const { status } = spawnSync(program, args, { cwd, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
