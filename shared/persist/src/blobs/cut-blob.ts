import { createHash } from "node:crypto";
import type { PartCipher } from "../contract/encryption.ts";
import { cutIntoParts } from "../engine/pieces-on-disk.ts";
import { type BlobFolder, blobDamaged, blobMissing } from "./blob-folder.ts";
import type { Catalog } from "./catalog.ts";
import type { CatalogRow } from "./catalog-view.ts";
import { encodeParts } from "./records.ts";

/**
 * Cuts a blob into its parts, as they will be stored, and compares it with its name on the way. Resolves to what the
 * catalog keeps of them.
 *
 * @throws WeftkitError `blob_missing` or `blob_damaged`
 */
export async function cutBlob(
  folder: BlobFolder,
  catalog: Catalog,
  { sha256, bytes }: CatalogRow,
  cipher: PartCipher | undefined,
): Promise<Buffer> {
  const name = sha256.toString("hex");
  const { partBytesMax } = catalog.cutRule!;
  const hash = createHash("sha256");
  const parts = await cutIntoParts(
    folder.pathOf(name),
    { sha256: name, bytes },
    partBytesMax,
    cipher,
    (plain) => hash.update(plain),
  ).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") throw blobMissing(name);
    // It ends too early; an error of the disk is one of its own.
    throw error.code === undefined ? blobDamaged(name) : error;
  });
  if (hash.digest("hex") !== name) throw blobDamaged(name);
  const encoded = encodeParts(parts);
  await catalog.setParts(sha256, encoded);
  return encoded;
}
