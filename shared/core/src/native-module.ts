import { existsSync } from "node:fs";
import { createRequire } from "node:module";
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

/** Whether something compiled can be used, and if not, why; shown by `weftkit doctor`. */
export interface NativeSupport {
  readonly available: boolean;
  readonly why?: string;
}

/** An addon for Node (Node-API), loaded when it is first asked for; at most once. */
export class NativeAddon<T> {
  readonly #name: string;
  readonly #from: string;
  #loaded: { readonly exports?: T; readonly why?: string } | undefined;

  /** `name` and `from` as for `findNativeModule`. */
  constructor(name: string, from: string) {
    this.#name = name;
    this.#from = from;
  }

  /** What the addon exports; undefined where it is missing or cannot be loaded. */
  get exports(): T | undefined {
    return this.#load().exports;
  }

  get support(): NativeSupport {
    const { why } = this.#load();
    return why === undefined ? { available: true } : { available: false, why };
  }

  #load(): { readonly exports?: T; readonly why?: string } {
    this.#loaded ??= this.#require();
    return this.#loaded;
  }

  #require(): { readonly exports?: T; readonly why?: string } {
    const found = findNativeModule(this.#name, "node", this.#from);
    if ("why" in found) return found;
    try {
      return { exports: createRequire(import.meta.url)(found.file) as T };
    } catch (error) {
      return { why: `${found.file} cannot be loaded (${String(error)}): build it again on this machine` };
    }
  }
}
