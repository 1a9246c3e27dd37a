import type { ChangeForm } from "@weftkit/changes";
import { extendedJson } from "../bson/extended-json.ts";
import { Doc } from "../bson/values.ts";

/** Changes as others get them: documents in canonical Extended JSON, keyed by their _id. */
export const changeForm: ChangeForm = {
  key: ({ key }) => jsonOf(key),
  image: (_change, bytes) => jsonOf(bytes),
};

function jsonOf(bytes: Uint8Array): string {
  return extendedJson(Doc.read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
}
