import { type BigIntStats, fstatSync, readSync } from "node:fs";

/** What tells that nobody has written to a file since: any write changes its times. */
export interface FileIdentity {
  readonly inode: string;
  readonly bytes: string;
  /** Nanoseconds. */
  readonly modified: string;
  readonly changed: string;
}

export function identityOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity {
  return { inode: `${ino}`, bytes: `${size}`, modified: `${mtimeNs}`, changed: `${ctimeNs}` };
}

/**
 * The database file, read beside SQLite through a descriptor that somebody else holds. Who holds it may close it only
 * when no connection of the process is open any more: closing any descriptor of the file drops all locks that the
 * process holds on it, SQLite's included.
 */
export class DatabaseFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Reads `count` pages from page `first` to the start of `target`; what is behind the end of the file is zeros. */
  read(first: number, count: number, pageSize: number, target: Buffer): void {
    const wanted = count * pageSize;
    const from = (first - 1) * pageSize;
    let at = 0;
    while (at < wanted) {
      const read = readSync(this.#fd, target, at, wanted - at, from + at);
      if (read === 0) break;
      at += read;
    }
    target.fill(0, at, wanted);
  }

  identity(): FileIdentity {
    return identityOf(fstatSync(this.#fd, { bigint: true }));
  }
}
