import { existsSync, globSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** The layers of shared/, from the bottom: a layer imports only those before it. */
const layers = [
  "core",
  "config",
  "observe",
  "auth",
  "store",
  "sockets",
  "changes",
  "cdc",
  "persist",
  "discovery-client",
  "host",
  "http",
  "http-aws",
  "wire-postgres",
  "wire-resp",
  "wire-mongo",
  "wire-bolt",
  "peek",
  "backends",
  "relay",
];

/** What only tests and benches import; it stands outside of the layers, and no program may contain it. */
const testing = "shared/testing";

/** The folder that a file belongs to: "shared/core", "images/inmemory", "compose-builder". */
function packageOf(path: string): string {
  const [first = "", second = ""] = path.split(sep);
  return ["shared", "images", "functions"].includes(first) ? `${first}/${second}` : first;
}

const packageFolders = new Map(
  globSync(["{shared,images,functions}/*/package.json", "*/package.json"], {
    cwd: root,
    exclude: ["node_modules"],
  }).map((path) => {
    const { name } = JSON.parse(readFileSync(join(root, path), "utf8")) as { name: string };
    return [name, packageOf(path)] as const;
  }),
);

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
}

/** Every import of one of our packages by another: [from file, to package's folder]. */
function importsBetweenPackages(pattern: string): (readonly [string, string])[] {
  return globSync(pattern, { cwd: root, exclude: ["**/node_modules", "**/dist"] }).flatMap((path) => {
    const source = readFileSync(join(root, path), "utf8");
    const specifiers = source.matchAll(/(?:^\s*(?:import|export)\b[^"';]*?|\bimport\(\s*)["']([^"']+)["']/gm);
    return [...specifiers].flatMap(([, specifier = ""]) => {
      const target = specifier.startsWith(".")
        ? packageOf(relative(root, resolve(root, path, "..", specifier)))
        : packageFolders.get(specifier.split("/").slice(0, 2).join("/"));
      return target === undefined || target === packageOf(path) ? [] : [[path, target] as const];
    });
  });
}

/**
 * The one way in which a library knows of images: the list of engines imports their descriptions, which are data and
 * import nothing but what a description is made of.
 */
function isDescription(path: string, target: string): boolean {
  const list = join("shared", "config", "src");
  if (path === join(list, "engines.ts")) return target.startsWith("images/");
  return path === join(list, "services.ts") && !target.startsWith("shared/");
}

/** The Compose Builder's page is the code of the command line; nothing of the page's is in that. */
const builderPage = { from: "images/playground", to: "compose-builder" };

function mayImport(from: string, to: string): boolean {
  if (from === builderPage.from && to === builderPage.to) return true;
  const [fromKind, fromName = ""] = from.split("/");
  const [toKind, toName = ""] = to.split("/");
  if (to === testing || from === testing) return false;
  if (toKind !== "shared") return fromKind !== "shared" && fromKind !== "images" && fromKind !== "functions";
  return fromKind !== "shared" || layers.indexOf(toName) < layers.indexOf(fromName);
}

describe("the layers", () => {
  test.each(["engine", "service"])(
    "let the list of %ss see descriptions, and descriptions nothing",
    (kind) => {
      const list = readFileSync(join(root, `shared/config/src/${kind}s.ts`), "utf8");
      const seen = [...list.matchAll(/from "(\.\.\/[^"]*)"/g)].map(([, path]) => path!);
      expect(seen.filter((path) => !path.endsWith("/src/description.ts"))).toEqual([]);
      for (const path of seen) {
        const description = readFileSync(resolve(root, "shared/config/src", path), "utf8");
        const imported = [...description.matchAll(/from "([^"]+)"/g)].map(([, specifier]) => specifier);
        expect(new Set(imported), path).toEqual(new Set([`@weftkit/config/${kind}-description`]));
      }
    },
  );

  test("name every package of shared/", () => {
    const folders = globSync("shared/*/package.json", { cwd: root }).map((path) => path.split(sep)[1]);
    expect(folders.filter((name) => !layers.includes(name!) && `shared/${name}` !== testing)).toEqual([]);
  });

  test.each([
    ["shared/host", "shared/auth", true],
    ["shared/core", "shared/config", false],
    ["shared/config", "shared/observe", false],
    ["shared/host", "images/inmemory", false],
    ["images/graph", "images/inmemory", false],
    ["images/inmemory", "shared/host", true],
    ["images/inmemory", "compose-builder", false],
    ["images/playground", "compose-builder", true],
    ["e2e", "images/inmemory", true],
    ["images/inmemory", "shared/testing", false],
    ["shared/testing", "shared/core", false],
  ])("%s may import %s: %s", (from, to, expected) => expect(mayImport(from, to)).toBe(expected));

  test("are kept by every import of the programs and their tests", () => {
    const imports = importsBetweenPackages(
      "{shared/*,images/*,functions/*,persistence-sidecar}/{src,test}/**/*.ts",
    );
    expect(imports.length).toBeGreaterThan(20);
    const isAllowed = ([path, target]: readonly [string, string]) =>
      mayImport(packageOf(path), target) ||
      isDescription(path, target) ||
      (target === testing && path.slice(packageOf(path).length + 1).startsWith(`test${sep}`));
    expect(imports.filter((one) => !isAllowed(one))).toEqual([]);
  });

  test("keep what only tests use out of every program", () => {
    const imports = importsBetweenPackages(
      "{shared/*,images/*,functions/*,compose-builder,persistence-sidecar}/src/**/*.ts",
    );
    expect(imports.length).toBeGreaterThan(20);
    expect(imports.filter(([, target]) => target === testing)).toEqual([]);
    for (const [, folder] of packageFolders) {
      const manifest = manifestOf(folder);
      expect(Object.keys(manifest.dependencies ?? {}), folder).not.toContain("@weftkit/testing");
      const isUsed = importsBetweenPackages(`${folder}/**/*.ts`).some(([, target]) => target === testing);
      expect("@weftkit/testing" in (manifest.devDependencies ?? {}), folder).toBe(isUsed);
    }
  });

  test("are kept by what the packages say they depend on, and nothing is imported that is not said", () => {
    for (const [, folder] of packageFolders) {
      const declared = Object.keys(manifestOf(folder).dependencies ?? {}).flatMap(
        (name) => packageFolders.get(name) ?? [],
      );
      expect(
        declared.filter((target) => !mayImport(folder, target)),
        folder,
      ).toEqual([]);
      if (!folder.startsWith("shared/") || !existsSync(join(root, folder, "src"))) continue;
      const imported = importsBetweenPackages(`${folder}/src/**/*.ts`).flatMap(([path, target]) =>
        isDescription(path, target) ? [] : [target],
      );
      expect(
        [...new Set(imported)].filter((target) => !declared.includes(target)),
        folder,
      ).toEqual([]);
    }
  });
});
