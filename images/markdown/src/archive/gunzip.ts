import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { formatBytes } from "@weftkit/core";
import { problems } from "@weftkit/http";
import { invalidArchive } from "../problems.ts";

/**
 * Unpacks gzip (RFC 1952) as it arrives.
 *
 * @param bytesMax - of what comes out: a small archive can be written to become very large.
 * @throws Problem `invalid-archive`; `body-too-large`; what `source` throws.
 */
export async function* gunzip(source: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer> {
  const unpacked = createGunzip();
  // How it ends is told by the stream that is read.
  pipeline(Readable.from(source), unpacked).catch(() => {});
  let bytes = 0;
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        throw problems.bodyTooLarge(`unpacked, at most ${formatBytes(bytesMax)} are taken here`);
      }
      yield chunk;
    }
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith("Z_")) throw error;
    throw invalidArchive("the body is not gzip, or it is damaged or cut off", { cause: error });
  }
}
