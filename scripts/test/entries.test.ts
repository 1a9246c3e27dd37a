import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** Worker threads of libraries, and what in an image's sources says that it needs them beside its bundle. */
const workers: Readonly<Record<string, RegExp>> = {
  "shared/persist/src/engine/lease-worker.ts": /streams\(dataDir/,
  "shared/persist/src/pages/pages-worker.ts": /new EngineStore\(/,
  "shared/persist/src/log/log-worker.ts": /new LogStream\(/,
  "shared/store/src/wal/maintenance-worker.ts": /new EngineStore\(/,
  "shared/store/src/workers/reader-worker.ts": /\.(?:readInWorker|streamInWorker)\(/,
};

const images = globSync("images/*/package.json", { cwd: root }).map(dirname);

test.each(images)("%s is bundled with the worker threads that it needs", (image) => {
  const { weftkit } = JSON.parse(readFileSync(join(root, image, "package.json"), "utf8"));
  const entries = (weftkit.entries as (string | { in: string })[]).map((entry) =>
    basename(typeof entry === "string" ? entry : entry.in),
  );
  const source = globSync(`${image}/src/**/*.ts`, { cwd: root })
    .map((path) => readFileSync(join(root, path), "utf8"))
    .join("\n");
  const needed = Object.entries(workers).filter(([, sign]) => sign.test(source));
  if (existsSync(join(root, image, "src/engine.ts"))) expect(needed.length).toBeGreaterThan(0);
  expect(needed.map(([worker]) => basename(worker)).filter((worker) => !entries.includes(worker))).toEqual(
    [],
  );
});
