import type { ChangeForm } from "./types.ts";

/** Of engines whose keys and images are texts of JSON objects already. */
export const jsonTexts: ChangeForm = {
  key: ({ key }) => textOf(key),
  image: (_change, bytes) => textOf(bytes),
};

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
