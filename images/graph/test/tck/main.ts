import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSuite } from "./suite.ts";

/** Runs the TCK of a folder and shows what is missed: `node main.ts <folder of the TCK> [part of a name]`. */
const [folder = "", filter = ""] = process.argv.slice(2);
const dataDir = mkdtempSync(join(tmpdir(), "weftkit-tck-"));
const { total, misses } = await runSuite(folder, dataDir, filter);
rmSync(dataDir, { recursive: true });
for (const { feature, scenario, query, why } of misses)
  console.log(`--- ${feature} ${scenario}\n${query}\n   => ${why}\n`);
console.log(`${total - misses.length} of ${total}`);
