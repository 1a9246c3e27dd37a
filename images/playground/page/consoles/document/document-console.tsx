import { javascript } from "@codemirror/lang-javascript";
import { useEffect, useRef, useState } from "preact/hooks";
import type {
  DocumentDatabase,
  DocumentPage,
  EngineInfo,
  Json,
  ShownDocument,
  StagePreview,
} from "../../../src/api.ts";
import { operate } from "../../api-client.ts";
import { Editor } from "../../editor.tsx";
import { ErrorNote } from "../../error-note.tsx";
import { formatCount } from "../../format.ts";
import { previewOf } from "../leaf.ts";
import { Modes } from "../modes.tsx";
import { useRun } from "../use-run.ts";
import { DocumentRow } from "./document-row.tsx";
import { shellLeaf } from "./shell-text.ts";

const modes = { find: "Find", aggregate: "Aggregate", insert: "Insert", command: "Command" } as const;
type Mode = keyof typeof modes;

const initial: Readonly<Record<Mode, string>> = {
  find: "{}",
  aggregate: "[\n  { $match: {} }\n]",
  insert: "{\n  \n}",
  command: "{ ping: 1 }",
};

/** The page keeps no more. */
const documentsKept = 2000;

/** A collection; of a database that has none yet, a name that somebody wrote. */
interface Place {
  readonly db: string;
  readonly collection: string;
}

interface Result {
  readonly place: Place;
  readonly documents: readonly ShownDocument[];
  readonly cursor: string | undefined;
  readonly durationMs: number;
  /** Whether they are documents of the collection, which can be edited. */
  readonly isEditable: boolean;
}

const language = javascript();

export function DocumentConsole({ engine }: { engine: EngineInfo }) {
  const [databases, setDatabases] = useState<readonly DocumentDatabase[]>([]);
  const [place, setPlace] = useState<Place>({ db: "test", collection: "" });
  /** How often a collection was chosen: the editor then begins anew. */
  const [choices, setChoices] = useState(0);
  const [mode, setMode] = useState<Mode>("find");
  const [texts, setTexts] = useState(initial);
  const [projection, setProjection] = useState("");
  const [sort, setSort] = useState("");
  const [result, setResult] = useState<Result>();
  const [stages, setStages] = useState<readonly StagePreview[]>();
  const [done, setDone] = useState("");
  const catalogRun = useRun();
  const run = useRun();
  const latest = useRef(texts);
  latest.current = texts;

  const readCatalog = () =>
    catalogRun.start(async (signal) => {
      setDatabases(await operate<readonly DocumentDatabase[]>(engine.id, "catalog", {}, signal));
    });
  useEffect(() => {
    readCatalog();
  }, [engine.id]);

  const show = (page: DocumentPage, of: Place, isEditable: boolean) =>
    setResult({
      place: of,
      documents: page.documents,
      cursor: page.cursor,
      durationMs: page.durationMs,
      isEditable,
    });
  const execute = (how: Mode, on: Place, text: string) =>
    run.start(async (signal) => {
      setDone("");
      setResult(undefined);
      setStages(undefined);
      switch (how) {
        case "find": {
          const body = { ...on, filter: text, projection, sort };
          // A part of a document is not what an edited one would be.
          show(await operate(engine.id, "find", body, signal), on, projection.trim() === "");
          return;
        }
        case "aggregate":
          show(await operate(engine.id, "aggregate", { ...on, pipeline: text }, signal), on, false);
          return;
        case "insert": {
          const body = { ...on, documents: text };
          const { inserted } = await operate<{ inserted: number }>(engine.id, "insert", body, signal);
          setDone(`${formatCount(inserted)} inserted`);
          break;
        }
        case "command":
          show(await operate(engine.id, "command", { db: on.db, command: text }, signal), on, false);
      }
      readCatalog();
    });
  const preview = () =>
    run.start(async (signal) => {
      setResult(undefined);
      setStages(await operate(engine.id, "stages", { ...place, pipeline: latest.current.aggregate }, signal));
    });
  const more = () =>
    run.start(async (signal) => {
      if (result?.cursor === undefined) return;
      const next = await operate<DocumentPage>(engine.id, "fetch", { cursor: result.cursor }, signal);
      setResult({
        ...result,
        documents: [...result.documents, ...next.documents],
        cursor: next.cursor,
        durationMs: result.durationMs + next.durationMs,
      });
    });
  const choose = (chosen: Place) => {
    setPlace(chosen);
    setChoices(choices + 1);
    setMode("find");
    setTexts({ ...latest.current, find: "{}" });
    execute("find", chosen, "{}");
  };
  const replaceRow = (index: number, document: ShownDocument | undefined) => {
    if (result === undefined) return;
    const documents = result.documents.flatMap((one, at) => {
      if (at !== index) return [one];
      return document === undefined ? [] : [document];
    });
    setResult({ ...result, documents });
  };
  const needsCollection = mode !== "command" && place.collection === "";

  return (
    <div class="console split">
      <div class="keys">
        <form class="fields" onSubmit={(event) => event.preventDefault()}>
          <Field label="Database" value={place.db} onInput={(db) => setPlace({ ...place, db })} />
          <Field
            label="Collection"
            value={place.collection}
            onInput={(collection) => setPlace({ ...place, collection })}
          />
        </form>
        {catalogRun.error !== undefined && <ErrorNote error={catalogRun.error} />}
        <ul aria-label="Collections">
          {databases.map(({ name, collections }) => (
            <li key={name}>
              <h2>{name}</h2>
              <ul aria-label={`Collections of ${name}`}>
                {collections.map((one) => (
                  <li key={one.name}>
                    <button
                      type="button"
                      aria-pressed={place.db === name && place.collection === one.name}
                      onClick={() => choose({ db: name, collection: one.name })}
                    >
                      <span>{one.name}</span> {one.type !== "collection" && <small>{one.type}</small>}
                    </button>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </div>
      <div class="work">
        <Modes label="What to do" modes={modes} chosen={mode} onChoose={(chosen) => setMode(chosen)} />
        <Editor
          key={`${mode} ${choices}`}
          label={modes[mode]}
          initial={texts[mode]}
          language={language}
          onChange={(text) => setTexts({ ...latest.current, [mode]: text })}
          onRun={(text) => execute(mode, place, text)}
        />
        {mode === "find" && (
          <div class="bar">
            <Field label="Projection" value={projection} onInput={setProjection} placeholder="{ name: 1 }" />
            <Field label="Sort" value={sort} onInput={setSort} placeholder="{ name: -1 }" />
          </div>
        )}
        <div class="bar">
          <button
            type="button"
            class="primary"
            disabled={run.isRunning || needsCollection}
            onClick={() => execute(mode, place, texts[mode])}
          >
            Run <kbd>Ctrl ⏎</kbd>
          </button>
          {mode === "aggregate" && (
            <button type="button" disabled={run.isRunning || needsCollection} onClick={preview}>
              Preview stages
            </button>
          )}
          <button type="button" onClick={run.cancel} disabled={!run.isRunning}>
            Cancel
          </button>
          <span class="status" role="status">
            {statusOf(run.isRunning, needsCollection, done, result)}
          </span>
        </div>
        {run.error !== undefined && <ErrorNote error={run.error} />}
        {stages !== undefined && <Stages stages={stages} />}
        {result !== undefined && (
          <ul class="rows" aria-label="Documents">
            {result.documents.map((document, index) => (
              <DocumentRow
                key={keyOf(document, index)}
                engine={engine}
                place={result.place}
                document={document}
                isEditable={result.isEditable}
                onChange={(changed) => replaceRow(index, changed)}
              />
            ))}
          </ul>
        )}
        {result?.cursor !== undefined && result.documents.length < documentsKept && (
          <button type="button" onClick={more} disabled={run.isRunning}>
            More documents
          </button>
        )}
      </div>
    </div>
  );
}

/** What somebody has opened stays open when another document goes. */
function keyOf({ value }: ShownDocument, index: number): string {
  const { _id } = value as Record<string, Json>;
  return _id === undefined ? String(index) : JSON.stringify(_id);
}

function statusOf(
  isRunning: boolean,
  needsCollection: boolean,
  done: string,
  result: Result | undefined,
): string {
  if (isRunning) return "running…";
  if (done !== "") return done;
  if (result === undefined)
    return needsCollection ? "Choose a collection, or write the name of a new one." : "";
  const more =
    result.cursor === undefined
      ? ""
      : result.documents.length < documentsKept
        ? " so far"
        : " (the page keeps no more)";
  return `${formatCount(result.documents.length)} documents${more} · ${result.durationMs.toFixed(1)} ms`;
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  onInput(value: string): void;
}

function Field({ label, value, placeholder, onInput }: FieldProps) {
  return (
    <label>
      <small>{label}</small>
      <input
        value={value}
        placeholder={placeholder}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="none"
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}

/** What each stage of a pipeline makes of the collection. */
function Stages({ stages }: { stages: readonly StagePreview[] }) {
  return (
    <ol class="stages" aria-label="Stages">
      {stages.map(({ name, documents, note }, index) => (
        <li key={index}>
          <h2>{name}</h2>
          {note !== undefined && <p class="hint">{note}</p>}
          {note === undefined && documents.length === 0 && <p class="hint">no documents</p>}
          <ul aria-label={`After ${name}`}>
            {documents.map((document, at) => (
              <li key={at}>
                <code>{previewOf(document.value, shellLeaf)}</code>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}
