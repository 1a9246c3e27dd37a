import type { PartCipher } from "../contract/encryption.ts";
import type { Limits } from "../contract/messages.ts";
import { describeParts } from "../contract/part-lists.ts";
import type { Chain } from "./chain.ts";
import type { Endpoint } from "./endpoint.ts";
import { cutIntoParts } from "./pieces-on-disk.ts";
import { partBytesOf, sendableList } from "./pusher.ts";

export interface SendOptions {
  readonly endpoint: Pick<Endpoint, "uploadParts">;
  readonly cipher: PartCipher | undefined;
  readonly limits: Limits;
  readonly bandwidth: number | undefined;
  readonly epoch: number;
  readonly signal: AbortSignal;
}

/** Stores the parts of substitutes. What is cut off goes on at the next call: parts that are stored are not sent again. */
export async function sendSubstitutes(
  chain: Chain,
  { endpoint, cipher, limits, bandwidth, epoch, signal }: SendOptions,
): Promise<void> {
  for (const [stream, substitute] of [...chain.substitutes.all]) {
    const keyName = cipher?.keyName;
    if (substitute.stored !== undefined && substitute.stored.keyName === keyName) continue;
    const partBytes = partBytesOf(limits, bandwidth, substitute.piece.bytes);
    const path = chain.substitutes.pathOf(stream, substitute);
    const parts = await cutIntoParts(path, substitute.piece, partBytes, cipher);
    const { lists } = describeParts(parts.map(({ sha256, bytes }) => ({ sha256, bytes })));
    await endpoint.uploadParts([...parts, ...lists.map(sendableList)], epoch, { verify: true, signal });
    // A newer one, or none, may be there by now.
    if (chain.substitutes.all.get(stream) !== substitute) continue;
    const stored = parts.map(({ sha256, bytes }) => ({ sha256, bytes }));
    await chain.substitutes.noteStored(stream, stored, keyName);
  }
}
