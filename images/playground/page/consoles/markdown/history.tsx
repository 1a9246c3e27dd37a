import { formatCount } from "../../format.ts";

export interface Version {
  readonly version: number;
  readonly action: string;
  readonly at: string;
  readonly author: string;
  readonly size: number;
}

export interface Backlink {
  readonly id: string;
  readonly title: string;
  readonly label: string;
}

/** Some lines of a comparison; each begins with a space, + or -. */
export interface Hunk {
  readonly oldStart: number;
  readonly lines: readonly string[];
}

export interface HistoryProps {
  readonly versions: readonly Version[];
  readonly backlinks: readonly Backlink[];
  /** What changed since a version. */
  readonly hunks: { readonly version: number; readonly hunks: readonly Hunk[] } | undefined;
  readonly isRunning: boolean;
  onCompare(version: number): void;
  onRestore(version: number): void;
  onOpen(id: string): void;
}

const lineClasses: Readonly<Record<string, string>> = { "+": "added", "-": "removed" };

/** The versions of a document, and what links to it. */
export function History({
  versions,
  backlinks,
  hunks,
  isRunning,
  onCompare,
  onRestore,
  onOpen,
}: HistoryProps) {
  const [current] = versions;
  return (
    <div class="beside">
      <section aria-label="Versions">
        <h2>Versions</h2>
        <div class="scroll" role="region" aria-label="List of versions" tabIndex={0}>
          <table>
            <tbody>
              {versions.map(({ version, action, at, author, size }) => (
                <tr key={version}>
                  <td>{version}</td>
                  <td>
                    {action} by {author}
                    <br />
                    <small>
                      <time dateTime={at}>{at.slice(0, 16).replace("T", " ")}</time>, {formatCount(size)}{" "}
                      bytes
                    </small>
                  </td>
                  <td>
                    {version !== current?.version && (
                      <span class="bar">
                        <button type="button" onClick={() => onCompare(version)} disabled={isRunning}>
                          Compare
                        </button>
                        <button type="button" onClick={() => onRestore(version)} disabled={isRunning}>
                          Restore
                        </button>
                      </span>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {hunks !== undefined && (
          <>
            <h2>Since version {hunks.version}</h2>
            <pre class="diff" tabIndex={0}>
              {hunks.hunks.map(({ oldStart, lines }) => (
                <span key={oldStart}>
                  <span class="diff-line place">from line {oldStart}</span>
                  {lines.map((line, index) => (
                    <span key={index} class={`diff-line ${lineClasses[line[0] ?? ""] ?? ""}`}>
                      {line}
                    </span>
                  ))}
                </span>
              ))}
            </pre>
          </>
        )}
      </section>
      <section class="keys" aria-label="Links to it">
        <h2>Links to it</h2>
        {backlinks.length === 0 && <p class="hint">none</p>}
        <ul aria-label="Documents that link to it">
          {backlinks.map(({ id, title, label }, index) => (
            <li key={index}>
              <button type="button" onClick={() => onOpen(id)}>
                <span>{title}</span> <small>{label}</small>
              </button>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
