/** A file of an archive that is being read. */
export interface ReadFile {
  readonly path: string;
  /** Undefined for a file that is larger than it may be: it is passed over. */
  readonly content: Buffer | undefined;
  readonly sizeBytes: number;
  /** Of an attachment in an export, where it does not follow from the path. */
  readonly mediaType: string | undefined;
  /** Whether the archive is an export of this engine. */
  readonly isExported: boolean;
}

/** What is in an archive and cannot be read as a file. */
export interface ReadOther {
  readonly path: string;
  readonly reason: string;
  readonly isExported: boolean;
}

export const notAFile = "it is a link or a device, not a file";
