#!/usr/bin/env node
// Checked in, because npm links a program when it installs, and the bundle is built after that.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const bundle = new URL("../dist/main.mjs", import.meta.url);
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 15)) {
  fail(
    `weftkit needs Node 22.15 or later; this is ${process.versions.node}.`,
    "`npx weftkit` uses the Node that npm installed here.",
  );
} else if (!existsSync(fileURLToPath(bundle))) {
  fail("weftkit is not built yet.", "run `npm run build`.");
} else {
  await import(bundle);
}

function fail(message, hint) {
  process.stderr.write(`Error: ${message}\nHint: ${hint}\n`);
  process.exitCode = 1;
}
