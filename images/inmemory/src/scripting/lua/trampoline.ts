import { compile, instantiate } from "./webassembly.ts";

/** Value types of WebAssembly's binary form: only 32-bit integers are needed. */
const I32 = 0x7f;

/**
 * A JavaScript function as one that a module's table takes: a module of its own, which imports and exports it
 * (WebAssembly, core specification, binary format).
 */
export function tableFunction(
  run: (...args: number[]) => number | undefined,
  parameters: 1 | 2,
  hasResult: boolean,
): unknown {
  const type = [0x60, parameters, ...new Array(parameters).fill(I32), hasResult ? 1 : 0];
  if (hasResult) type.push(I32);
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, type.length + 1, 0x01, ...type],
    // Import "e" "f", a function of type 0.
    ...[0x02, 0x07, 0x01, 0x01, 0x65, 0x01, 0x66, 0x00, 0x00],
    // Export it as "f".
    ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00],
  ]);
  return instantiate(compile(bytes), { e: { f: run } }).f;
}
