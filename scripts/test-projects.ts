// The tests as vitest runs them: one project for each workspace, in two tiers. `*.test.ts` are quick, `*.long.test.ts` are
// kills, oracles, fuzzers, full disks and hostile loads.
import { globSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { dirname, join } from "node:path";
import type { ViteUserConfig } from "vitest/config";

export type Tier = "quick" | "long";

const root = join(import.meta.dirname, "..");
const workspaces = [
  ...globSync(
    [
      "{shared,images,functions}/*/package.json",
      "{compose-builder,persistence-sidecar,testcontainers}/package.json",
    ],
    {
      cwd: root,
    },
  ).map(dirname),
  "scripts",
].sort();

/**
 * By how much every limit is stretched: a limit is there to end what hangs, and must not end what is slow because the
 * machine has other things to do.
 */
const patience = Math.max(2, Math.ceil((2 * (loadavg()[0] ?? 0)) / availableParallelism()), slowness() * 2);

/** How many times as long as a quiet machine this one takes for a fixed piece of work. */
function slowness(): number {
  const usualMs = 50;
  const startedMs = performance.now();
  let state = 1;
  for (let i = 0; i < 40_000_000; i++) state = (Math.imul(state, 1_103_515_245) + i) | 0;
  // Read, so that the loop is not left out.
  return Math.ceil((performance.now() - startedMs) / usualMs) + (state & 0);
}

/** npm builds before it runs these; whoever calls vitest has perhaps not built what was changed. */
const isBuilt = ["test:run", "test:long"].includes(process.env.npm_lifecycle_event ?? "");

/** @returns what vitest.config.ts of this tier exports */
export function testsOf(tier: Tier): ViteUserConfig {
  const exclude = ["**/node_modules/**", "**/dist/**", ...(tier === "quick" ? ["**/*.long.test.ts"] : [])];
  const include = [tier === "quick" ? "test/**/*.test.ts" : "test/**/*.long.test.ts"];
  const limits = { testTimeout: 30_000 * patience, hookTimeout: 60_000 * patience };
  return {
    test: {
      maxWorkers: 2,
      projects: workspaces.map((folder) => ({
        root: join(root, folder),
        test: {
          name: folder,
          include,
          exclude,
          ...limits,
          ...(tier === "long" && { setupFiles: [join(root, "scripts", "test-deadline.ts")] }),
          env: {
            WEFTKIT_TEST_PATIENCE: String(patience),
            ...(isBuilt && { WEFTKIT_TEST_BUNDLES: "true" }),
          },
          expect: { poll: { timeout: 1000 * patience } },
          // Node runs TypeScript in a worker thread through WebAssembly, and V8 13.6 at times ends the process ("Check
          // failed: jit_page.has_value()") when its wrapper for a call of JavaScript from there is optimised in several
          // threads. Bundles have neither. Tests pass this on to programs that they start from TypeScript.
          execArgv: ["--wasm-wrapper-tiering-budget=2147483647"],
        },
      })),
    },
  };
}
