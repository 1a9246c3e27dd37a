import { kernelBinary } from "./kernel-binary.ts";

/** The functions of kernel/hnsw.as. */
export interface Kernel {
  search(scratch: number, k: number, ef: number, filter: number, budget: number): number;
  scan(scratch: number, k: number, filter: number): number;
  distances(scratch: number, list: number, count: number, out: number): void;
  allDistances(scratch: number, nodes: number, out: number): void;
  insert(scratch: number, node: number): void;
  build(scratch: number, most: number): number;
  beginPurge(nodes: number): number;
  purge(scratch: number, from: number, to: number): number;
  endPurge(nodes: number): number;
}

// This project's types are Node's, which say nothing of WebAssembly beyond a few names.
interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}
declare const WebAssembly: {
  Memory: new (options: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

export type SharedMemory = WasmMemory;

let compiled: object | undefined;

/** An instance over a memory; the module is compiled once in a thread. */
export function kernelOf(memory: SharedMemory): Kernel {
  compiled ??= new WebAssembly.Module(Buffer.from(kernelBinary, "base64"));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as Kernel;
}

export function newMemory(initialPages: number, maximumPages: number): SharedMemory {
  return new WebAssembly.Memory({ initial: initialPages, maximum: maximumPages, shared: true });
}
