import type { PartReply } from "../contract/messages.ts";
import { ContractFailure } from "./contract-failure.ts";
import type { Operation } from "./operation.ts";

export interface PartUpload {
  /** The part's name. */
  readonly sha256: string;
  /** Its bytes, already held against the SHA-256 that is in the signed header. */
  readonly body: Uint8Array;
}

/** `POST /persist?action=part&sha256=...`; written again when it is there, which keeps it from being pruned. */
export const part: Operation<PartUpload, PartReply> = async ({ sha256, body }, { subtree, fields }) => {
  if (fields.contentSha256 !== sha256) {
    throw new ContractFailure("hash_mismatch", "the body's SHA-256 is not the part's name");
  }
  await subtree.writePart(sha256, body);
  return { sha256, bytes: body.length };
};
