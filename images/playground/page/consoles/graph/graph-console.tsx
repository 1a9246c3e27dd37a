import { StreamLanguage } from "@codemirror/language";
import { cypher } from "@codemirror/legacy-modes/mode/cypher";
import type { EditorView } from "@codemirror/view";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EngineInfo, GraphNames, GraphPart, GraphPlan, GraphResult } from "../../../src/api.ts";
import { operate } from "../../api-client.ts";
import { Editor } from "../../editor.tsx";
import { ErrorNote } from "../../error-note.tsx";
import { formatCount } from "../../format.ts";
import { Modes } from "../modes.tsx";
import { ResultGrid } from "../result-grid.tsx";
import { useRun } from "../use-run.ts";
import { captionOf, GraphPicture } from "./graph-picture.tsx";

const language = StreamLanguage.define(cypher);
const views = { graph: "Graph", table: "Table" } as const;
type View = keyof typeof views;

const empty: GraphPart = { nodes: [], relationships: [], isWhole: true };

export function GraphConsole({ engine }: { engine: EngineInfo }) {
  const [names, setNames] = useState<GraphNames>({ labels: [], types: [] });
  const [parameters, setParameters] = useState("");
  const [result, setResult] = useState<GraphResult>();
  const [part, setPart] = useState<GraphPart>(empty);
  const [view, setView] = useState<View>("graph");
  const [chosen, setChosen] = useState<string>();
  const [cell, setCell] = useState<readonly [number, number]>();
  const run = useRun();
  const side = useRun();
  const editor = useRef<EditorView>();

  const readNames = () =>
    side.start(async (signal) => setNames(await operate<GraphNames>(engine.id, "names", {}, signal)));
  useEffect(() => {
    readNames();
  }, [engine.id]);

  const execute = (query: string) =>
    run.start(async (signal) => {
      setResult(undefined);
      setPart(empty);
      setChosen(undefined);
      setCell(undefined);
      const found = await operate<GraphResult>(engine.id, "run", { query, parameters }, signal);
      const hasGraph = found.part.nodes.length > 0;
      setResult(found);
      setPart(found.part);
      setView(hasGraph ? "graph" : "table");
      if (Object.keys(found.counters).length > 0) readNames();
      if (found.part.nodes.length < 2) return;
      const ids = found.part.nodes.map(({ id }) => id);
      const between = await operate<GraphPart>(engine.id, "connect", { ids }, signal);
      setPart((now) => joined(now, between));
    });
  const expand = (id: string) =>
    run.start(async (signal) => {
      const around = await operate<GraphPart>(engine.id, "expand", { id }, signal);
      setPart((now) => joined(now, around));
    });
  const show = (query: string) => {
    const { current } = editor;
    current?.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: query } });
    execute(query);
  };

  return (
    <div class="console split">
      <div class="keys">
        {side.error !== undefined && <ErrorNote error={side.error} />}
        <ul aria-label="Names in the graph">
          <li>
            <h2>Labels</h2>
            <ul aria-label="Labels">
              {names.labels.map((label) => (
                <li key={label}>
                  <button type="button" onClick={() => show(`MATCH (n:${quoted(label)}) RETURN n LIMIT 50`)}>
                    <span>{label}</span>
                  </button>
                </li>
              ))}
            </ul>
          </li>
          <li>
            <h2>Relationship types</h2>
            <ul aria-label="Relationship types">
              {names.types.map((type) => (
                <li key={type}>
                  <button
                    type="button"
                    onClick={() => show(`MATCH p = ()-[:${quoted(type)}]->() RETURN p LIMIT 50`)}
                  >
                    <span>{type}</span>
                  </button>
                </li>
              ))}
            </ul>
          </li>
        </ul>
      </div>
      <div class="work">
        <Editor
          label="Cypher query"
          initial="MATCH (n) RETURN n LIMIT 25"
          language={language}
          onRun={(text, selection) => execute(selection.trim() === "" ? text : selection)}
          onReady={(ready) => {
            editor.current = ready;
          }}
        />
        <div class="bar">
          <label class="inline">
            <small>Parameters</small>
            <input
              value={parameters}
              placeholder='{"name": "Ada"}'
              spellcheck={false}
              autocomplete="off"
              onInput={(event) => setParameters(event.currentTarget.value)}
            />
          </label>
          <button
            type="button"
            class="primary"
            disabled={run.isRunning}
            onClick={() => execute(editor.current!.state.doc.toString())}
          >
            Run <kbd>Ctrl ⏎</kbd>
          </button>
          <button type="button" onClick={run.cancel} disabled={!run.isRunning}>
            Cancel
          </button>
        </div>
        <div class="bar">
          <Modes label="How to show it" modes={views} chosen={view} onChoose={(one) => setView(one)} />
          <span class="status" role="status">
            {run.isRunning ? "running…" : result === undefined ? "" : summary(result, part)}
          </span>
        </div>
        {run.error !== undefined && <ErrorNote error={run.error} />}
        {result?.notifications.map((text) => (
          <p key={text} class="hint">
            {text}
          </p>
        ))}
        {result?.plan !== undefined && (
          <ul class="tree plan" aria-label="Plan">
            <Plan of={result.plan} />
          </ul>
        )}
        {view === "graph" && part.nodes.length > 0 && (
          <>
            <GraphPicture part={part} chosen={chosen} onChoose={setChosen} onExpand={expand} />
            <Chosen part={part} id={chosen} />
          </>
        )}
        {view === "table" && result !== undefined && result.columns.length > 0 && (
          <>
            <ResultGrid
              columns={result.columns.map((name) => ({ name, type: "" }))}
              rows={result.rows}
              onChoose={(row, column) => setCell([row, column])}
            />
            {cell !== undefined && (
              <aside class="cell" aria-label="Value">
                <pre tabIndex={0}>{result.rows[cell[0]]?.[cell[1]] ?? "NULL"}</pre>
              </aside>
            )}
          </>
        )}
      </div>
    </div>
  );
}

function summary({ rows, columns, isCut, counters, durationMs }: GraphResult, part: GraphPart): string {
  const parts: string[] = [];
  if (columns.length > 0) parts.push(`${isCut ? "the first " : ""}${formatCount(rows.length)} rows`);
  for (const [name, count] of Object.entries(counters)) {
    parts.push(`${formatCount(count)} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`);
  }
  parts.push(`${durationMs.toFixed(1)} ms`);
  if (part.nodes.length > 0) {
    const cut = part.isWhole ? "" : ", and there are more";
    parts.push(
      `${formatCount(part.nodes.length)} nodes and ${formatCount(part.relationships.length)} relationships${cut}`,
    );
  }
  return parts.join(" · ");
}

function joined(before: GraphPart, more: GraphPart): GraphPart {
  const nodes = new Map([...before.nodes, ...more.nodes].map((one) => [one.id, one]));
  const relationships = new Map([...before.relationships, ...more.relationships].map((one) => [one.id, one]));
  const isDrawn = ({ from, to }: { from: string; to: string }) => nodes.has(from) && nodes.has(to);
  return {
    nodes: [...nodes.values()],
    relationships: [...relationships.values()].filter(isDrawn),
    isWhole: before.isWhole && more.isWhole,
  };
}

/** All of a node or a relationship. */
function Chosen({ part, id }: { part: GraphPart; id: string | undefined }) {
  const node = part.nodes.find((one) => one.id === id);
  const one = node ?? part.relationships.find((relationship) => relationship.id === id);
  if (one === undefined) return <p class="hint">Choose a node to see it and what is around it.</p>;
  return (
    <aside class="cell" aria-label="Chosen">
      <h2>{node === undefined ? (one as { type: string }).type : captionOf(node)}</h2>
      <p class="hint">{node === undefined ? "relationship" : node.labels.join(", ")}</p>
      <dl class="facts" tabIndex={0}>
        {one.properties.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}

function Plan({ of: { operator, details, children } }: { of: GraphPlan }) {
  return (
    <li>
      <span class="name">{operator}</span> <span class="leaf">{details}</span>
      {children.length > 0 && (
        <ul class="tree">
          {children.map((child, index) => (
            <Plan key={index} of={child} />
          ))}
        </ul>
      )}
    </li>
  );
}

function quoted(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``;
}
