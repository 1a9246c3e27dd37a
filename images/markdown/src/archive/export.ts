import { setImmediate } from "node:timers/promises";
import type { Snapshot } from "@weftkit/store";
import { pathOfDocument } from "../names.ts";
import { contentOf, listAttachments } from "../storage/attachments.ts";
import { type Collection, requireCollection } from "../storage/collections.ts";
import { textOf } from "../storage/documents.ts";
import { listIds } from "../storage/list-ids.ts";
import { mediaTypeOf } from "./paths.ts";
import type { ArchivedFile, ArchiveWriter } from "./write-archive.ts";

/** So much is read at once; the rest waits until the client has taken it. */
const batchDocuments = 100;
const batchBytes = 256 * 1024;

/**
 * A collection as a folder in an archive: documents as `<id>.md`, attachments under their paths; one state of it.
 * `progress` is called whenever the client has taken what there was. The snapshot is the caller's to release.
 */
export async function* exportCollection(
  snapshot: Snapshot,
  name: string,
  writer: ArchiveWriter,
  progress: () => void,
): AsyncGenerator<Buffer> {
  const collection = await snapshot.read((db) => requireCollection(db, name));
  yield writer.start();
  for (const part of [documents, attachments]) {
    for await (const files of part(snapshot, collection)) {
      const entries: Buffer[] = [];
      for (const file of files) entries.push(await writer.file(file));
      yield Buffer.concat(entries);
      progress();
      // A client that takes all at once would leave no turn of the event loop to others.
      await setImmediate();
    }
  }
  yield writer.end();
}

async function* documents(snapshot: Snapshot, collection: Collection): AsyncGenerator<ArchivedFile[]> {
  let after: string | undefined = "";
  while (after !== undefined) {
    const from: string = after;
    const { files, last } = await snapshot.read((db) => {
      const found = listIds(db, collection, from, batchDocuments);
      const batch: ArchivedFile[] = [];
      let bytes = 0;
      for (const document of found) {
        const content = Buffer.from(textOf(db, document));
        batch.push({ path: pathOfDocument(document.id), content, modifiedAt: document.updatedAt });
        bytes += content.length;
        if (bytes > batchBytes) break;
      }
      return { files: batch, last: found[batch.length - 1]?.id };
    });
    if (files.length > 0) yield files;
    after = last;
  }
}

async function* attachments(snapshot: Snapshot, collection: Collection): AsyncGenerator<ArchivedFile[]> {
  let after: string | undefined = "";
  while (after !== undefined) {
    const from: string = after;
    const file: ArchivedFile | undefined = await snapshot.read((db) => {
      const [attachment] = listAttachments(db, collection, from, 1);
      if (attachment === undefined) return undefined;
      const { path, at, mediaType } = attachment;
      const content = contentOf(db, collection, path);
      const told = mediaType === mediaTypeOf(path) ? {} : { mediaType };
      return { path, content, modifiedAt: at, ...told };
    });
    if (file !== undefined) yield [file];
    after = file?.path;
  }
}
