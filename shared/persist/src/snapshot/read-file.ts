import { closeSync, createReadStream } from "node:fs";

/** The first `bytes` bytes of an open file, which is closed behind them, or when they are not wanted any more. */
export async function* readFileOf(descriptor: number, bytes: number): AsyncGenerator<Uint8Array> {
  if (bytes === 0) {
    closeSync(descriptor);
    return;
  }
  yield* createReadStream("", { fd: descriptor, start: 0, end: bytes - 1, autoClose: true });
}
