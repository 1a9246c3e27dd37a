import { useEffect, useState } from "preact/hooks";
import type { EngineInfo, FileVersion, FileVersions } from "../../../src/api.ts";
import { operate } from "../../api-client.ts";
import { ErrorNote } from "../../error-note.tsx";
import { formatBytes, formatCount } from "../../format.ts";
import { JsonTree } from "../json-tree.tsx";
import { restOf } from "../rest.ts";
import { useRun } from "../use-run.ts";

/** So much of a text is shown. */
const textBytesMax = 64 * 1024;

/** A file, as the listing has it. */
export interface StoredFile {
  readonly key: string;
  readonly size: number;
  readonly content_type: string;
  readonly modified_at: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface FileViewProps {
  readonly engine: EngineInfo;
  readonly bucket: string;
  readonly file: StoredFile;
  /** The listing is not what it was. */
  onChange(): void;
}

/** A file: what it looks like, what is known of it, its versions. */
export function FileView({ engine, bucket, file, onChange }: FileViewProps) {
  const [version, setVersion] = useState<string>();
  const [versions, setVersions] = useState<readonly FileVersion[]>([]);
  const ask = restOf(engine.id);
  const run = useRun();
  const query = { bucket, key: file.key, ...(version !== undefined && { version }) };
  const address = `api/engines/${encodeURIComponent(engine.id)}/download?${new URLSearchParams(query)}`;
  const path = ["buckets", bucket, "objects", ...file.key.split("/")];

  useEffect(() => {
    setVersion(undefined);
    run.start(async (signal) => {
      const body = { bucket, key: file.key };
      const { versions: found } = await operate<FileVersions>(engine.id, "versions", body, signal);
      setVersions(found);
    });
  }, [engine.id, bucket, file.key, file.modified_at]);

  const remove = (id?: string) =>
    run.start(async (signal) => {
      const what = id === undefined ? file.key : `version ${id} for good`;
      if (!confirm(`Delete ${what}?`)) return;
      await ask("DELETE", path, { ...(id !== undefined && { query: { version: id } }), signal });
      setVersion(undefined);
      onChange();
    });
  const facts = [
    [
      "size",
      file.size < 1024
        ? formatBytes(file.size)
        : `${formatBytes(file.size)}, ${formatCount(file.size)} bytes`,
    ],
    ["type", file.content_type],
    ["modified", file.modified_at.slice(0, 19).replace("T", " ")],
    ...Object.entries(file.metadata),
    ...Object.entries(file.tags).map(([name, value]) => [`tag ${name}`, value]),
  ];
  const kept = versions.filter(({ id }) => id !== "null");
  return (
    <section class="value" aria-label="File">
      <div class="bar">
        <h2>{file.key}</h2>
        <a class="button" href={address} download={file.key.split("/").at(-1)}>
          Download
        </a>
        <button type="button" onClick={() => remove()} disabled={run.isRunning}>
          Delete
        </button>
      </div>
      {run.error !== undefined && <ErrorNote error={run.error} />}
      <Preview
        key={`${address} ${file.modified_at}`}
        address={address}
        type={file.content_type}
        name={file.key}
      />
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {kept.length > 0 && (
        <div class="scroll" role="region" aria-label="Versions" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Version</th>
                <th scope="col">Written</th>
                <th scope="col">Size</th>
                <th scope="col">Actions</th>
              </tr>
            </thead>
            <tbody>
              {kept.map(({ id, at, size, isLatest, isDeletion }) => (
                <tr key={id}>
                  <td>
                    {id.slice(0, 12)}
                    {isLatest && <small> newest</small>}
                  </td>
                  <td>
                    <time dateTime={at}>{at.slice(0, 19).replace("T", " ")}</time>
                  </td>
                  <td>{isDeletion ? "deleted" : formatBytes(size)}</td>
                  <td>
                    <span class="bar">
                      {!isDeletion && (
                        <button type="button" aria-pressed={version === id} onClick={() => setVersion(id)}>
                          Show
                        </button>
                      )}
                      <button type="button" onClick={() => remove(id)} disabled={run.isRunning}>
                        Delete
                      </button>
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface PreviewProps {
  readonly address: string;
  readonly type: string;
  readonly name: string;
}

/** What a file looks like. Nothing of it runs: pictures are pictures, and texts are texts, whatever is in them. */
function Preview({ address, type, name }: PreviewProps) {
  if (type.startsWith("image/")) return <img class="preview" src={address} alt={name} />;
  if (type.startsWith("video/")) return <video class="preview" src={address} controls aria-label={name} />;
  if (type.startsWith("audio/")) return <audio src={address} controls aria-label={name} />;
  const isText = /^text\/|[/+](?:json|xml|yaml|x-yaml|toml|javascript|x-sh|sql|csv|x-ndjson)\b/.test(type);
  return isText ? (
    <TextPreview address={address} type={type} />
  ) : (
    <p class="hint">There is no preview of {type}.</p>
  );
}

function TextPreview({ address, type }: Omit<PreviewProps, "name">) {
  const [text, setText] = useState<string>();
  const [isCut, setCut] = useState(false);
  const run = useRun();
  useEffect(() => {
    run.start(async (signal) => {
      const headers = { range: `bytes=0-${textBytesMax - 1}` };
      const response = await fetch(address, { headers, credentials: "same-origin", signal });
      // An empty file has no range.
      if (!response.ok && response.status !== 416)
        throw new Error(`the file cannot be read (${response.status})`);
      const total = Number(response.headers.get("content-range")?.split("/")[1] ?? 0);
      setCut(total > textBytesMax);
      setText(response.ok ? await response.text() : "");
    });
  }, [address]);
  if (run.error !== undefined) return <ErrorNote error={run.error} />;
  if (text === undefined) return <p class="hint">reading…</p>;
  const json = type.includes("json") && !isCut ? parsed(text) : undefined;
  return (
    <>
      {isCut && <p class="hint">The first {formatBytes(textBytesMax)}.</p>}
      {json !== undefined ? (
        <div class="preview" role="region" aria-label="Content" tabIndex={0}>
          <JsonTree value={json as never} open={2} />
        </div>
      ) : (
        <pre class="preview" tabIndex={0}>
          {text}
        </pre>
      )}
    </>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // It is shown as the text that it is.
    return undefined;
  }
}
