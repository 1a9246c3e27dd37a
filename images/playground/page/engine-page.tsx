import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { EngineInfo } from "../src/api.ts";
import { errorBody } from "./api-client.ts";

type Console = ComponentType<{ engine: EngineInfo }>;

/** Each console is loaded when it is opened first. */
const consoles: Readonly<Record<string, () => Promise<Console>>> = {
  relational: async () => (await import("./consoles/sql-console.tsx")).SqlConsole,
  document: async () => (await import("./consoles/document/document-console.tsx")).DocumentConsole,
  graph: async () => (await import("./consoles/graph/graph-console.tsx")).GraphConsole,
  keyvalue: async () => (await import("./consoles/keyvalue/keyvalue-console.tsx")).KeyValueConsole,
  markdown: async () => (await import("./consoles/markdown/markdown-console.tsx")).MarkdownConsole,
  filestore: async () => (await import("./consoles/filestore/filestore-console.tsx")).FilestoreConsole,
  vector: async () => (await import("./consoles/vector/vector-console.tsx")).VectorConsole,
  inmemory: async () => (await import("./consoles/redis-console.tsx")).RedisConsole,
};

export function EnginePage({ engine }: { engine: EngineInfo }) {
  const [found, setFound] = useState<{ console: Console }>();
  const [error, setError] = useState<string>();
  const load = engine.hasConsole ? consoles[engine.engine] : undefined;
  useEffect(() => {
    load?.().then(
      (console) => setFound({ console }),
      (failure) => setError(errorBody(failure).message),
    );
  }, [load]);
  return (
    <section class="page engine">
      <h1>
        {engine.name} <small>{engine.address}</small>
      </h1>
      {error !== undefined && (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {load === undefined && (
        <p class="hint">There is no console for this engine; its state is on the fleet page.</p>
      )}
      {found !== undefined && <found.console engine={engine} />}
    </section>
  );
}
