import { execFile } from "node:child_process";
import { join } from "node:path";

/** Where the images under test are: the same variables as docker-bake.hcl reads, and the same defaults. */
export const registry = process.env.REGISTRY ?? "weftkit";
export const tag = process.env.TAG ?? "0.1.0";

/** The image under test, as `npm run images` names it. */
export const image = `${registry}/inmemory:${tag}`;

/** The `weftkit` command. */
export const program = join(import.meta.dirname, "../compose-builder/bin/weftkit.mjs");

/** On everything that the tests start, so that it can be removed after a failure too. */
export const label = "weftkit.e2e=1";

/** Compose projects of the tests have names that begin so. */
export const projectPrefix = "weftkit-e2e-";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; never rejects. */
export function run(program: string, args: readonly string[], cwd?: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 64 * 1024 ** 2 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      resolve({ code, stdout: stdout.trim(), stderr: stderr.trim() });
    });
  });
}

/** Runs `docker ...`. */
export function docker(...args: string[]): Promise<Outcome> {
  return run("docker", args);
}

/** Runs `docker ...` and returns what it printed. */
export async function dockerOutput(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await docker(...args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** A field of `docker inspect`. */
export async function inspect<T>(name: string, path: string): Promise<T> {
  return JSON.parse(await dockerOutput("inspect", "--format", `{{json ${path}}}`, name)) as T;
}

/** Runs the image detached, hardened as a compose file does; returns the container's id. */
export function runImage(...args: string[]): Promise<string> {
  return dockerOutput("run", "--detach", "--label", label, ...hardening, ...args, image);
}

const hardening = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges:true", "--memory=512m"];

/** Removes every container, volume and network that the tests made. */
export async function removeLeftovers(): Promise<void> {
  const projects = JSON.parse(await dockerOutput("compose", "ls", "--all", "--format", "json")) as {
    Name: string;
  }[];
  for (const { Name } of projects.filter(({ Name }) => Name.startsWith(projectPrefix))) {
    await dockerOutput("compose", "--project-name", Name, "down", "--volumes", "--timeout", "5");
  }
  const containers = await dockerOutput("ps", "--all", "--quiet", "--filter", `label=${label}`);
  if (containers !== "") await dockerOutput("rm", "--force", "--volumes", ...containers.split("\n"));
}
