import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{shared,images,functions}/*/test/**/*.test.ts", "{compose-builder,scripts}/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
