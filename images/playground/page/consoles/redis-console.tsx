import { useEffect, useRef, useState } from "preact/hooks";
import type { Bytes, EngineInfo, ErrorBody, RedisKeys, RedisReply, RedisValue } from "../../src/api.ts";
import { errorBody, operate } from "../api-client.ts";
import { ErrorNote } from "../error-note.tsx";
import { formatAge, formatCount } from "../format.ts";
import { showBytes } from "./bytes.ts";

export function RedisConsole({ engine }: { engine: EngineInfo }) {
  const [match, setMatch] = useState("*");
  const [found, setFound] = useState<RedisKeys>();
  const [key, setKey] = useState<Bytes>();
  const [value, setValue] = useState<RedisValue>();
  const [error, setError] = useState<ErrorBody["error"]>();

  const scan = async (cursor?: string) => {
    setError(undefined);
    try {
      const page = await operate<RedisKeys>(engine.id, "keys", {
        match,
        ...(cursor !== undefined && { cursor }),
      });
      const before = cursor === undefined ? undefined : found;
      const keys = [...(before?.keys ?? []), ...page.keys];
      const scanned = page.cursor === "0" ? page.total : (before?.scanned ?? 0) + page.scanned;
      setFound({ ...page, keys, scanned: Math.min(scanned, page.total) });
    } catch (failure) {
      setError(errorBody(failure));
    }
  };
  const open = async (chosen: Bytes) => {
    setKey(chosen);
    setValue(undefined);
    setError(undefined);
    try {
      setValue(await operate<RedisValue>(engine.id, "value", { key: chosen }));
    } catch (failure) {
      setError(errorBody(failure));
    }
  };
  useEffect(() => {
    scan();
  }, [engine.id]);

  return (
    <div class="console redis">
      <CommandLine engine={engine} onDone={() => scan()} />
      {error !== undefined && <ErrorNote error={error} />}
      <div class="split">
        <div class="keys">
          <form
            class="bar"
            onSubmit={(event) => {
              event.preventDefault();
              scan();
            }}
          >
            <label>
              <span class="visually-hidden">Pattern of keys</span>
              <input
                value={match}
                onInput={(event) => setMatch(event.currentTarget.value)}
                spellcheck={false}
              />
            </label>
            <button type="submit">Find keys</button>
          </form>
          <p class="status" role="status">
            {found !== undefined &&
              `${formatCount(found.keys.length)} keys; scanned ${formatCount(found.scanned)} of ${formatCount(found.total)}`}
          </p>
          <ul aria-label="Keys">
            {found?.keys.map((one) => (
              <li key={showBytes(one.key)}>
                <button type="button" aria-pressed={one.key === key} onClick={() => open(one.key)}>
                  <span>{showBytes(one.key)}</span> <small>{one.type}</small>
                </button>
              </li>
            ))}
          </ul>
          {found !== undefined && found.cursor !== "0" && (
            <button type="button" onClick={() => scan(found.cursor)}>
              Scan on
            </button>
          )}
        </div>
        {key !== undefined && value !== undefined && <ValueView name={key} value={value} />}
      </div>
    </div>
  );
}

const headings: Readonly<Record<string, readonly string[]>> = {
  string: ["value"],
  list: ["element"],
  set: ["member"],
  hash: ["field", "value"],
  zset: ["member", "score"],
  stream: ["id", "fields"],
};

function ValueView({ name, value }: { name: Bytes; value: RedisValue }) {
  const columns = headings[value.type] ?? [];
  return (
    <section class="value" aria-label="Value">
      <h2>{showBytes(name)}</h2>
      <p class="hint">
        {value.type}, {formatCount(value.size)} {value.type === "string" ? "bytes" : "entries"},{" "}
        {value.ttlMs < 0 ? "does not expire" : `expires in ${formatAge(value.ttlMs)}`}
        {!value.isWhole && `; the first ${formatCount(value.entries.length)} are shown`}
      </p>
      <div class="scroll" role="region" aria-label="Entries" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((heading) => (
                <th key={heading} scope="col">
                  {heading}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {value.entries.map((entry, row) => (
              <tr key={row}>
                {value.type === "stream" ? (
                  <>
                    <td>{showBytes(entry[0]!)}</td>
                    <td>{entry.slice(1).map(showBytes).join("  ")}</td>
                  </>
                ) : (
                  entry.map((cell, column) => <td key={column}>{showBytes(cell)}</td>)
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface Done {
  readonly line: string;
  readonly reply?: RedisReply;
  readonly error?: ErrorBody["error"];
}

const doneMax = 100;

function CommandLine({ engine, onDone }: { engine: EngineInfo; onDone(): void }) {
  const [done, setDone] = useState<readonly Done[]>([]);
  const [line, setLine] = useState("");
  const [isRunning, setRunning] = useState(false);
  const log = useRef<HTMLDivElement>(null);
  const back = useRef(0);
  useEffect(() => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight;
  }, [done]);
  const run = async (event: Event) => {
    event.preventDefault();
    if (line.trim() === "" || isRunning) return;
    setRunning(true);
    let one: Done;
    try {
      one = { line, reply: await operate<RedisReply>(engine.id, "command", { line }) };
    } catch (failure) {
      one = { line, error: errorBody(failure) };
    }
    setDone((before) => [...before, one].slice(-doneMax));
    setLine("");
    setRunning(false);
    back.current = 0;
    onDone();
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (step === undefined || done.length === 0) return;
    event.preventDefault();
    back.current = Math.min(done.length, Math.max(0, back.current + step));
    setLine(back.current === 0 ? "" : done[done.length - back.current]!.line);
  };
  return (
    <div class="command-line">
      <div ref={log} class="log" role="log" aria-label="Replies" tabIndex={0}>
        {done.map(({ line: asked, reply, error }, index) => (
          <div key={index}>
            <div class="asked">&gt; {asked}</div>
            {error !== undefined && <div class="error">{error.message}</div>}
            {reply !== undefined && <pre>{showReply(reply)}</pre>}
          </div>
        ))}
      </div>
      <form class="bar" onSubmit={run}>
        <label>
          <span class="visually-hidden">Command</span>
          <input
            value={line}
            onInput={(event) => setLine(event.currentTarget.value)}
            onKeyDown={keys}
            placeholder="SET greeting hello"
            spellcheck={false}
            autocomplete="off"
            autocapitalize="none"
          />
        </label>
        <button type="submit" class="primary" disabled={isRunning}>
          Run
        </button>
      </form>
    </div>
  );
}

/** As redis-cli writes replies. */
function showReply(reply: RedisReply, indent = ""): string {
  switch (reply.kind) {
    case "nil":
      return "(nil)";
    case "integer":
      return `(integer) ${reply.value}`;
    case "bytes":
      return `${showBytes(reply.value)}${reply.cutFrom === undefined ? "" : `… (of ${formatCount(reply.cutFrom)} bytes)`}`;
    case "list": {
      if (reply.items.length === 0) return "(empty)";
      const inner = `${indent}   `;
      const lines = reply.items.map(
        (item, index) => `${index === 0 ? "" : indent}${index + 1}) ${showReply(item, inner)}`,
      );
      if (reply.cutFrom !== undefined) lines.push(`${indent}… (of ${formatCount(reply.cutFrom)})`);
      return lines.join("\n");
    }
  }
}
