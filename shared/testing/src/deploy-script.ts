import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const weftkit = join(import.meta.dirname, "../../../compose-builder/src/main.ts");

export interface DeployScript {
  /** The function's folder, with deploy.sh; its bundle need not be built. */
  readonly folder: string;
  /** The cloud's command, and a program in Bash that answers like it. */
  readonly cli: { readonly name: string; readonly answers: string };
  /** Programs that it calls besides, which do nothing here. */
  readonly others?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a function's deploy.sh where the cloud's command is one of ours; what that was asked, a line each, and what was printed. */
export function runDeployScript({ folder, cli, others = [], args = [], env = {} }: DeployScript): {
  readonly asked: readonly string[];
  readonly printed: string;
} {
  const scratch = temporaryFolder();
  const copy = join(scratch, "function");
  mkdirSync(join(copy, "dist"), { recursive: true });
  const isSource = (name: string) => !["dist", "node_modules", "src", "test"].includes(name);
  for (const name of readdirSync(folder).filter(isSource))
    cpSync(join(folder, name), join(copy, name), { recursive: true });
  writeFileSync(join(copy, "dist", "main.mjs"), "");
  const bin = join(scratch, "bin");
  mkdirSync(bin);
  const program = `#!/usr/bin/env bash\necho "$*" >>"${join(scratch, "asked")}"\n${cli.answers}`;
  writeFileSync(join(bin, cli.name), program, { mode: 0o755 });
  for (const name of others) writeFileSync(join(bin, name), "#!/bin/sh\n", { mode: 0o755 });
  const printed = execFileSync("bash", [join(copy, "deploy.sh"), ...args], {
    env: { PATH: `${bin}:${process.env.PATH}`, HOME: scratch, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return { asked: readFileSync(join(scratch, "asked"), "utf8").trim().split("\n"), printed };
}

/** What a deploy.sh prints last is pasted into a shell, and gives a compose file for the function, with its secret. */
export function expectPastedLinesToCompose(printed: string, url: string, secret: string): void {
  const lines = printed.trim().split("\n").slice(-2);
  const project = temporaryFolder();
  const npx = join(project, "npx");
  writeFileSync(npx, `#!/bin/sh\nshift\nexec "${process.execPath}" "${weftkit}" "$@"\n`, { mode: 0o755 });
  const env = { PATH: `${project}:${process.env.PATH}`, HOME: project };
  execFileSync("bash", ["-euc", lines.join("\n")], { cwd: project, env, stdio: "ignore" });
  expect(readFileSync(join(project, "secrets", "persist_secret"), "utf8")).toBe(`${secret}\n`);
  expect(readFileSync(join(project, "docker-compose.yml"), "utf8")).toContain(
    `WEFTKIT_PERSIST_URL: ${url}\n`,
  );
}
