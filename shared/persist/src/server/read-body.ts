import { Deadline } from "@weftkit/core";
import type { Limits } from "../contract/messages.ts";
import { type SignedFields, sha256 } from "../contract/signing.ts";
import { ContractFailure } from "./contract-failure.ts";
import type { FunctionRequest } from "./function-request.ts";

/** A body may take so long, and besides what its bytes take at the slowest rate that is served: four at once over 32 KB/s. */
const bodyTimeoutMs = 30_000;
const bytesPerSecondMin = 8 * 1024;

/**
 * Reads a body that is no longer than `bytesMax` and is the one that was signed.
 *
 * @throws ContractFailure `too_large` (as soon as that is known), `hash_mismatch`, `unavailable` when it comes too slowly
 */
export async function readBody(
  { body, headers }: FunctionRequest,
  bytesMax: number,
  fields: SignedFields,
  limits: Limits,
): Promise<Uint8Array> {
  const tooLarge = () =>
    new ContractFailure("too_large", `the body is longer than ${bytesMax} bytes`, { limits });
  const length = Number(headers["content-length"] ?? 0);
  if (length > bytesMax) throw tooLarge();
  const expected = Number.isFinite(length) ? Math.max(0, length) : 0;
  const read = body instanceof Uint8Array ? body : await collect(body, bytesMax, expected, tooLarge);
  if (read.length > bytesMax) throw tooLarge();
  if (sha256(read) !== fields.contentSha256) {
    throw new ContractFailure("hash_mismatch", "the body is not the one that was signed; send it again");
  }
  return read;
}

async function collect(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
  expectedBytes: number,
  tooLarge: () => ContractFailure,
): Promise<Uint8Array> {
  const deadline = Deadline.after(bodyTimeoutMs + (expectedBytes / bytesPerSecondMin) * 1000);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const read = async () => {
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge();
      chunks.push(chunk);
    }
  };
  try {
    await deadline.race(read());
  } catch (error) {
    if (error instanceof ContractFailure) throw error;
    const message = deadline.signal.aborted ? "the body came too slowly" : "the body did not come whole";
    throw new ContractFailure("unavailable", message, { cause: error });
  } finally {
    deadline.dispose();
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes);
}
