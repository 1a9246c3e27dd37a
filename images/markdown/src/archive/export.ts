import { setImmediate } from "node:timers/promises";
import type { Snapshot } from "@weftkit/store";
import { pathOfDocument } from "../names.ts";
import { contentOf, listAttachments } from "../storage/attachments.ts";
import { type Collection, requireCollection } from "../storage/collections.ts";
import { textOf } from "../storage/documents.ts";
import { listIds } from "../storage/list-ids.ts";
import { mediaTypeOf } from "./paths.ts";
import { tarEnd, tarEntry, tarStart } from "./write-tar.ts";

/** So much is read at once; the rest waits until the client has taken it. */
const batchDocuments = 100;
const batchBytes = 256 * 1024;

/**
 * A collection as a folder in a tar archive: documents as `<id>.md`, attachments under their paths; one state of it.
 * `progress` is called whenever the client has taken what there was. The snapshot is the caller's to release.
 */
export async function* exportCollection(
  snapshot: Snapshot,
  name: string,
  progress: () => void,
): AsyncGenerator<Buffer> {
  const collection = await snapshot.read((db) => requireCollection(db, name));
  yield tarStart();
  for (const part of [documents, attachments]) {
    for await (const entries of part(snapshot, collection)) {
      yield entries;
      progress();
      // A client that takes all at once would leave no turn of the event loop to others.
      await setImmediate();
    }
  }
  yield tarEnd();
}

async function* documents(snapshot: Snapshot, collection: Collection): AsyncGenerator<Buffer> {
  let after: string | undefined = "";
  while (after !== undefined) {
    const from: string = after;
    const { entries, last } = await snapshot.read((db) => {
      const found = listIds(db, collection, from, batchDocuments);
      const batch: Buffer[] = [];
      let bytes = 0;
      for (const document of found) {
        const content = Buffer.from(textOf(db, document));
        batch.push(tarEntry({ path: pathOfDocument(document.id), content, modifiedAt: document.updatedAt }));
        bytes += content.length;
        if (bytes > batchBytes) break;
      }
      return { entries: batch, last: found[batch.length - 1]?.id };
    });
    if (entries.length > 0) yield Buffer.concat(entries);
    after = last;
  }
}

async function* attachments(snapshot: Snapshot, collection: Collection): AsyncGenerator<Buffer> {
  let after: string | undefined = "";
  while (after !== undefined) {
    const from: string = after;
    const entry = await snapshot.read((db) => {
      const [attachment] = listAttachments(db, collection, from, 1);
      if (attachment === undefined) return undefined;
      const { path, at, mediaType } = attachment;
      const content = contentOf(db, collection, path);
      const told = mediaType === mediaTypeOf(path) ? {} : { mediaType };
      return { path, bytes: tarEntry({ path, content, modifiedAt: at, ...told }) };
    });
    if (entry !== undefined) yield entry.bytes;
    after = entry?.path;
  }
}
