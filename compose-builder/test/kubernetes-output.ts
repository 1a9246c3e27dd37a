import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

// biome-ignore lint/suspicious/noExplicitAny: what comes from a YAML file has the shape that each test looks for.
export type Any = any;

/** What `weftkit k8s` wrote, as a cluster would see it before kustomize gives names their hashes. */
export interface Output {
  readonly objects: readonly Any[];
  readonly kustomization: Any;
  /** The keys of each ConfigMap and Secret that kustomize makes, by name. */
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly secrets: ReadonlyMap<string, readonly string[]>;
  /** The objects of one kind, by name. */
  of(kind: string): Readonly<Record<string, Any>>;
}

/** Reads `base/` of an output folder. */
export function readOutput(folder: string): Output {
  const base = join(folder, "base");
  const [kustomization] = readObjects(join(base, "kustomization.yaml"));
  const objects = kustomization.resources.flatMap((file: string) => readObjects(join(base, file)));
  return {
    objects,
    kustomization,
    configMaps: new Map(
      kustomization.configMapGenerator.map(({ name, envs }: Any) => [
        name,
        Object.assign({}, ...envs.map((file: string) => readVariables(join(base, file)))),
      ]),
    ),
    secrets: new Map(
      (kustomization.secretGenerator ?? []).map(({ name, files }: Any) => [
        name,
        files.map((file: string) => {
          if (!existsSync(join(base, file))) throw new Error(`${file} is missing`);
          return file.split("/").at(-1)!;
        }),
      ]),
    ),
    of: (kind) =>
      Object.fromEntries(
        objects
          .filter((object: Any) => object.kind === kind)
          .map((object: Any) => [object.metadata.name, object]),
      ),
  };
}

/** The documents of a file. */
export function readObjects(file: string): Any[] {
  return parseObjects(readFileSync(file, "utf8"));
}

/** Objects, by YAML 1.1 as Kubernetes' own tools read it. */
export function parseObjects(text: string): Any[] {
  return parseAllDocuments(text, { version: "1.1" })
    .map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS();
    })
    .filter((object) => object !== null);
}

/** Every file beneath a folder, relative to it. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function readVariables(file: string): Record<string, string> {
  return Object.fromEntries(
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

/** Whether an object has all of these labels. */
export function hasLabels(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
