// Builds a web page for a service to serve: an HTML file that names a script and a stylesheet, as sources, becomes a folder of
// files that are named by their contents. What is imported with `import()` is a chunk of its own. By hand, and for tests:
//   node scripts/page.mjs images/playground/page/index.html OUT
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { build } from "esbuild";

/** Builds the page whose HTML is `html` into `outdir`; resolves to what esbuild says of it (its metafile). */
export async function buildPage(html, outdir) {
  const folder = dirname(html);
  let text = readFileSync(html, "utf8");
  const sources = [...text.matchAll(/(?:src|href)="(?:\.\/)?([\w-]+\.(?:tsx?|css))"/g)].map(
    ([, name]) => name,
  );
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: sources,
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: ["es2022"],
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    legalComments: "none",
    entryNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    assetNames: "[name]-[hash]",
    logLevel: "warning",
    metafile: true,
  });
  for (const [output, { entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint !== undefined) text = text.replaceAll(`"${entryPoint}"`, `"${basename(output)}"`);
  }
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, "index.html"), text);
  return metafile;
}

if (process.argv[1] === import.meta.filename)
  await buildPage(resolve(process.argv[2]), resolve(process.argv[3]));
