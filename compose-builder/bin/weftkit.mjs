#!/usr/bin/env node
// Checked in, because npm links a program when it installs, and the bundle is built after that.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bundle = new URL("../dist/main.mjs", import.meta.url);

if (existsSync(fileURLToPath(bundle))) {
  await import(bundle);
} else {
  process.stderr.write("weftkit is not built yet.\nHint: run `npm run build`.\n");
  process.exitCode = 1;
}
