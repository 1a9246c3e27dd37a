import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["*.test.ts"],
    globalSetup: ["./require-docker.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Containers share the machine's two cores and its ports; one file at a time keeps times meaningful.
    fileParallelism: false,
  },
});
