import { existsSync, statSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFolder, WeftkitError } from "@weftkit/core";
import type { AcknowledgeGate, LogSource, LogFile as StreamFile } from "@weftkit/persist";
import type { AppendOnlyFile } from "./append-only-file.ts";
import { explainFolder } from "./folder-tidying.ts";
import { baseName, incrementName, type Manifest, writeManifest } from "./manifest.ts";

/** The append-only file as the `log` stream of WKP-1, before the engine is open, while it is, and after. */
export class LogFiles implements LogSource {
  readonly folder: string;
  #file: AppendOnlyFile | undefined;
  beforeReplace: () => Promise<void> = async () => {};
  #gate: AcknowledgeGate | undefined;
  /** The base that the last rewrite was to replace. */
  #replacedBase: string | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The engine has loaded the log and appends to it from now on. */
  attach(file: AppendOnlyFile): void {
    this.#file = file;
    if (this.#gate !== undefined) file.guard(this.#gate);
    file.beforeReplace = async () => {
      await this.beforeReplace();
      const [first] = this.files();
      this.#replacedBase = first?.type === "base" ? first.id : "";
    };
  }

  guard(gate: AcknowledgeGate): void {
    this.#gate = gate;
  }

  get appendedBytes(): number {
    return this.#file?.appendedBytes ?? 0;
  }

  async isEmpty(): Promise<boolean> {
    // What nothing explains is kept by whoever restores: it is moved aside with the folder.
    const superseded = this.#file === undefined ? (explainFolder(this.folder)?.superseded ?? []) : [];
    return superseded.length === 0 && this.files().every(({ bytes }) => bytes === 0);
  }

  get manifest(): Manifest {
    return this.#file?.manifest ?? explainFolder(this.folder)?.manifest ?? { files: [] };
  }

  files(): readonly StreamFile[] {
    const { manifest } = this;
    return manifest.files.map(({ name, sequence, type }, index) => {
      const path = join(this.folder, name);
      const isOpen = index === manifest.files.length - 1 && this.#file !== undefined;
      const bytes = isOpen ? this.#file!.wholeBytes : existsSync(path) ? statSync(path).size : 0;
      if (type === "increment") return { id: `segment-${sequence}`, type: "segment", path, bytes };
      const id = `base-${sequence}-${bytes}`;
      return { id, type, path, bytes, continues: id === this.#replacedBase ? undefined : this.#replacedBase };
    });
  }

  async sync(): Promise<void> {
    const file = this.#file;
    if (file === undefined || file.isClosed) return;
    if (file.failure !== undefined) {
      throw new WeftkitError("AOF_WRITE", `the append-only file cannot be written (${file.failure})`);
    }
    await new Promise<void>((resolve) => file.whenOnDisk(resolve));
  }

  async prepareRestore(): Promise<string> {
    await rm(this.#restoring, { recursive: true, force: true });
    await mkdir(this.#restoring, { recursive: true, mode: 0o700 });
    return join(this.#restoring, baseName(1));
  }

  /** What was restored is the base; an empty increment follows it, for what comes. */
  async install(): Promise<void> {
    const increment = incrementName(2);
    await (await open(join(this.#restoring, increment), "a", 0o600)).close();
    writeManifest(this.#restoring, {
      files: [
        { name: baseName(1), sequence: 1, type: "base" },
        { name: increment, sequence: 2, type: "increment" },
      ],
    });
    // It is empty, or there would be no restore: a folder is renamed only where none is.
    await rm(this.folder, { recursive: true, force: true });
    await rename(this.#restoring, this.folder);
    await syncFolder(dirname(this.folder));
  }

  async park(folder: string): Promise<void> {
    await rename(this.folder, join(folder, basename(this.folder)));
    await syncFolder(dirname(this.folder));
  }

  get #restoring(): string {
    return `${this.folder}.restoring`;
  }
}
