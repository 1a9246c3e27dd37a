import { json } from "@codemirror/lang-json";
import { StandardSQL, sql } from "@codemirror/lang-sql";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EngineInfo, Json, KeyValueAnswer } from "../../../src/api.ts";
import { operate } from "../../api-client.ts";
import { Editor } from "../../editor.tsx";
import { ErrorNote } from "../../error-note.tsx";
import { formatCount } from "../../format.ts";
import { JsonTree } from "../json-tree.tsx";
import { Modes } from "../modes.tsx";
import { useRun } from "../use-run.ts";
import { type AttributeValue, type Item, keyValue } from "./attribute-values.ts";
import { type Ask, ItemRow, keyOf } from "./item-row.tsx";
import { type Table, tableOf } from "./table.ts";

const modes = { items: "Items", put: "New item", partiql: "PartiQL", request: "Request" } as const;
type Mode = keyof typeof modes;

const jsonLanguage = json();
const sqlLanguage = sql({ dialect: StandardSQL, upperCaseKeywords: true });
const pageSize = 50;
/** The page keeps no more. */
const itemsKept = 2000;

const comparisons = {
  "=": "=",
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
  begins_with: "begins with",
} as const;
type Comparison = keyof typeof comparisons;

/** What can be asked for by "Request", with a form of it. */
const requests: Readonly<Record<string, Json>> = {
  CreateTable: {
    TableName: "things",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  },
  DeleteTable: { TableName: "things" },
  DescribeTable: { TableName: "things" },
  DescribeTimeToLive: { TableName: "things" },
  ListStreams: {},
  Query: {
    TableName: "things",
    KeyConditionExpression: "id = :id",
    ExpressionAttributeValues: { ":id": { S: "1" } },
  },
  Scan: { TableName: "things", Limit: 20 },
  UpdateItem: {
    TableName: "things",
    Key: { id: { S: "1" } },
    UpdateExpression: "SET seen = :seen",
    ExpressionAttributeValues: { ":seen": { BOOL: true } },
  },
  UpdateTable: { TableName: "things" },
};

/** What is asked for more of: the operation, its request, and where its answer goes on. */
interface Result {
  readonly table: Table | undefined;
  readonly operation: string;
  readonly request: Readonly<Record<string, Json>>;
  readonly items: readonly Item[];
  readonly scanned: number;
  readonly next: Readonly<Record<string, Json>> | undefined;
  readonly durationMs: number;
}

export function KeyValueConsole({ engine }: { engine: EngineInfo }) {
  const [tables, setTables] = useState<readonly string[]>([]);
  const [table, setTable] = useState<Table>();
  const [mode, setMode] = useState<Mode>("request");
  const [index, setIndex] = useState("");
  const [partition, setPartition] = useState("");
  const [comparison, setComparison] = useState<Comparison>("=");
  const [sort, setSort] = useState("");
  const [operation, setOperation] = useState("CreateTable");
  const [result, setResult] = useState<Result>();
  const [answer, setAnswer] = useState<KeyValueAnswer>();
  const [done, setDone] = useState("");
  const text = useRef("");
  const side = useRun();
  const run = useRun();

  const ask: Ask = (name, request, signal) => {
    const body = { operation: name, request: JSON.stringify(request) };
    return operate<KeyValueAnswer>(engine.id, "ask", body, signal);
  };
  const readTables = () =>
    side.start(async (signal) => {
      const names: string[] = [];
      let from: Json | undefined;
      do {
        const { body } = await ask(
          "ListTables",
          from === undefined ? {} : { ExclusiveStartTableName: from },
          signal,
        );
        const { TableNames, LastEvaluatedTableName } = body as {
          TableNames: string[];
          LastEvaluatedTableName?: string;
        };
        names.push(...TableNames);
        from = LastEvaluatedTableName;
      } while (from !== undefined && names.length < 1000);
      setTables(names);
    });
  useEffect(() => {
    readTables();
  }, [engine.id]);

  const clear = () => {
    setResult(undefined);
    setAnswer(undefined);
    setDone("");
  };
  /** Asks for items, the first or more of them. */
  const fetch = async (
    asked: Omit<Result, "items" | "scanned" | "durationMs">,
    before: Result | undefined,
    signal: AbortSignal,
  ) => {
    const { body, durationMs } = await ask(asked.operation, { ...asked.request, ...asked.next }, signal);
    const found = body as {
      Items?: Item[];
      ScannedCount?: number;
      LastEvaluatedKey?: Json;
      NextToken?: string;
    };
    const next =
      found.LastEvaluatedKey !== undefined
        ? { ExclusiveStartKey: found.LastEvaluatedKey }
        : found.NextToken !== undefined
          ? { NextToken: found.NextToken }
          : undefined;
    const items = [...(before?.items ?? []), ...(found.Items ?? [])];
    setResult({
      ...asked,
      items,
      next,
      scanned: (before?.scanned ?? 0) + (found.ScannedCount ?? found.Items?.length ?? 0),
      durationMs: (before?.durationMs ?? 0) + durationMs,
    });
  };
  const find = (of: Table, on: string, value: string, sortValue: string) =>
    run.start(async (signal) => {
      clear();
      const request = requestOf(of, on, value, comparison, sortValue);
      await fetch(
        { table: of, operation: value === "" ? "Scan" : "Query", request, next: undefined },
        undefined,
        signal,
      );
    });
  const choose = (name: string) =>
    run.start(async (signal) => {
      clear();
      setMode("items");
      setIndex("");
      setPartition("");
      setSort("");
      const { body } = await ask("DescribeTable", { TableName: name }, signal);
      const described = tableOf(body);
      setTable(described);
      const request = { TableName: name, Limit: pageSize };
      await fetch({ table: described, operation: "Scan", request, next: undefined }, undefined, signal);
    });
  const execute = () =>
    run.start(async (signal) => {
      clear();
      if (mode === "partiql") {
        const request = { Statement: text.current, Limit: pageSize };
        await fetch(
          { table: undefined, operation: "ExecuteStatement", request, next: undefined },
          undefined,
          signal,
        );
        return;
      }
      if (mode === "put") {
        const item = JSON.parse(text.current) as Json;
        const condition = {
          ConditionExpression: "attribute_not_exists(#key)",
          ExpressionAttributeNames: { "#key": table!.key.partition },
        };
        await ask("PutItem", { TableName: table!.name, Item: item, ...condition }, signal);
        setDone("the item is written");
        return;
      }
      const body = { operation, request: text.current };
      setAnswer(await operate<KeyValueAnswer>(engine.id, "ask", body, signal));
      readTables();
    });
  const more = () => run.start((signal) => fetch(result!, result, signal));
  const replaceItem = (at: number, item: Item | undefined) => {
    const items = result!.items.flatMap((one, place) =>
      place !== at ? [one] : item === undefined ? [] : [item],
    );
    setResult({ ...result!, items });
  };
  const shownKey = table === undefined ? undefined : (table.indexes[index] ?? table.key);
  const initial = initialText(mode, table, operation);
  useEffect(() => {
    text.current = initial;
  }, [initial]);

  return (
    <div class="console split">
      <div class="keys">
        {side.error !== undefined && <ErrorNote error={side.error} />}
        <h2>Tables</h2>
        <ul aria-label="Tables">
          {tables.map((name) => (
            <li key={name}>
              <button type="button" aria-pressed={table?.name === name} onClick={() => choose(name)}>
                <span>{name}</span>
              </button>
            </li>
          ))}
        </ul>
        {tables.length === 0 && <p class="hint">No tables yet: “Request” makes one.</p>}
      </div>
      <div class="work">
        <Modes label="What to do" modes={modes} chosen={mode} onChoose={(one) => setMode(one)} />
        {(mode === "items" || mode === "put") && table === undefined && <p class="hint">Choose a table.</p>}
        {mode === "items" && table !== undefined && shownKey !== undefined && (
          <form
            class="bar"
            onSubmit={(event) => {
              event.preventDefault();
              find(table, index, partition, sort);
            }}
          >
            <label>
              <small>Table or index</small>
              <select value={index} onChange={(event) => setIndex(event.currentTarget.value)}>
                <option value="">{table.name}</option>
                {Object.keys(table.indexes).map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
            <label>
              <small>
                {shownKey.partition} ({table.types[shownKey.partition]})
              </small>
              <input
                value={partition}
                placeholder="all"
                onInput={(event) => setPartition(event.currentTarget.value)}
              />
            </label>
            {shownKey.sort !== undefined && (
              <>
                <label>
                  <small>is</small>
                  <select
                    value={comparison}
                    onChange={(event) => setComparison(event.currentTarget.value as Comparison)}
                  >
                    {Object.entries(comparisons).map(([sign, title]) => (
                      <option key={sign} value={sign}>
                        {title}
                      </option>
                    ))}
                  </select>
                </label>
                <label>
                  <small>
                    {shownKey.sort} ({table.types[shownKey.sort]})
                  </small>
                  <input
                    value={sort}
                    placeholder="any"
                    onInput={(event) => setSort(event.currentTarget.value)}
                  />
                </label>
              </>
            )}
            <button type="submit" class="primary" disabled={run.isRunning}>
              Find items
            </button>
            <Cancel run={run} />
          </form>
        )}
        {mode === "request" && (
          <label class="bar inline">
            <small>Operation</small>
            <input
              list="dynamodb-operations"
              value={operation}
              spellcheck={false}
              onInput={(event) => setOperation(event.currentTarget.value)}
            />
            <datalist id="dynamodb-operations">
              {Object.keys(requests).map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </label>
        )}
        {mode !== "items" && !(mode === "put" && table === undefined) && (
          <>
            <Editor
              key={`${mode} ${initial}`}
              label={modes[mode]}
              initial={initial}
              focus={mode !== "request"}
              language={mode === "partiql" ? sqlLanguage : jsonLanguage}
              onChange={(now) => {
                text.current = now;
              }}
              onRun={execute}
            />
            <div class="bar">
              <button type="button" class="primary" onClick={execute} disabled={run.isRunning}>
                Run <kbd>Ctrl ⏎</kbd>
              </button>
              <Cancel run={run} />
            </div>
          </>
        )}
        <span class="status" role="status">
          {run.isRunning ? "running…" : done !== "" ? done : summary(result, answer)}
        </span>
        {run.error !== undefined && <ErrorNote error={run.error} />}
        {answer !== undefined && <JsonTree value={answer.body} open={3} />}
        {result !== undefined && (
          <ul class="rows" aria-label="Items">
            {result.items.map((item, at) => (
              <ItemRow
                key={result.table === undefined ? at : JSON.stringify(keyOf(result.table, item))}
                ask={ask}
                table={result.table}
                item={item}
                onChange={(changed) => replaceItem(at, changed)}
              />
            ))}
          </ul>
        )}
        {result?.next !== undefined && result.items.length < itemsKept && (
          <button type="button" onClick={more} disabled={run.isRunning}>
            More items
          </button>
        )}
      </div>
    </div>
  );
}

function Cancel({ run }: { run: ReturnType<typeof useRun> }) {
  return (
    <button type="button" onClick={run.cancel} disabled={!run.isRunning}>
      Cancel
    </button>
  );
}

/** A query of one partition; of all when no value is given. */
function requestOf(
  table: Table,
  index: string,
  partition: string,
  comparison: Comparison,
  sort: string,
): Record<string, Json> {
  const place = { TableName: table.name, Limit: pageSize, ...(index !== "" && { IndexName: index }) };
  if (partition === "") return place;
  const key = table.indexes[index] ?? table.key;
  const names: Record<string, string> = { "#p": key.partition };
  const values: Record<string, AttributeValue> = { ":p": keyValue(table.types[key.partition]!, partition) };
  let condition = "#p = :p";
  if (key.sort !== undefined && sort !== "") {
    names["#s"] = key.sort;
    values[":s"] = keyValue(table.types[key.sort]!, sort);
    condition += comparison === "begins_with" ? " AND begins_with(#s, :s)" : ` AND #s ${comparison} :s`;
  }
  return {
    ...place,
    KeyConditionExpression: condition,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}

function initialText(mode: Mode, table: Table | undefined, operation: string): string {
  switch (mode) {
    case "partiql":
      return table === undefined ? "SELECT * FROM things" : `SELECT * FROM "${table.name}"`;
    case "put": {
      if (table === undefined) return "{}";
      const { partition, sort } = table.key;
      const names = sort === undefined ? [partition] : [partition, sort];
      const item = names.map((name) => [
        name,
        keyValue(table.types[name]!, table.types[name] === "N" ? "1" : ""),
      ]);
      return JSON.stringify(Object.fromEntries(item), undefined, 2);
    }
    default:
      return JSON.stringify(requests[operation] ?? {}, undefined, 2);
  }
}

function summary(result: Result | undefined, answer: KeyValueAnswer | undefined): string {
  if (answer !== undefined) return `answered in ${answer.durationMs.toFixed(1)} ms`;
  if (result === undefined) return "";
  const { items, scanned, next, durationMs } = result;
  const more = next === undefined ? "" : items.length < itemsKept ? " so far" : " (the page keeps no more)";
  return `${formatCount(items.length)} items${more}, ${formatCount(scanned)} looked at · ${durationMs.toFixed(1)} ms`;
}
