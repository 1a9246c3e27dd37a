// Writes what is drawn from data: the configuration reference, its JSON Schema, the engines' command tables, the tables of
// images in pages and in docker-bake.hcl. With --check it writes nothing and fails when something is stale.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documentation, engines, jsonSchema, services } from "@weftkit/config";
import { compatibilityDocumentation } from "@weftkit/inmemory/compatibility";
import { commandDocumentation } from "@weftkit/inmemory/documentation";

const root = join(import.meta.dirname, "..");

/** What runs in an image: engines and services, in the order of their lists, then all engines in one, then functions. Links are relative to docs/. */
const images = [
  ...Object.entries(engines).flatMap(([name, { port, protocol, deployment }]) =>
    deployment === undefined
      ? []
      : [{ name, port, protocol, links: deployment.links, folder: `images/${name}`, ports: [port] }],
  ),
  ...Object.entries(services).flatMap(([name, { port, morePorts = [], protocol, links, folder }]) =>
    existsSync(join(root, folder, "package.json"))
      ? [{ name, port, protocol, links, folder, ports: [port, ...morePorts] }]
      : [],
  ),
  {
    name: "standalone",
    port: 20_000,
    protocol: "its engine's, in TLS",
    links: "[guide](standalone.md)",
    folder: "images/standalone",
    ports: [20_000],
  },
  {
    name: "node-s3",
    port: 8787,
    protocol: "WKP-1",
    links: "[persistence](persistence.md), [the function](../functions/node-s3/README.md)",
    isFunction: true,
  },
];

const pages = {
  "docs/configuration.md": documentation(),
  "docs/commands/inmemory.md": commandDocumentation(),
  "docs/compatibility/inmemory.md": compatibilityDocumentation(
    data("compatibility/inmemory-commands.json"),
    data("compatibility/inmemory-suite.json"),
  ),
  "docs/weftkit.schema.json": formatted("docs/weftkit.schema.json", JSON.stringify(jsonSchema(), null, 2)),
  "docs/images.md": withImages("docs/images.md", table(images)),
  "README.md": withImages(
    "README.md",
    table(images).replaceAll("](", "](docs/").replaceAll("](docs/../", "]("),
  ),
  "docker-bake.hcl": withImages(
    "docker-bake.hcl",
    images
      .filter(({ isFunction }) => !isFunction)
      .map(
        ({ name, folder, ports }) =>
          `    { name = "${name}", folder = "${folder}", ports = "${ports.join(" ")}" },`,
      )
      .join("\n"),
  ),
};

for (const [name, content] of Object.entries(pages)) {
  const path = join(root, name);
  if (!process.argv.includes("--check")) writeFileSync(path, content);
  else if (readFileSync(path, "utf8") !== content) {
    console.error(`${name} is stale: run npm run docs`);
    process.exitCode = 1;
  }
}

function table(rows) {
  const lines = rows.map(
    ({ name, port, protocol, links }) => `| weftkit/${name} | ${port} | ${protocol} | ${links} |`,
  );
  return ["| image | port | protocol | |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

/** A file with the lines between its two marks replaced. */
function withImages(name, content) {
  const lines = readFileSync(join(root, name), "utf8").split("\n");
  const from = lines.findIndex((line) => line.includes("images: drawn by npm run docs"));
  const to = lines.findIndex((line) => line.includes("/images -->") || line.trim() === "# /images");
  if (from < 0 || to < from) throw new Error(`${name} has no place for the images`);
  return lines.toSpliced(from + 1, to - from - 1, content).join("\n");
}

/** As `npm run format` would leave it, so that the linter has nothing to say about what is generated. */
function formatted(name, input) {
  const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  return execFileSync(process.execPath, [biome, "format", `--stdin-file-path=${name}`], {
    input,
    encoding: "utf8",
  });
}

function data(name) {
  return JSON.parse(readFileSync(join(root, "docs", name), "utf8"));
}
