import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where `go install` puts programs, when nothing says otherwise. */
const goFolder = join(process.env.GOPATH ?? join(homedir(), "go"), "bin");

/** A program's path, from PATH or where Go puts it; undefined when it is not there. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), goFolder];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Runs a program to its end. @throws Error with what it said, when it fails */
export function run(program: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: 64 * 1024 ** 2,
    ...(input !== undefined && { input }),
  });
  if (status !== 0) throw error ?? new Error(`${program} ${args.join(" ")}: ${stderr || stdout}`);
  return stdout;
}

const kustomize = findProgram("kustomize");
const kubectl = findProgram("kubectl");

/** Whether a folder can be built as kustomize does it: by the program, or by kubectl, which has it inside. */
export const hasKustomize = (kustomize ?? kubectl) !== undefined;

export function kustomizeBuild(folder: string): string {
  return kustomize === undefined ? run(kubectl!, ["kustomize", folder]) : run(kustomize, ["build", folder]);
}

const helm = findProgram("helm");

export const hasHelm = helm !== undefined;

/** Renders a chart as a release of that name, for the newest version that is held against. */
export function helmTemplate(release: string, chart: string, ...args: string[]): string {
  return run(helm!, ["template", release, chart, "--kube-version", "1.37.0", ...args]);
}

export function helmLint(chart: string): string {
  return run(helm!, ["lint", "--strict", chart]);
}
