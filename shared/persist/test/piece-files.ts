import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PieceHeader } from "../src/piece/index.ts";
import {
  DatabaseChecksum,
  hashPage,
  PagesBodyWriter,
  PieceReader,
  PieceWriter,
  pageBlocks,
} from "../src/piece/index.ts";

/** A folder for one test file, removed by `remove`. */
export class PieceFolder {
  readonly path = mkdtempSync(join(tmpdir(), "weftkit-piece-"));

  newPath(): string {
    return join(this.path, randomUUID());
  }

  /** Puts `bytes` into a new file. */
  put(bytes: Uint8Array): string {
    const path = this.newPath();
    writeFileSync(path, bytes);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

export const PREVIOUS = "ab".repeat(32);

export function headerOf(kind: PieceHeader["kind"], body: PieceHeader["body"]): PieceHeader {
  return {
    kind,
    name: body.stream,
    epoch: 3,
    seqFrom: 7,
    seqTo: kind === "compacted" ? 9 : 7,
    time: 1_700_000_000_000,
    previous: kind === "base" ? null : PREVIOUS,
    body,
  };
}

export async function writeBytes(path: string, kind: PieceHeader["kind"], runs: readonly Uint8Array[]) {
  const to = runs.reduce((sum, { length }) => sum + length, 100);
  const writer = PieceWriter.create(path, headerOf(kind, { stream: "log", from: 100, to }));
  for (const run of runs) writer.append(run);
  return await writer.finish();
}

export interface Page {
  readonly page: number;
  readonly content: Buffer;
  readonly earlier?: Buffer;
}

export async function writePages(
  path: string,
  kind: PieceHeader["kind"],
  pages: readonly Page[],
  { pagesAfter = pages.at(-1)?.page ?? 0, pageSize = 512 } = {},
) {
  const body = { stream: "pages", pageSize, pagesAfter, pageCount: pages.length } as const;
  const writer = PieceWriter.create(path, headerOf(kind, body));
  const pagesBody = new PagesBodyWriter(writer, pageSize);
  const checksum = new DatabaseChecksum();
  for (const { page, content, earlier } of pages) {
    pagesBody.add(page, content, earlier && { content: earlier, hash: hashPage(earlier) });
    checksum.add(page, hashPage(content));
  }
  pagesBody.flush();
  return await writer.finish(checksum.value);
}

/** Everything in the file: reads, verifies and decodes all of it. */
export async function readAll(path: string, earlier = new Map<number, Buffer>()) {
  const reader = await PieceReader.open(path);
  try {
    if (reader.header.body.stream !== "pages")
      return { reader, content: Buffer.concat([...reader.contents()]) };
    const { pageSize } = reader.header.body;
    const pages = new Map<number, Buffer>();
    for (const { numbers, bases, decode } of pageBlocks(reader)) {
      const content = decode(
        numbers.filter((_, at) => bases[at]).map((page) => earlier.get(page) ?? Buffer.alloc(0)),
      );
      numbers.forEach((page, at) => {
        pages.set(page, content.subarray(at * pageSize, (at + 1) * pageSize));
      });
    }
    return { reader, pages };
  } finally {
    await reader.close();
  }
}

/** Puts the right hash at the end of a file that was changed, so that what is behind the hash is reached. */
export function seal(file: Buffer): Buffer {
  createHash("sha256")
    .update(file.subarray(0, -32))
    .digest()
    .copy(file, file.length - 32);
  return file;
}
