import { PostgreSQL, sql } from "@codemirror/lang-sql";
import type { EditorView } from "@codemirror/view";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { EngineInfo, ErrorBody, SqlPage } from "../../src/api.ts";
import { errorBody, operate } from "../api-client.ts";
import { Editor } from "../editor.tsx";
import { ErrorNote } from "../error-note.tsx";
import { formatCount } from "../format.ts";
import { ResultGrid } from "./result-grid.tsx";
import { statementAt } from "./statement-at.ts";

/** The page keeps no more rows than these, so that it does not grow with a table. */
const rowsKept = 100_000;
const rowsPerFetch = 500;

interface Result extends SqlPage {
  readonly totalMs: number;
}

export function SqlConsole({ engine }: { engine: EngineInfo }) {
  const [result, setResult] = useState<Result>();
  const [error, setError] = useState<ErrorBody["error"]>();
  const [isRunning, setRunning] = useState(false);
  const [chosen, setChosen] = useState<readonly [number, number]>();
  const [schema, setSchema] = useState<Record<string, string[]>>({});
  const editor = useRef<EditorView>();
  const isFetching = useRef(false);
  const language = useMemo(() => sql({ dialect: PostgreSQL, schema, upperCaseKeywords: true }), [schema]);

  useEffect(() => {
    // Completion is a comfort: without a catalog there are keywords.
    readCatalog(engine.id).then(setSchema, () => {});
  }, [engine.id]);

  const run = async (text: string, selection: string, cursor: number) => {
    const statement = selection.trim() === "" ? statementAt(text, cursor) : selection;
    if (statement === "" || isRunning) return;
    setRunning(true);
    setError(undefined);
    try {
      const page = await operate<SqlPage>(engine.id, "run", { statement, rowsMax: rowsPerFetch });
      setResult({ ...page, totalMs: page.durationMs });
      setChosen(undefined);
    } catch (failure) {
      setResult(undefined);
      setError(errorBody(failure));
    }
    setRunning(false);
  };
  const runFromButton = () => {
    const { doc, selection } = editor.current!.state;
    const { from, to, head } = selection.main;
    run(doc.toString(), doc.sliceString(from, to), head);
  };
  const more = async () => {
    if (result?.cursor === undefined || isFetching.current || result.rows.length >= rowsKept) return;
    isFetching.current = true;
    try {
      const next = await operate<SqlPage>(engine.id, "fetch", {
        cursor: result.cursor,
        rowsMax: rowsPerFetch,
      });
      setResult(joined(result, next));
    } catch (failure) {
      setError(errorBody(failure));
      const { cursor: _, ...rest } = result;
      setResult(rest);
    }
    isFetching.current = false;
  };
  const cancel = () => operate(engine.id, "cancel").catch((failure) => setError(errorBody(failure)));

  return (
    <div class="console">
      <Editor
        label="SQL statement"
        initial="SELECT version();"
        language={language}
        onRun={run}
        onReady={(view) => {
          editor.current = view;
        }}
      />
      <div class="bar">
        <button type="button" class="primary" onClick={runFromButton} disabled={isRunning}>
          Run <kbd>Ctrl ⏎</kbd>
        </button>
        <button type="button" onClick={cancel} disabled={!isRunning}>
          Cancel
        </button>
        <span class="status" role="status">
          {isRunning ? "running…" : result === undefined ? "" : summary(result)}
        </span>
      </div>
      {error !== undefined && <ErrorNote error={error} />}
      {result !== undefined && result.columns.length > 0 && (
        <ResultGrid
          columns={result.columns}
          rows={result.rows}
          onEnd={more}
          onChoose={(row, column) => setChosen([row, column])}
        />
      )}
      {result !== undefined && chosen !== undefined && <CellView result={result} at={chosen} />}
    </div>
  );
}

function joined(before: Result, next: SqlPage): Result {
  const cut = next.cut.map(([row, column, length]) => [row + before.rows.length, column, length] as const);
  return {
    ...next,
    columns: before.columns,
    rows: [...before.rows, ...next.rows],
    cut: [...before.cut, ...cut],
    totalMs: before.totalMs + next.durationMs,
  };
}

function summary({ rows, columns, cursor, command, totalMs, transaction }: Result): string {
  const parts = [];
  if (columns.length > 0) {
    const isFull = rows.length >= rowsKept;
    const more = cursor === undefined ? "" : isFull ? " (the page keeps no more)" : " so far";
    parts.push(`${formatCount(rows.length)} rows${more}`);
  } else if (command !== undefined) parts.push(command);
  parts.push(`${totalMs.toFixed(1)} ms`);
  if (transaction === "open") parts.push("in a transaction");
  if (transaction === "failed") parts.push("in a transaction that failed: ROLLBACK");
  return parts.join(" · ");
}

/** All of one value. */
function CellView({ result, at: [row, column] }: { result: Result; at: readonly [number, number] }) {
  const value = result.rows[row]?.[column];
  if (value === undefined) return null;
  const length = result.cut.find(([r, c]) => r === row && c === column)?.[2];
  return (
    <aside class="cell" aria-label="Value">
      <h2>
        {result.columns[column]?.name} <small>row {formatCount(row + 1)}</small>
      </h2>
      {length !== undefined && (
        <p class="hint">
          The first {formatCount(value!.length)} of {formatCount(length)} characters.
        </p>
      )}
      <pre tabIndex={0}>{value === null ? "NULL" : value}</pre>
    </aside>
  );
}

async function readCatalog(engineId: string): Promise<Record<string, string[]>> {
  const { rows } = await operate<SqlPage>(engineId, "catalog");
  const tables: Record<string, string[]> = {};
  for (const [schema, table, column] of rows) {
    const name = schema === "public" ? table! : `${schema}.${table}`;
    tables[name] = [...(tables[name] ?? []), column!];
  }
  return tables;
}
