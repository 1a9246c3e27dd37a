// Writes the documentation that is drawn from data: docs/configuration.md and docs/weftkit.schema.json. With --check
// it writes nothing and fails when they are stale.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentation, jsonSchema } from "@weftkit/config";

const docs = join(import.meta.dirname, "..", "docs");
const pages = {
  "configuration.md": documentation(),
  "weftkit.schema.json": `${JSON.stringify(jsonSchema(), null, 2)}\n`,
};

for (const [name, content] of Object.entries(pages)) {
  const path = join(docs, name);
  if (!process.argv.includes("--check")) writeFileSync(path, content);
  else if (readFileSync(path, "utf8") !== content) {
    console.error(`docs/${name} is stale: run npm run docs`);
    process.exitCode = 1;
  }
}
