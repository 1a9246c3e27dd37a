// Writes the documentation that is drawn from data: the configuration reference, its JSON Schema, the engines'
// command tables. With --check it writes nothing and fails when they are stale.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentation, jsonSchema } from "@weftkit/config";
import { compatibilityDocumentation } from "@weftkit/inmemory/compatibility";
import { commandDocumentation } from "@weftkit/inmemory/documentation";

const docs = join(import.meta.dirname, "..", "docs");
const pages = {
  "configuration.md": documentation(),
  "commands/inmemory.md": commandDocumentation(),
  "compatibility/inmemory.md": compatibilityDocumentation(
    data("compatibility/inmemory-commands.json"),
    data("compatibility/inmemory-suite.json"),
  ),
  "weftkit.schema.json": formatted("weftkit.schema.json", JSON.stringify(jsonSchema(), null, 2)),
};

for (const [name, content] of Object.entries(pages)) {
  const path = join(docs, name);
  if (!process.argv.includes("--check")) writeFileSync(path, content);
  else if (readFileSync(path, "utf8") !== content) {
    console.error(`docs/${name} is stale: run npm run docs`);
    process.exitCode = 1;
  }
}

/** As `npm run format` would leave it, so that the linter has nothing to say about what is generated. */
function formatted(name, input) {
  const biome = join(import.meta.dirname, "..", "node_modules", "@biomejs", "biome", "bin", "biome");
  return execFileSync(process.execPath, [biome, "format", `--stdin-file-path=docs/${name}`], {
    input,
    encoding: "utf8",
  });
}

function data(name) {
  return JSON.parse(readFileSync(join(docs, name), "utf8"));
}
