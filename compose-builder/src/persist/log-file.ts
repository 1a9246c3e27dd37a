import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFile, syncFolder } from "@weftkit/core";
import type { LogFile, LogSource } from "@weftkit/persist";

/** A log that is restored into one plain file. */
export class PlainLogFile implements LogSource {
  readonly appendedBytes = 0;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async prepareRestore(): Promise<string> {
    await rm(this.#restoring, { force: true });
    return this.#restoring;
  }

  async install(): Promise<void> {
    await syncFile(this.#restoring);
    await rename(this.#restoring, this.#path);
    await syncFolder(dirname(this.#path));
  }

  files(): readonly LogFile[] {
    return [{ id: "restored", type: "base", path: this.#path, bytes: 0 }];
  }

  async isEmpty(): Promise<boolean> {
    return true;
  }

  async sync(): Promise<void> {}

  async park(): Promise<void> {
    throw new TypeError("a restored file is nobody's log");
  }

  get #restoring(): string {
    return `${this.#path}.restoring`;
  }
}
