import { existsSync, globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, normalize, sep } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** Every workspace's folder, from the root. */
const folders = globSync(
  ["{shared,images,functions}/*/package.json", "{compose-builder,testcontainers,e2e,bench}/package.json"],
  {
    cwd: root,
  },
).map(dirname);

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
}

/** What a source file imports, types included, as it is written there. */
function importsOf(path: string): string[] {
  const source = readFileSync(join(root, path), "utf8");
  const statements = source.matchAll(/^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["']([^"']+)["']/gm);
  const calls = source.matchAll(/\bimport\(\s*["']([^"']+)["']/g);
  return [...statements, ...calls].map(([, specifier = ""]) => specifier);
}

/** The files of a folder, each with the files of it that it imports. */
function graphOf(folder: string): ReadonlyMap<string, readonly string[]> {
  const files = globSync(`${folder}/src/**/*.ts`, { cwd: root });
  return new Map(
    files.map((path) => {
      const local = importsOf(path)
        .filter((specifier) => specifier.startsWith("."))
        .map((specifier) => normalize(join(dirname(path), specifier)));
      return [path, local.filter((target) => files.includes(target))];
    }),
  );
}

/** The folders right under src/, each with those whose files it imports; files that stand there alone are no folder. */
function folderGraphOf(folder: string): ReadonlyMap<string, readonly string[]> {
  const roomOf = (path: string) => path.split(sep)[folder.split("/").length + 1]!;
  const rooms = new Map<string, Set<string>>();
  for (const [path, targets] of graphOf(folder)) {
    const room = roomOf(path);
    if (room.endsWith(".ts")) continue;
    const others = rooms.get(room) ?? new Set();
    rooms.set(room, others);
    for (const target of targets.map(roomOf))
      if (target !== room && !target.endsWith(".ts")) others.add(target);
  }
  return new Map([...rooms].map(([room, others]) => [room, [...others]]));
}

/** A way from a file back to itself, or undefined. */
function cycleIn(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] | undefined => {
    if (finished.has(file)) return undefined;
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const found = visit(next);
      if (found !== undefined) return found;
    }
    path.pop();
    finished.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const found = visit(file);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The package that a specifier names, or undefined for a file or a module of Node. */
function packageNamed(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:") || builtinModules.includes(specifier))
    return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** What the imports of some files name that is not among `declared`, with one file that does. */
function undeclared(pattern: string, declared: ReadonlySet<string>): readonly string[] {
  const missing = new Map<string, string>();
  for (const path of globSync(pattern, { cwd: root, exclude: ["**/node_modules/**", "**/dist/**"] })) {
    for (const specifier of importsOf(path)) {
      const name = packageNamed(specifier);
      if (name !== undefined && !declared.has(name)) missing.set(name, path);
    }
  }
  return [...missing].map(([name, path]) => `${name} (${path})`);
}

describe("imports", () => {
  test("are found, types included", () => {
    expect(
      cycleIn(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["a"]],
        ]),
      ),
    ).toEqual(["a", "b", "c", "a"]);
    expect(
      cycleIn(
        new Map([
          ["a", ["b", "c"]],
          ["b", ["c"]],
          ["c", []],
        ]),
      ),
    ).toBeUndefined();
    expect(graphOf("shared/store").get("shared/store/src/store.ts")).toContain("shared/store/src/types.ts");
  });

  test.each(folders)("of %s make no cycle", (folder) => expect(cycleIn(graphOf(folder))).toBeUndefined());

  // The folders of these are features that use each other; no file of them does so in a circle.
  const byFeature = ["images/markdown", "images/keyvalue"];

  test.each(folders.filter((folder) => !byFeature.includes(folder)))(
    "of %s go one way between its folders",
    (folder) => {
      expect(cycleIn(folderGraphOf(folder))).toBeUndefined();
    },
  );

  test.each(folders)("of %s are declared in its package.json", (folder) => {
    const { name, dependencies = {}, devDependencies = {} } = manifestOf(folder);
    const rootTools = Object.keys(manifestOf(".").devDependencies ?? {});
    // What stands in shared/testing is for tests alone, and may use what they use.
    const own = [name, ...Object.keys(dependencies), ...(folder === "shared/testing" ? rootTools : [])];
    // Types of a package without its own come from @types.
    const onlyTypes = Object.keys({ ...dependencies, ...devDependencies })
      .filter((each) => each.startsWith("@types/"))
      .map((each) => each.slice("@types/".length));
    if (existsSync(join(root, folder, "src"))) {
      expect(undeclared(`${folder}/src/**/*.ts`, new Set(own)), "src").toEqual([]);
    }
    const all = new Set([...own, ...Object.keys(devDependencies), ...onlyTypes, ...rootTools]);
    expect(undeclared(`${folder}/**/*.ts`, all), "tests").toEqual([]);
  });
});
