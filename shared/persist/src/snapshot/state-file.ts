/** A file of an engine's state as it was at the moment of a snapshot; `read` gives exactly `bytes` bytes. */
export interface StateFile {
  /** Which of the engine's places it is in: the name of a stream. */
  readonly place: string;
  /** Beneath the place, with "/" between folders; empty when the place is one file. */
  readonly path: string;
  readonly bytes: number;
  read(): AsyncIterable<Uint8Array>;
}

/** Where an engine keeps its state: for each place a file or a folder, on the volume. */
export type StatePlaces = Readonly<Record<string, string>>;
