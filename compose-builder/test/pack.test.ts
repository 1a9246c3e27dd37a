import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@weftkit/testing/temporary-folder";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

function run(cwd: string, program: string, ...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: cwd };
  return spawnSync(program, args, { cwd, encoding: "utf8", env });
}

function pack(folder: string): string[] {
  const packed = run(folder, process.execPath, join(root, "scripts/pack.mjs"), folder);
  expect(packed.stderr).toBe("");
  return readdirSync(folder).filter((name) => name.endsWith(".tgz"));
}

test("the command is a package that installs by itself, and writes projects from there", () => {
  const folder = temporaryFolder();
  const tarball = pack(folder).find((name) => /^weftkit-\d+\.\d+\.\d+\.tgz$/.test(name));
  const installed = run(folder, "npm", "install", "--offline", "--no-audit", "--no-fund", `./${tarball}`);
  expect(installed.status, installed.stderr).toBe(0);
  expect(readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
    "weftkit",
  ]);
  const { status, stderr } = run(
    folder,
    "npx",
    "weftkit",
    "compose",
    "--engines",
    "graph",
    "--out",
    "deploy",
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(existsSync(join(folder, "deploy/docker-compose.yml"))).toBe(true);
});

test(
  "the engines for test suites are a package that starts them without Docker",
  { timeout: 240_000 },
  () => {
    const folder = temporaryFolder();
    const tarball = pack(folder).find((name) => /^weftkit-testcontainers-/.test(name));
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, "@weftkit/testcontainers"), { recursive: true });
    const into = ["-C", join(modules, "@weftkit/testcontainers"), "--strip-components=1"];
    expect(run(folder, "tar", "-xzf", tarball!, ...into).status).toBe(0);
    // What npm would install beside it; what that needs is found from where it really is.
    symlinkSync(join(root, "node_modules/testcontainers"), join(modules, "testcontainers"));
    writeFileSync(
      join(folder, "suite.mjs"),
      `import { RelationalContainer } from "@weftkit/testcontainers";
const engine = await new RelationalContainer().startLocal();
await engine.restore(await engine.snapshot());
console.log(engine.connectionUri);
await engine.stop();`,
    );
    const { stdout, stderr } = run(folder, process.execPath, "suite.mjs");
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^postgresql:\/\/weftkit@127\.0\.0\.1:\d+\/weftkit\n$/);
  },
);
