import type { Database } from "@weftkit/store";
import { findContent, type StoredContent } from "../storage/contents.ts";
import type { StoredChecksum } from "../storage/details.ts";
import { decrypted } from "../storage/encryption.ts";
import { partsOf, type Version } from "../storage/versions.ts";
import type { Services } from "./services.ts";

/** A stretch of an object that is one content. */
export interface Segment {
  readonly content: StoredContent | undefined;
  readonly size: number;
  /** Where it begins in the object. */
  readonly start: number;
  /** Of an encrypted one. */
  readonly iv: Buffer | undefined;
  /** Of a part. */
  readonly checksum: StoredChecksum | undefined;
}

/** What an object's content is made of, in order. In the snapshot in which the version was found. */
export function segmentsOf(db: Database, version: Version): Segment[] {
  if (version.parts === 0) {
    const content = version.content === null ? undefined : findContent(db, version.content);
    const iv = version.details.encryption?.iv;
    const ownIv = iv === undefined ? undefined : Buffer.from(iv, "base64");
    return [{ content, size: version.size, start: 0, iv: ownIv, checksum: undefined }];
  }
  let start = 0;
  return partsOf(db, version.row).map(({ content, size, details: { iv, checksum } }) => {
    const segment: Segment = {
      content: content === null ? undefined : findContent(db, content),
      size,
      start,
      iv: iv === undefined ? undefined : Buffer.from(iv, "base64"),
      checksum,
    };
    start += size;
    return segment;
  });
}

/** Keeps the contents of segments on the volume while they are read. */
export function pinSegments(services: Services, segments: readonly Segment[]): () => void {
  return services.contents.pin(segments.flatMap(({ content }) => content ?? []));
}

/**
 * The bytes from `start` to before `end` of an object. `key` is what it is encrypted with.
 *
 * @throws WeftkitError `content_damaged` instead of giving bytes that are not as they were written
 */
export async function* readSegments(
  services: Services,
  segments: readonly Segment[],
  key: Buffer | undefined,
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  for (const segment of segments) {
    const from = Math.max(start, segment.start) - segment.start;
    const to = Math.min(end, segment.start + segment.size) - segment.start;
    if (from >= to || segment.content === undefined) continue;
    const stored = services.contents.read(segment.content, from, to);
    if (key === undefined || segment.iv === undefined) yield* stored;
    else yield* decrypted(stored, { key, iv: segment.iv }, from);
  }
}
