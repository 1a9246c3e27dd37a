import { markdown } from "@codemirror/lang-markdown";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EngineInfo } from "../../../src/api.ts";
import { Editor } from "../../editor.tsx";
import { ErrorNote } from "../../error-note.tsx";
import { formatCount } from "../../format.ts";
import { restOf } from "../rest.ts";
import { useRun } from "../use-run.ts";
import { type Backlink, History, type Hunk, type Version } from "./history.tsx";
import { Markdown } from "./render-markdown.tsx";

const language = markdown();
const pageSize = 100;

interface Listed {
  readonly id: string;
  readonly meta: { readonly title: string; readonly version: number };
}

interface OpenDocument {
  readonly collection: string;
  readonly id: string;
  /** Of the version that is edited; undefined of a document that is not written yet. */
  readonly etag: string | undefined;
  readonly version: number;
}

interface List {
  readonly documents: readonly Listed[];
  readonly next: string | undefined;
}

export function MarkdownConsole({ engine }: { engine: EngineInfo }) {
  const ask = restOf(engine.id);
  const [collections, setCollections] = useState<readonly string[]>([]);
  const [collection, setCollection] = useState("");
  const [list, setList] = useState<List>({ documents: [], next: undefined });
  const [query, setQuery] = useState("");
  const [name, setName] = useState("");
  const [open, setOpen] = useState<OpenDocument>();
  const [text, setText] = useState("");
  const [saved, setSaved] = useState("");
  /** How often a text was put into the editor. */
  const [loads, setLoads] = useState(0);
  const [versions, setVersions] = useState<readonly Version[]>([]);
  const [backlinks, setBacklinks] = useState<readonly Backlink[]>([]);
  const [hunks, setHunks] = useState<{ version: number; hunks: readonly Hunk[] }>();
  const side = useRun();
  const run = useRun();
  const latest = useRef(text);
  latest.current = text;

  const readCollections = async (signal: AbortSignal) => {
    const { body } = await ask("GET", ["collections"], { query: { limit: "1000" }, signal });
    const names = (body as unknown as { collections: { name: string }[] }).collections.map(
      ({ name }) => name,
    );
    setCollections(names);
    return names;
  };
  useEffect(() => {
    side.start(async (signal) => {
      const [first] = await readCollections(signal);
      if (first === undefined) return;
      setCollection(first);
      await readList(first, "", undefined, signal);
    });
  }, [engine.id]);

  const readList = async (of: string, searched: string, from: List | undefined, signal: AbortSignal) => {
    if (searched.trim() !== "") {
      const body = { query: searched, limit: 100, highlight: false };
      const { body: found } = await ask("POST", ["collections", of, "search"], { body, signal });
      const { hits } = found as unknown as { hits: { document: Listed }[] };
      setList({ documents: hits.map(({ document }) => document), next: undefined });
      return;
    }
    const cursor = from?.next === undefined ? {} : { cursor: from.next };
    const { body } = await ask("GET", ["collections", of, "documents"], {
      query: { limit: String(pageSize), ...cursor },
      signal,
    });
    const { documents, next } = body as unknown as { documents: Listed[]; next?: string | null };
    setList({ documents: [...(from?.documents ?? []), ...documents], next: next ?? undefined });
  };
  const refresh = (of = collection, searched = query) =>
    side.start((signal) => readList(of, searched, undefined, signal));

  const isChanged = open !== undefined && text !== saved;
  const mayLeave = () => latest.current === saved || confirm("Leave what is not saved?");
  const load = (shown: OpenDocument, content: string) => {
    setOpen(shown);
    setText(content);
    setSaved(content);
    setLoads((count) => count + 1);
    setHunks(undefined);
  };
  const place = (kind: string, of: string, id: string) => ["collections", of, kind, ...id.split("/")];
  const readAround = async (of: string, id: string, signal: AbortSignal) => {
    const { body: history } = await ask("GET", place("versions", of, id), {
      query: { limit: "100" },
      signal,
    });
    setVersions((history as unknown as { versions: Version[] }).versions);
    const { body: links } = await ask("GET", place("backlinks", of, id), { query: { limit: "100" }, signal });
    setBacklinks((links as unknown as { backlinks: Backlink[] }).backlinks);
  };
  const show = async (of: string, id: string, signal: AbortSignal) => {
    // JSON has the version, the text has every byte.
    const { body } = await ask("GET", place("documents", of, id), { signal });
    const { meta } = body as unknown as Listed;
    const { body: content, etag } = await ask("GET", place("documents", of, id), {
      accept: "text/markdown",
      signal,
    });
    load({ collection: of, id, etag, version: meta.version }, String(content));
    await readAround(of, id, signal);
  };
  const choose = (id: string) => {
    if (mayLeave()) run.start((signal) => show(collection, id, signal));
  };
  const save = () =>
    run.start(async (signal) => {
      if (open === undefined) return;
      const written = latest.current;
      const condition = open.etag === undefined ? { ifNoneMatch: "*" as const } : { ifMatch: open.etag };
      const { body, etag } = await ask("PUT", place("documents", open.collection, open.id), {
        body: written,
        type: "text/markdown",
        ...condition,
        signal,
      });
      const { meta } = body as unknown as Listed;
      setOpen({ ...open, etag, version: meta.version });
      setSaved(written);
      await readAround(open.collection, open.id, signal);
      refresh(open.collection);
    });
  const remove = () =>
    run.start(async (signal) => {
      if (open === undefined || !confirm(`Put ${open.id} into the trash?`)) return;
      await ask("DELETE", place("documents", open.collection, open.id), { signal });
      setOpen(undefined);
      setText("");
      setSaved("");
      refresh(open.collection);
    });
  const compare = (version: number) =>
    run.start(async (signal) => {
      if (open === undefined) return;
      const { body } = await ask("GET", place("diff", open.collection, open.id), {
        query: { from: String(version) },
        signal,
      });
      setHunks({ version, hunks: (body as unknown as { hunks: Hunk[] }).hunks });
    });
  const restore = (version: number) =>
    run.start(async (signal) => {
      if (open === undefined || !mayLeave()) return;
      await ask("POST", place("restore", open.collection, open.id), { body: { version }, signal });
      await show(open.collection, open.id, signal);
    });
  /** A name means an identifier, the last part of one, or a title. */
  const follow = (target: string) => {
    if (!mayLeave()) return;
    run.start(async (signal) => {
      const { documents } = list;
      const id = idOf(target, open?.id ?? "", documents);
      await show(collection, id, signal);
    });
  };
  const create = (event: Event) => {
    event.preventDefault();
    const wanted = name.trim();
    if (wanted === "") return;
    if (collection === "") {
      run.start(async (signal) => {
        await ask("POST", ["collections"], { body: { name: wanted }, signal });
        setName("");
        await readCollections(signal);
        setCollection(wanted);
        setList({ documents: [], next: undefined });
      });
      return;
    }
    if (!mayLeave()) return;
    setName("");
    setVersions([]);
    setBacklinks([]);
    load({ collection, id: wanted, etag: undefined, version: 0 }, `# ${wanted.split("/").at(-1)}\n`);
  };

  return (
    <div class="console split">
      <div class="keys">
        <label>
          <small>Collection</small>
          <select
            value={collection}
            onChange={(event) => {
              const of = event.currentTarget.value;
              setCollection(of);
              setQuery("");
              if (of !== "") refresh(of, "");
            }}
          >
            {collections.map((one) => (
              <option key={one}>{one}</option>
            ))}
            <option value="">New collection…</option>
          </select>
        </label>
        <form class="bar" onSubmit={create}>
          <label>
            <small>{collection === "" ? "Name of the collection" : "New document"}</small>
            <input
              value={name}
              placeholder={collection === "" ? "wiki" : "guides/setup"}
              spellcheck={false}
              autocomplete="off"
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
          <button type="submit">Create</button>
        </form>
        {collection !== "" && (
          <form
            class="bar"
            onSubmit={(event) => {
              event.preventDefault();
              refresh();
            }}
          >
            <label>
              <small>Search</small>
              <input value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
            </label>
            <button type="submit">Find</button>
          </form>
        )}
        {side.error !== undefined && <ErrorNote error={side.error} />}
        <ul aria-label="Documents">
          {list.documents.map(({ id, meta }) => (
            <li key={id}>
              <button type="button" aria-pressed={open?.id === id} onClick={() => choose(id)}>
                <span>{id}</span> <small>{meta.title}</small>
              </button>
            </li>
          ))}
        </ul>
        {list.next !== undefined && (
          <button
            type="button"
            onClick={() => side.start((signal) => readList(collection, "", list, signal))}
            disabled={side.isRunning}
          >
            More documents
          </button>
        )}
      </div>
      <div class="work">
        {open === undefined && <p class="hint">Choose a document, or write the name of a new one.</p>}
        {open !== undefined && (
          <>
            <div class="bar">
              <h2>{open.id}</h2>
              <button
                type="button"
                class="primary"
                onClick={save}
                disabled={run.isRunning || (!isChanged && open.etag !== undefined)}
              >
                Save <kbd>Ctrl ⏎</kbd>
              </button>
              {open.etag !== undefined && (
                <button type="button" onClick={remove} disabled={run.isRunning}>
                  Delete
                </button>
              )}
              {run.isRunning && (
                <button type="button" onClick={run.cancel}>
                  Cancel
                </button>
              )}
              <span class="status" role="status">
                {run.isRunning
                  ? "working…"
                  : `${open.etag === undefined ? "not written yet" : `version ${open.version}`}${isChanged ? ", changed" : ""} · ${formatCount(text.length)} characters`}
              </span>
            </div>
            {run.error !== undefined && <ErrorNote error={run.error} />}
            <div class="beside">
              <Editor
                key={loads}
                label="Markdown"
                initial={text}
                language={language}
                onChange={setText}
                onRun={save}
              />
              <div class="rendering" role="region" aria-label="Rendering" tabIndex={0}>
                <Markdown text={text} onLink={follow} />
              </div>
            </div>
            <History
              versions={versions}
              backlinks={backlinks}
              hunks={hunks}
              isRunning={run.isRunning}
              onCompare={compare}
              onRestore={restore}
              onOpen={choose}
            />
          </>
        )}
        {open === undefined && run.error !== undefined && <ErrorNote error={run.error} />}
      </div>
    </div>
  );
}

function idOf(target: string, from: string, documents: readonly Listed[]): string {
  const path = target.replace(/#.*$/, "").replace(/\.md$/, "");
  if (target.includes(".md") || path.startsWith("/")) {
    const base = path.startsWith("/") ? [] : from.split("/").slice(0, -1);
    const parts = [...base];
    for (const part of path.split("/")) {
      if (part === "..") parts.pop();
      else if (part !== "." && part !== "") parts.push(part);
    }
    return parts.join("/");
  }
  const same = (one: string) => one.toLowerCase().replace(/[-_ ]+/g, " ");
  const wanted = same(path);
  const found =
    documents.find(({ id }) => same(id) === wanted) ??
    documents.find(({ id }) => same(id.split("/").at(-1)!) === wanted) ??
    documents.find(({ meta }) => same(meta.title) === wanted);
  return found?.id ?? path;
}
