import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where a compiled module is, or why it is nowhere. */
export type NativeModule = { readonly file: string } | { readonly why: string };

/**
 * Finds a module that scripts/native.mjs compiles from C: beside the bundle that asks, or, where sources run, in the
 * folder native/dist of their package.
 *
 * @param name without platform and suffix ("weftkit-interrupt")
 * @param suffix "so" or "node"
 * @param from the folder of the code that asks (`import.meta.dirname`)
 */
export function findNativeModule(name: string, suffix: string, from: string): NativeModule {
  const fileName = `${name}-${process.platform}-${process.arch}.${suffix}`;
  const beside = join(from, fileName);
  if (existsSync(beside)) return { file: beside };
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const file = join(folder, "native", "dist", fileName);
    if (existsSync(file)) return { file };
    // No module is looked for outside of the package.
    if (existsSync(join(folder, "package.json"))) break;
  }
  return { why: `${fileName} is not there: npm run build makes it where a C compiler is` };
}
