// Compiles the kernel: `node images/vector/kernel/build.mjs`. With --check it writes nothing and fails when the binary in the tree is
// another one. The compiler is a package of npm and needs nothing else.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const source = join(import.meta.dirname, "hnsw.as");
const target = join(import.meta.dirname, "../src/index/kernel-binary.ts");

/** The text of the module that holds the binary. */
export async function kernelModule() {
  const { default: asc } = await import("assemblyscript/asc");
  let binary;
  const { error, stderr } = await asc.main(
    [
      ...["hnsw.ts", "--outFile", "hnsw.wasm", "--runtime", "stub", "-O3", "--noAssert", "--converge"],
      ...["--enable", "simd,threads,bulk-memory", "--importMemory", "--sharedMemory"],
      ...["--initialMemory", "1", "--maximumMemory", "65536", "--use", "abort="],
    ],
    {
      readFile: (name) => (name === "hnsw.ts" ? readFileSync(source, "utf8") : null),
      writeFile: (name, contents) => {
        if (name === "hnsw.wasm") binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  const lines = Buffer.from(binary)
    .toString("base64")
    .match(/.{1,104}/g);
  return [
    "// Made of kernel/hnsw.as by kernel/build.mjs.",
    "/** The kernel of the index, WebAssembly in base64. */",
    "export const kernelBinary = [",
    ...lines.map((line) => `  "${line}",`),
    '].join("");',
    "",
  ].join("\n");
}

if (import.meta.main) {
  const text = await kernelModule();
  if (!process.argv.includes("--check")) writeFileSync(target, text);
  else if (readFileSync(target, "utf8") !== text) throw new Error(`${target} is stale: run kernel/build.mjs`);
}
