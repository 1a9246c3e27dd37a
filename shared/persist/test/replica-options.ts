import type { SpoolOptions } from "../src/replicas/index.ts";

export const replicaSecret = "a secret of both sides";

export function spoolOptions(folder: string): SpoolOptions {
  return { folder, name: "pages", bytesMax: 1 << 26, piecesMax: 64 };
}
