import type { ChangeForm } from "@weftkit/changes";

/** Of engines whose changes are JSON texts, with keys that are texts. */
export const jsonForm: ChangeForm = {
  key: ({ key }) => `{"key":${JSON.stringify(Buffer.from(key).toString())}}`,
  image: ({ format }, bytes) => {
    if (format !== "json") throw new Error(`a change is written as ${format}, which nobody says how to read`);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  },
};
