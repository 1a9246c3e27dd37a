/** A file that goes into an archive. */
export interface ArchivedFile {
  readonly path: string;
  readonly content: Buffer;
  /** Milliseconds since the Unix epoch. */
  readonly modifiedAt: number;
  /** Where it does not follow from the path. */
  readonly mediaType?: string;
}

/** The bytes of an archive, in this order: one start, any number of files, one end. */
export interface ArchiveWriter {
  start(): Buffer;
  file(file: ArchivedFile): Buffer | Promise<Buffer>;
  end(): Buffer;
}
