import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { content, json, type Route, route } from "@weftkit/http";
import Type from "typebox";
import { exportCollection } from "../archive/export.ts";
import { gunzip } from "../archive/gunzip.ts";
import { importArchive } from "../archive/import.ts";
import { readTar } from "../archive/read-tar.ts";
import { readZip } from "../archive/read-zip.ts";
import { tarWriter } from "../archive/write-tar.ts";
import { ZipWriter } from "../archive/write-zip.ts";
import { collectionNotFound, invalidArchive } from "../problems.ts";
import { requireCollection } from "../storage/collections.ts";
import type { ApiContext } from "./context.ts";
import { collectionParams, noQuery, strict } from "./schemas.ts";

const tag = "Import and export";

/** An export of which a client takes nothing for this long is given up. */
const stallMs = 60_000;

/** What an archive may be, by its ending. */
const formats = {
  tar: { mediaType: "application/x-tar", writer: () => tarWriter },
  "tar.gz": { mediaType: "application/gzip", writer: () => tarWriter },
  zip: { mediaType: "application/zip", writer: () => new ZipWriter() },
} as const;
type Format = keyof typeof formats;

export function exportRoute(api: ApiContext): Route {
  return route({
    method: "GET",
    path: "/collections/{name}/export",
    operation: "exportCollection",
    tag,
    summary: "Export a collection",
    description:
      "As a folder in an archive: documents as `<id>.md`, byte for byte, attachments under their paths. It is the state at one time; versions and the trash are not in it. `curl .../export | tar x`",
    access: { action: "read", object: ({ name }) => name },
    params: collectionParams,
    query: Type.Object(
      {
        format: Type.Optional(
          Type.Enum(Object.keys(formats) as Format[], { description: "What the archive is. Default: tar." }),
        ),
      },
      strict,
    ),
    responses: {
      200: {
        description: "The archive.",
        content: Object.fromEntries(
          Object.values(formats).map(({ mediaType }) => [mediaType, undefined] as const),
        ),
      },
    },
    problems: [collectionNotFound],
    handle: async ({ params, query, signal }) => {
      const { name } = params;
      const { format = "tar" } = query;
      await api.store.read((db) => requireCollection(db, name), { signal });
      const snapshot = await api.store.snapshot({ signal });
      let progress = () => {};
      const archive = Readable.from(
        exportCollection(snapshot, name, formats[format].writer(), () => progress()),
      );
      // A snapshot is held only for clients that read: there are few, and the write-ahead log grows behind it.
      const stalled = setTimeout(() => archive.destroy(new Error("the client has stopped reading")), stallMs);
      progress = () => void stalled.refresh();
      archive.once("close", () => {
        clearTimeout(stalled);
        snapshot.release();
      });
      return content(200, formats[format].mediaType, format === "tar.gz" ? gzipped(archive) : archive, {
        "content-disposition": `attachment; filename="${name}.${format}"`,
      });
    },
  });
}

/** How it ends is told by the stream that is read, and when that is given up, the other is. */
function gzipped(archive: Readable): Readable {
  return pipeline(archive, createGzip(), () => {});
}

export function importRoute(api: ApiContext): Route {
  const bytesMax = api.limits.importBytesMax;
  const archive = { kind: "stream", bytesMax } as const;
  return route({
    method: "POST",
    path: "/collections/{name}/import",
    operation: "importCollection",
    tag,
    summary: "Import a folder",
    description:
      "From a tar archive, which may be compressed with gzip (`application/gzip`), or from a zip archive: `.md` files become documents, all others attachments, hidden ones are left out unless it is an export. What is there already and the same stays as it is; nothing is deleted. `tar cz . | curl --data-binary @- -H 'content-type: application/gzip' .../import`",
    access: { action: "write", object: ({ name }) => name },
    params: collectionParams,
    query: noQuery,
    body: {
      "application/x-tar": archive,
      "application/gzip": archive,
      "application/x-gzip": archive,
      "application/zip": archive,
      "application/x-zip-compressed": archive,
    },
    responses: {
      200: {
        description: "What became of the files.",
        content: {
          "application/json": Type.Object({
            created: Type.Integer(),
            updated: Type.Integer(),
            unchanged: Type.Integer(),
            attachments: Type.Integer(),
            skipped: Type.Array(Type.Object({ path: Type.String(), reason: Type.String() })),
            skippedCount: Type.Integer(),
          }),
        },
      },
    },
    problems: [collectionNotFound, invalidArchive],
    handle: async ({ params, body, user }) => {
      await api.store.read((db) => requireCollection(db, params.name));
      const fileBytesMax = Math.max(api.limits.documentBytesMax, api.limits.attachmentBytesMax);
      const isZip = body.type === "application/zip" || body.type === "application/x-zip-compressed";
      const files = isZip
        ? readZip(body.value, api.dataDir, { fileBytesMax, bytesMax })
        : readTar(
            body.type === "application/x-tar" ? body.value : gunzip(body.value, bytesMax),
            fileBytesMax,
          );
      return json(200, await importArchive(api, params.name, files, user.user));
    },
  });
}
