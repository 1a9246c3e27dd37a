import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{shared,images,functions}/*/test/**/*.test.ts", "{compose-builder,scripts}/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Node runs TypeScript in a worker thread through WebAssembly, and V8 13.6 at times ends the process ("Check failed:
    // jit_page.has_value()") when its wrapper for a call of JavaScript from there is optimised in several threads.
    // Bundles have neither. Tests pass this on to programs that they start from TypeScript.
    execArgv: ["--wasm-wrapper-tiering-budget=2147483647"],
  },
});
