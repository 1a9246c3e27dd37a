import { json } from "@codemirror/lang-json";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EngineInfo, Json, VectorMap as Mapped, MappedVector, VectorAnswer } from "../../../src/api.ts";
import { operate } from "../../api-client.ts";
import { Editor } from "../../editor.tsx";
import { ErrorNote } from "../../error-note.tsx";
import { formatCount } from "../../format.ts";
import { JsonTree } from "../json-tree.tsx";
import { Modes } from "../modes.tsx";
import { useRun } from "../use-run.ts";
import { looks, VectorMap } from "./vector-map.tsx";

const modes = { map: "Map", request: "Request" } as const;
type Mode = keyof typeof modes;

const language = json();
const neighboursWanted = 10;

/** What can be asked for by "Request", with a form of it. */
const requests: Readonly<Record<string, Json>> = {
  CreateCollection: { name: "things", dimensions: 3, distance: "cosine" },
  CountVectors: { collection: "things" },
  DeleteCollection: { name: "things" },
  DeleteVectors: { collection: "things", ids: ["a"] },
  GetVector: { collection: "things", id: "a" },
  HybridSearch: { collection: "things", searches: [{ vector: [0.1, 0.2, 0.3], top_k: 10 }], top_k: 10 },
  ScrollVectors: { collection: "things", limit: 20 },
  SearchVectors: { collection: "things", vector: [0.1, 0.2, 0.3], top_k: 10 },
  UpsertVectors: {
    collection: "things",
    vectors: [{ id: "a", values: [0.1, 0.2, 0.3], metadata: { kind: "tool" } }],
  },
};

interface Collection {
  readonly name: string;
  readonly dimensions: number;
  readonly distance: string;
  readonly vectors_count: number;
  readonly named_vectors: Readonly<
    Record<string, { readonly dimensions: number; readonly distance: string }>
  >;
}

interface Match {
  readonly id: string;
  readonly score: number;
  readonly metadata: Readonly<Record<string, string>>;
}

interface ChosenVector {
  readonly record: Json;
  readonly matches: readonly Match[];
}

export function VectorConsole({ engine }: { engine: EngineInfo }) {
  const [collections, setCollections] = useState<readonly Collection[]>([]);
  const [collection, setCollection] = useState<Collection>();
  const [vectorName, setVectorName] = useState("");
  const [filter, setFilter] = useState("");
  const [mode, setMode] = useState<Mode>("map");
  const [map, setMap] = useState<Mapped>();
  const [colour, setColour] = useState("");
  const [chosen, setChosen] = useState<string>();
  const [found, setFound] = useState<ChosenVector>();
  const [method, setMethod] = useState("CreateCollection");
  const [answer, setAnswer] = useState<VectorAnswer>();
  const text = useRef("");
  const side = useRun();
  const run = useRun();
  /** Choosing is quick: what was asked for the one before is given up. */
  const latest = useRef<AbortController>();

  const ask = (name: string, request: Json, signal: AbortSignal) => {
    const body = { method: name, request: JSON.stringify(request) };
    return operate<VectorAnswer>(engine.id, "ask", body, signal);
  };
  const readCollections = () =>
    side.start(async (signal) => {
      const { body } = await ask("ListCollections", {}, signal);
      const { collections: listed } = body as unknown as { collections: Collection[] };
      setCollections(listed);
      if (listed.length === 0) setMode("request");
    });
  useEffect(() => {
    readCollections();
    return () => latest.current?.abort();
  }, [engine.id]);

  const draw = (of: Collection, name: string, only: string) =>
    run.start(async (signal) => {
      setMap(undefined);
      setChosen(undefined);
      setFound(undefined);
      const dimensions = name === "" ? of.dimensions : (of.named_vectors[name]?.dimensions ?? 0);
      const body = { collection: of.name, dimensions, vectorName: name, filter: filterOf(only) };
      const drawn = await operate<Mapped>(engine.id, "map", body, signal);
      setMap(drawn);
      const names = factNames(drawn.points);
      setColour((before) => (names.includes(before) ? before : tellingOf(drawn.points, names)));
    });
  const open = (of: Collection) => {
    // A collection may have named vectors only.
    const name = of.dimensions > 0 ? "" : (Object.keys(of.named_vectors)[0] ?? "");
    setCollection(of);
    setVectorName(name);
    setFilter("");
    setMode("map");
    draw(of, name, "");
    readCollections();
  };
  const choose = async (id: string) => {
    latest.current?.abort();
    const stop = new AbortController();
    latest.current = stop;
    setChosen(id);
    setFound(undefined);
    try {
      const of = collection!.name;
      const { body } = await ask("GetVector", { collection: of, id }, stop.signal);
      const { vector } = body as unknown as { vector: Record<string, Json> };
      const named = vector.named as unknown as Record<string, { values: number[] }>;
      const values = (vectorName === "" ? vector.values : named[vectorName]?.values) as Json;
      const search = {
        collection: of,
        vector: values,
        vector_name: vectorName,
        filter: filterOf(filter),
        // It is the nearest to itself.
        top_k: neighboursWanted + 1,
      };
      const { body: result } = await ask("SearchVectors", search, stop.signal);
      const { matches } = result as unknown as { matches: Match[] };
      setFound({
        record: vector,
        matches: matches.filter((one) => one.id !== id).slice(0, neighboursWanted),
      });
    } catch (error) {
      if (!stop.signal.aborted) await run.start(() => Promise.reject(error));
    }
  };
  const execute = () =>
    run.start(async (signal) => {
      setAnswer(undefined);
      setAnswer(await operate<VectorAnswer>(engine.id, "ask", { method, request: text.current }, signal));
      readCollections();
    });
  const initial = JSON.stringify(requests[method] ?? {}, undefined, 2);
  useEffect(() => {
    text.current = initial;
  }, [initial]);
  const values = map === undefined ? [] : valuesOf(map.points, colour);
  const lookOf = (point: MappedVector) => {
    const place = values.indexOf(point.facts[colour] ?? "");
    return place === -1 ? looks - 1 : Math.min(place, looks - 1);
  };

  return (
    <div class="console split">
      <div class="keys">
        {side.error !== undefined && <ErrorNote error={side.error} />}
        <h2>Collections</h2>
        <ul aria-label="Collections">
          {collections.map((one) => (
            <li key={one.name}>
              <button type="button" aria-pressed={one.name === collection?.name} onClick={() => open(one)}>
                <span>{one.name}</span> <small>{formatCount(one.vectors_count)}</small>
              </button>
            </li>
          ))}
        </ul>
        {collections.length === 0 && <p class="hint">No collections yet: “Request” makes one.</p>}
      </div>
      <div class="work">
        <Modes label="What to do" modes={modes} chosen={mode} onChoose={(one) => setMode(one)} />
        {mode === "map" && collection === undefined && <p class="hint">Choose a collection.</p>}
        {mode === "map" && collection !== undefined && (
          <form
            class="bar"
            onSubmit={(event) => {
              event.preventDefault();
              draw(collection, vectorName, filter);
            }}
          >
            <label>
              <small>Filter</small>
              <input
                value={filter}
                placeholder="category = tools"
                spellcheck={false}
                onInput={(event) => setFilter(event.currentTarget.value)}
              />
            </label>
            {Object.keys(collection.named_vectors).length > 0 && (
              <label>
                <small>Vector</small>
                <select value={vectorName} onChange={(event) => setVectorName(event.currentTarget.value)}>
                  {collection.dimensions > 0 && <option value="">without a name</option>}
                  {Object.keys(collection.named_vectors).map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              </label>
            )}
            <label>
              <small>Colour by</small>
              <select value={colour} onChange={(event) => setColour(event.currentTarget.value)}>
                {factNames(map?.points ?? []).map((name) => (
                  <option key={name}>{name}</option>
                ))}
                <option value="">nothing</option>
              </select>
            </label>
            <button type="submit" class="primary" disabled={run.isRunning}>
              Draw
            </button>
            <button type="button" onClick={run.cancel} disabled={!run.isRunning}>
              Cancel
            </button>
          </form>
        )}
        {mode === "request" && (
          <>
            <label class="bar inline">
              <small>Method</small>
              <input
                list="vector-methods"
                value={method}
                spellcheck={false}
                onInput={(event) => setMethod(event.currentTarget.value)}
              />
              <datalist id="vector-methods">
                {Object.keys(requests).map((name) => (
                  <option key={name} value={name} />
                ))}
              </datalist>
            </label>
            <Editor
              key={initial}
              label="Request"
              initial={initial}
              focus={false}
              language={language}
              onChange={(now) => {
                text.current = now;
              }}
              onRun={execute}
            />
            <div class="bar">
              <button type="button" class="primary" onClick={execute} disabled={run.isRunning}>
                Run <kbd>Ctrl ⏎</kbd>
              </button>
              <button type="button" onClick={run.cancel} disabled={!run.isRunning}>
                Cancel
              </button>
            </div>
          </>
        )}
        <span class="status" role="status">
          {run.isRunning ? "running…" : mode === "map" ? mapSummary(map) : answerSummary(answer)}
        </span>
        {run.error !== undefined && <ErrorNote error={run.error} />}
        {mode === "request" && answer !== undefined && <JsonTree value={answer.body} open={3} />}
        {mode === "map" && map !== undefined && map.points.length > 0 && (
          <>
            <VectorMap
              points={map.points}
              lookOf={lookOf}
              chosen={chosen}
              neighbours={found?.matches.map(({ id }) => id) ?? []}
              onChoose={choose}
            />
            <div class="bar">
              {values.slice(0, looks - 1).map((value, index) => (
                <span key={value} class={`legend look-${index}`}>
                  {value === "" ? "without" : value.slice(0, 40)}
                </span>
              ))}
              {values.length >= looks && <span class={`legend look-${looks - 1}`}>others</span>}
            </div>
          </>
        )}
        {mode === "map" && chosen !== undefined && (
          <div class="beside">
            <section class="keys" aria-label="Neighbours">
              <h2>Nearest to {chosen}</h2>
              <ol aria-label="Nearest vectors">
                {found?.matches.map(({ id, score, metadata }) => (
                  <li key={id}>
                    <button type="button" onClick={() => choose(id)}>
                      <span>{id}</span>{" "}
                      <small>
                        {score.toFixed(4)} {Object.values(metadata).slice(0, 2).join(", ").slice(0, 60)}
                      </small>
                    </button>
                  </li>
                ))}
              </ol>
            </section>
            <section class="value" aria-label="Record">
              <h2>{chosen}</h2>
              {found !== undefined && <JsonTree value={found.record} />}
            </section>
          </div>
        )}
      </div>
    </div>
  );
}

/** `category = tools, colour = red`: each must be equal. */
function filterOf(text: string): Record<string, string> {
  const conditions = text.split(",").filter((part) => part.trim() !== "");
  return Object.fromEntries(
    conditions.map((part) => {
      const at = part.indexOf("=");
      if (at === -1) throw new Error(`"${part.trim()}" is no condition: write name = value`);
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
}

function factNames(points: readonly MappedVector[]): string[] {
  return [...new Set(points.flatMap(({ facts }) => Object.keys(facts)))];
}

/** The first that has a few values, which colours can tell apart. */
function tellingOf(points: readonly MappedVector[], names: readonly string[]): string {
  const isTelling = (name: string) => {
    const count = valuesOf(points, name).length;
    return count > 1 && count <= 2 * looks;
  };
  return names.find(isTelling) ?? "";
}

/** The most frequent first. */
function valuesOf(points: readonly MappedVector[], name: string): string[] {
  const counts = new Map<string, number>();
  for (const { facts } of points) counts.set(facts[name] ?? "", (counts.get(facts[name] ?? "") ?? 0) + 1);
  if (name === "") return [];
  return [...counts].sort(([, one], [, other]) => other - one).map(([value]) => value);
}

function mapSummary(map: Mapped | undefined): string {
  if (map === undefined) return "";
  const first = map.isWhole ? "" : "the first ";
  const share = `${(map.share * 100).toFixed(0)}% of their variance is seen`;
  return `${first}${formatCount(map.points.length)} vectors on their two principal axes: ${share}`;
}

function answerSummary(answer: VectorAnswer | undefined): string {
  return answer === undefined ? "" : `answered in ${answer.durationMs.toFixed(1)} ms`;
}
