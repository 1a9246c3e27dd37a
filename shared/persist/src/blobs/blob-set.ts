import type { Logger } from "@weftkit/observe";
import type { PartCipher } from "../contract/encryption.ts";
import type { BlobFolder } from "./blob-folder.ts";
import type { Catalog } from "./catalog.ts";
import type { CatalogRow } from "./catalog-view.ts";
import { cutBlob } from "./cut-blob.ts";

/** The blobs of a folder and what is known of them. */
export class BlobSet {
  readonly folder: BlobFolder;
  readonly catalog: Catalog;
  readonly #log: Logger;

  constructor(folder: BlobFolder, catalog: Catalog, log: Logger) {
    this.folder = folder;
    this.catalog = catalog;
    this.#log = log;
  }

  /**
   * The parts of a blob as the catalog keeps them, cut now where they were not before. Undefined when its file is
   * missing or damaged: then the blob is left out from now on, so that everything else can still be saved, and the log
   * names it.
   */
  async partsOf(row: CatalogRow, cipher: PartCipher | undefined): Promise<Buffer | undefined> {
    if (row.parts !== null) return row.parts;
    const { folder, catalog } = this;
    try {
      return await cutBlob(folder, catalog, row, cipher);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "blob_missing" && code !== "blob_damaged") throw error;
      const sha256 = row.sha256.toString("hex");
      const isSetAside = await folder.setAside(sha256, () => catalog.forget(sha256));
      if (!isSetAside) return await cutBlob(folder, catalog, row, cipher);
      this.#log.error(
        { err: error, sha256 },
        "a blob is lost: its file is missing or was moved aside; until it is put again, nothing can restore it",
      );
      return undefined;
    }
  }
}
