import { useEffect, useRef, useState } from "preact/hooks";
import type { EngineInfo } from "../../../src/api.ts";
import { ErrorNote } from "../../error-note.tsx";
import { formatBytes } from "../../format.ts";
import { restOf } from "../rest.ts";
import { useRun } from "../use-run.ts";
import { FileView, type StoredFile } from "./file-view.tsx";
import { upload } from "./upload.ts";

const pageSize = 200;

interface Listing {
  readonly objects: readonly StoredFile[];
  readonly prefixes: readonly string[];
  readonly next: string | undefined;
}

interface Sending {
  readonly name: string;
  readonly sent: number;
  readonly total: number;
}

const empty: Listing = { objects: [], prefixes: [], next: undefined };

export function FilestoreConsole({ engine }: { engine: EngineInfo }) {
  const ask = restOf(engine.id);
  const [buckets, setBuckets] = useState<readonly string[]>([]);
  const [bucket, setBucket] = useState("");
  const [prefix, setPrefix] = useState("");
  const [listing, setListing] = useState<Listing>(empty);
  const [chosen, setChosen] = useState<string>();
  const [name, setName] = useState("");
  const [isVersioned, setVersioned] = useState(false);
  const [sending, setSending] = useState<Sending>();
  const files = useRef<HTMLInputElement>(null);
  const run = useRun();
  const sender = useRun();

  const list = async (of: string, below: string, from: Listing | undefined, signal: AbortSignal) => {
    const cursor = from?.next === undefined ? {} : { cursor: from.next };
    const query = { delimiter: "/", prefix: below, limit: String(pageSize), ...cursor };
    const { body } = await ask("GET", ["buckets", of, "objects"], { query, signal });
    const { objects, prefixes, next } = body as unknown as Listing;
    setListing({
      objects: [...(from?.objects ?? []), ...objects],
      prefixes: [...(from?.prefixes ?? []), ...prefixes],
      next,
    });
  };
  const readBuckets = async (signal: AbortSignal) => {
    const { body } = await ask("GET", ["buckets"], { query: { limit: "1000" }, signal });
    const names = (body as unknown as { buckets: { name: string }[] }).buckets.map((one) => one.name);
    setBuckets(names);
    return names;
  };
  const open = (of: string, below: string) =>
    run.start(async (signal) => {
      setBucket(of);
      setPrefix(below);
      setChosen(undefined);
      setListing(empty);
      if (of !== "") await list(of, below, undefined, signal);
    });
  useEffect(() => {
    run.start(async (signal) => {
      const [first] = await readBuckets(signal);
      if (first === undefined) return;
      setBucket(first);
      await list(first, "", undefined, signal);
    });
  }, [engine.id]);

  const create = (event: Event) => {
    event.preventDefault();
    run.start(async (signal) => {
      await ask("POST", ["buckets"], { body: { name, versioning: isVersioned }, signal });
      await readBuckets(signal);
      setBucket(name);
      setName("");
      setPrefix("");
      setListing(empty);
    });
  };
  const refresh = () => run.start((signal) => list(bucket, prefix, undefined, signal));
  const send = (wanted: readonly File[]) =>
    sender.start(async (signal) => {
      try {
        for (const file of wanted) {
          setSending({ name: file.name, sent: 0, total: file.size });
          await upload({
            engineId: engine.id,
            ask,
            bucket,
            key: `${prefix}${file.name}`,
            file,
            signal,
            onProgress: (sent) =>
              setSending({ name: file.name, sent: Math.min(sent, file.size), total: file.size }),
          });
        }
      } finally {
        setSending(undefined);
        if (files.current !== null) files.current.value = "";
      }
      refresh();
    });
  const shown = listing.objects.find(({ key }) => key === chosen);
  const parents = prefix.split("/").slice(0, -1);

  return (
    <div class="console split">
      <div
        class="keys"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          if (bucket !== "") send([...(event.dataTransfer?.files ?? [])]);
        }}
      >
        <label>
          <small>Bucket</small>
          <select value={bucket} onChange={(event) => open(event.currentTarget.value, "")}>
            {buckets.map((one) => (
              <option key={one}>{one}</option>
            ))}
            <option value="">New bucket…</option>
          </select>
        </label>
        {bucket === "" && (
          <form class="bar" onSubmit={create}>
            <label>
              <small>Name of the bucket</small>
              <input
                value={name}
                placeholder="avatars"
                onInput={(event) => setName(event.currentTarget.value)}
              />
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={isVersioned}
                onChange={(event) => setVersioned(event.currentTarget.checked)}
              />
              Keep versions
            </label>
            <button type="submit" disabled={run.isRunning}>
              Create
            </button>
          </form>
        )}
        {bucket !== "" && (
          <>
            <div class="bar path" role="group" aria-label="Folder">
              <button type="button" class="link" onClick={() => open(bucket, "")}>
                {bucket}
              </button>
              {parents.map((part, index) => (
                <button
                  key={index}
                  type="button"
                  class="link"
                  onClick={() => open(bucket, `${parents.slice(0, index + 1).join("/")}/`)}
                >
                  {part}
                </button>
              ))}
            </div>
            <div class="bar">
              <label class="file">
                <small>Upload files, or drop them here</small>
                <input
                  ref={files}
                  type="file"
                  multiple
                  disabled={sender.isRunning}
                  onChange={(event) => send([...(event.currentTarget.files ?? [])])}
                />
              </label>
            </div>
          </>
        )}
        {sending !== undefined && (
          <div class="bar">
            <label>
              <small>
                {sending.name}: {formatBytes(sending.sent)} of {formatBytes(sending.total)}
              </small>
              <progress value={sending.sent} max={Math.max(1, sending.total)} />
            </label>
            <button type="button" onClick={sender.cancel}>
              Cancel
            </button>
          </div>
        )}
        {sender.error !== undefined && <ErrorNote error={sender.error} />}
        {run.error !== undefined && <ErrorNote error={run.error} />}
        <p class="status" role="status">
          {run.isRunning ? "reading…" : ""}
        </p>
        <ul aria-label="Files">
          {listing.prefixes.map((one) => (
            <li key={one}>
              <button type="button" onClick={() => open(bucket, one)}>
                <span>{one.slice(prefix.length)}</span> <small>folder</small>
              </button>
            </li>
          ))}
          {listing.objects.map(({ key, size }) => (
            <li key={key}>
              <button type="button" aria-pressed={key === chosen} onClick={() => setChosen(key)}>
                <span>{key.slice(prefix.length)}</span> <small>{formatBytes(size)}</small>
              </button>
            </li>
          ))}
        </ul>
        {listing.next !== undefined && (
          <button
            type="button"
            disabled={run.isRunning}
            onClick={() => run.start((signal) => list(bucket, prefix, listing, signal))}
          >
            More files
          </button>
        )}
      </div>
      <div class="work">
        {shown === undefined ? (
          <p class="hint">Choose a file to see it.</p>
        ) : (
          <FileView engine={engine} bucket={bucket} file={shown} onChange={refresh} />
        )}
      </div>
    </div>
  );
}
