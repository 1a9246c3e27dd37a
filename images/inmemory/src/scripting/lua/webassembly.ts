/** The part of WebAssembly's JavaScript interface that is used; it is everywhere, but not in Node's types. */
export interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface Table {
  get(index: number): (...args: number[]) => unknown;
  set(index: number, value: unknown): void;
  grow(by: number): number;
}

export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A compiled module. */
export type Module = object;

interface Interface {
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (module: Module, imports: Imports) => { readonly exports: Record<string, unknown> };
}

const { WebAssembly } = globalThis as unknown as { WebAssembly: Interface };

export function compile(bytes: Uint8Array): Module {
  return new WebAssembly.Module(bytes);
}

export function instantiate(module: Module, imports: Imports): Record<string, unknown> {
  return new WebAssembly.Instance(module, imports).exports;
}
