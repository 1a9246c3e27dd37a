import { isUtf8 } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import { Problem } from "@weftkit/http";
import type { Database, SlicedWork } from "@weftkit/store";
import type { ApiContext } from "../api/context.ts";
import { documentOfPath, isDocumentPath, pathOfDocument } from "../names.ts";
import { pathConflict } from "../problems.ts";
import { findAttachment, writeAttachment } from "../storage/attachments.ts";
import { type Collection, requireCollection } from "../storage/collections.ts";
import { findLiveDocument, textOf } from "../storage/documents.ts";
import { writeDocument } from "../storage/write-document.ts";
import type { PreparedDocument } from "../text/prepare.ts";
import { isMediaType, mediaTypeOf, pathInFolder, reasonAgainst } from "./paths.ts";
import type { ReadFile, ReadOther } from "./read-file.ts";

/** What became of the files of an archive. */
export interface ImportResult {
  readonly created: number;
  readonly updated: number;
  /** Documents and attachments that are the same already. */
  readonly unchanged: number;
  readonly attachments: number;
  /** Files that cannot be documents or attachments, and why. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** How many were skipped in all; no more than 100 are listed. */
  readonly skippedCount: number;
}

const skippedMax = 100;
/** Files are written in transactions of so many, between which others get their turn. */
const batchFiles = 20;
const batchBytes = 256 * 1024;
/** So much of an archive is read in one turn of the event loop. */
const turnBytes = 128 * 1024;

interface Work {
  readonly path: string;
  readonly bytes: number;
  run(db: Database, collection: Collection): SlicedWork<void>;
}

/**
 * Writes the files of an archive into a collection: `.md` files as documents, all others as attachments. What is in the
 * collection besides stays. Files that were read are written also when one after them cannot be read.
 *
 * @throws Problem `collection-not-found`; what `files` throws
 */
export async function importArchive(
  api: ApiContext,
  name: string,
  files: AsyncIterable<ReadFile | ReadOther>,
  author: string,
): Promise<ImportResult> {
  const { attachmentBytesMax } = api.limits;
  const counts = { created: 0, updated: 0, unchanged: 0, attachments: 0, skippedCount: 0 };
  const skipped: { path: string; reason: string }[] = [];
  const skip = (path: string, reason: string) => {
    counts.skippedCount++;
    if (skipped.length < skippedMax) skipped.push({ path, reason });
  };
  let batch: Work[] = [];
  let bytes = 0;
  const flush = async () => {
    const work = batch;
    batch = [];
    bytes = 0;
    if (work.length === 0) return;
    await api.writeInSlices(function* (db) {
      const collection = requireCollection(db, name);
      for (const one of work) {
        try {
          yield* one.run(db, collection);
        } catch (error) {
          // Told before anything of it is written.
          if (!(error instanceof Problem && error.type === pathConflict.type)) throw error;
          skip(one.path, error.message);
        }
        yield;
      }
    });
  };
  const add = async (work: Work) => {
    batch.push(work);
    bytes += work.bytes;
    if (batch.length >= batchFiles || bytes >= batchBytes) await flush();
  };
  let turn = 0;
  for await (const file of files) {
    turn += "sizeBytes" in file ? file.sizeBytes : 0;
    if (turn >= turnBytes) {
      turn = 0;
      await setImmediate();
    }
    const path = pathInFolder(file.path);
    if (path === "") continue;
    const reason = reasonAgainst(path, file.isExported);
    if (reason !== undefined) skip(path, reason);
    else if ("reason" in file) skip(path, file.reason);
    else if (file.content === undefined) skip(path, `it is too large (${file.sizeBytes} bytes)`);
    else if (!isDocumentPath(path)) {
      if (file.content.length > attachmentBytesMax) skip(path, `it is too large (${file.sizeBytes} bytes)`);
      // A copy, so that the chunk of the stream that it is part of can go.
      else {
        const told = file.mediaType;
        const mediaType = told !== undefined && isMediaType(told) ? told : mediaTypeOf(path);
        await add(attachmentWork({ path, mediaType, content: Buffer.from(file.content), author }, counts));
      }
    } else {
      // What is there now says nothing of a file that the archive has twice.
      if (batch.some((work) => work.path === path)) await flush();
      const prepared = await documentOf(api, name, path, file.content);
      if (prepared === "unchanged") counts.unchanged++;
      else if ("reason" in prepared) skip(path, prepared.reason);
      else await add(documentWork(prepared, author, api.limits.versionsMax, counts));
    }
  }
  await flush();
  return { ...counts, skipped };
}

/** The document of a file, unless it is there as it is, or why it cannot be one. */
async function documentOf(
  api: ApiContext,
  name: string,
  path: string,
  content: Buffer,
): Promise<PreparedDocument | "unchanged" | { readonly reason: string }> {
  if (!isUtf8(content)) return { reason: "its text is not UTF-8" };
  const id = documentOfPath(path);
  const text = content.toString();
  if (await api.store.read((db) => isStored(db, requireCollection(db, name), id, text))) return "unchanged";
  const bytesMax = api.limits.documentBytesMax;
  try {
    return await api.texts.run("prepare", { id, text, bytesMax }, text.length);
  } catch (error) {
    if (error instanceof Problem && error.type.status < 500) return { reason: error.message };
    throw error;
  }
}

function isStored(db: Database, collection: Collection, id: string, text: string): boolean {
  const existing = findLiveDocument(db, collection, id);
  return existing !== undefined && textOf(db, existing) === text;
}

function documentWork(
  document: PreparedDocument,
  author: string,
  versionsMax: number,
  counts: { created: number; updated: number; unchanged: number },
): Work {
  return {
    path: pathOfDocument(document.id),
    bytes: document.sizeBytes,
    *run(db, collection) {
      if (isStored(db, collection, document.id, document.text)) {
        counts.unchanged++;
        return;
      }
      const existing = findLiveDocument(db, collection, document.id);
      yield* writeDocument(db, collection, document, {
        at: Date.now(),
        author,
        action: "imported",
        versionsMax,
      });
      counts[existing === undefined ? "created" : "updated"]++;
    },
  };
}

function attachmentWork(
  file: {
    readonly path: string;
    readonly mediaType: string;
    readonly content: Buffer;
    readonly author: string;
  },
  counts: { attachments: number; unchanged: number },
): Work {
  return {
    path: file.path,
    bytes: file.content.length,
    // biome-ignore lint/correctness/useYield: one row and one file
    *run(db, collection) {
      const before = findAttachment(db, collection, file.path);
      const { attachment } = writeAttachment(db, collection, { ...file, at: Date.now() });
      const isSame = attachment.sha256 === before?.sha256 && attachment.mediaType === before.mediaType;
      counts[isSame ? "unchanged" : "attachments"]++;
    },
  };
}
