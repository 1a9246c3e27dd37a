import { watchFiles } from "@weftkit/core";
import type { Logger } from "@weftkit/observe";
import type { Backend } from "./backend.ts";
import { readBackendsFile } from "./backends-file.ts";

/** What a source tells: all that it knows of, each time anew. */
export type Found = (backends: readonly Backend[]) => void;

/** Where backends are known from: a list, a file, a discovery. */
export interface BackendSource {
  /** For log lines: "the file /etc/weftkit/backends.toml". */
  readonly name: string;
  /**
   * Begins to tell; resolves after the first time. Rejecting stops the start: for mistakes of the configuration only, what is
   * not reachable yet is waited for (it tells an empty list, and logs).
   */
  open(found: Found): Promise<void>;
  /** Tells no more and frees what it has open; also after an `open` that failed. */
  close(): void;
}

/** Backends that never change. */
export function staticSource(backends: readonly Backend[], name = "the configuration"): BackendSource {
  return {
    name,
    open: async (found) => found(backends),
    close: () => {},
  };
}

/**
 * The backends of a TOML file, read again when it has changed; a file that cannot be used leaves those that were there.
 */
export function fileSource(path: string, log: Logger, watchIntervalMs?: number): BackendSource {
  let stop = () => {};
  return {
    name: `the file ${path}`,
    async open(found) {
      const reload = () => {
        try {
          const backends = readBackendsFile(path);
          log.info({ file: path, backends: backends.length }, "backends were read again");
          found(backends);
        } catch (error) {
          log.error(
            { err: error, file: path },
            "backends have changed, but cannot be used; the old ones stay",
          );
        }
      };
      stop = watchFiles([path], reload, watchIntervalMs);
      found(readBackendsFile(path));
    },
    close: () => stop(),
  };
}
