import { json } from "@codemirror/lang-json";
import { useRef, useState } from "preact/hooks";
import type { Json, KeyValueAnswer } from "../../../src/api.ts";
import { Editor } from "../../editor.tsx";
import { ErrorNote } from "../../error-note.tsx";
import { EditBar } from "../edit-bar.tsx";
import { JsonTree } from "../json-tree.tsx";
import { previewOf } from "../leaf.ts";
import { useRun } from "../use-run.ts";
import { type AttributeValue, attributeLeaf, type Item, treeOf } from "./attribute-values.ts";
import type { Table } from "./table.ts";

/** Asks the engine for an operation. */
export type Ask = (operation: string, request: Json, signal: AbortSignal) => Promise<KeyValueAnswer>;

const language = json();

export interface ItemRowProps {
  readonly ask: Ask;
  /** Undefined where its key is not known. */
  readonly table: Table | undefined;
  readonly item: Item;
  /** With what the item is now; undefined when it is deleted. */
  onChange(item: Item | undefined): void;
}

/** An item on one line, which opens to its tree, and to an editor of its JSON. */
export function ItemRow({ ask, table, item, onChange }: ItemRowProps) {
  const [isOpen, setOpen] = useState(false);
  /** What is edited, as it was read: an index may have only some of it. */
  const [edited, setEdited] = useState<Item>();
  const text = useRef("");
  const run = useRun();
  const edit = () =>
    run.start(async (signal) => {
      const { body } = await ask(
        "GetItem",
        { TableName: table!.name, Key: keyOf(table!, item), ConsistentRead: true },
        signal,
      );
      const { Item: found } = body as { Item?: Item };
      if (found === undefined) throw new Error("the item is gone");
      text.current = JSON.stringify(found, undefined, 2);
      setEdited(found);
    });
  const save = () =>
    run.start(async (signal) => {
      const after = JSON.parse(text.current) as Item;
      await ask("PutItem", putRequest(table!, edited!, after), signal);
      setEdited(undefined);
      onChange(after);
    });
  const remove = () =>
    run.start(async (signal) => {
      const key = keyOf(table!, item);
      if (!confirm(`Delete ${previewOf(treeOf(key), attributeLeaf)}?`)) return;
      await ask("DeleteItem", { TableName: table!.name, Key: key }, signal);
      onChange(undefined);
    });
  return (
    <li>
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <code>{previewOf(treeOf(item), attributeLeaf)}</code>
        </summary>
        {isOpen && edited === undefined && <JsonTree value={treeOf(item)} leaf={attributeLeaf} />}
        {isOpen && edited !== undefined && (
          <Editor
            label="Item"
            initial={text.current}
            language={language}
            onChange={(now) => {
              text.current = now;
            }}
            onRun={save}
          />
        )}
        {isOpen && table !== undefined && (
          <EditBar
            isEditing={edited !== undefined}
            isRunning={run.isRunning}
            edit={edit}
            remove={remove}
            save={save}
            discard={() => setEdited(undefined)}
          />
        )}
        {run.error !== undefined && <ErrorNote error={run.error} />}
      </details>
    </li>
  );
}

/** The key of an item. */
export function keyOf({ key: { partition, sort } }: Table, item: Item): Item {
  const names = sort === undefined ? [partition] : [partition, sort];
  return Object.fromEntries(names.map((name) => [name, item[name]!]));
}

/** Puts an item in the place of another, when each attribute that is changed is still what it was. */
function putRequest(table: Table, before: Item, after: Item): Json {
  const { partition, sort } = table.key;
  const isSame = (one: AttributeValue | undefined, other: AttributeValue | undefined) =>
    JSON.stringify(one) === JSON.stringify(other);
  for (const name of [partition, sort]) {
    if (name !== undefined && !isSame(before[name], after[name])) {
      throw new Error(`${name} is of the key, which cannot be changed: put a new item, and delete this one`);
    }
  }
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !isSame(before[name], after[name]),
  );
  const names: Record<string, string> = { "#key": partition };
  const values: Record<string, AttributeValue> = {};
  const conditions = ["attribute_exists(#key)"];
  for (const [index, name] of changed.entries()) {
    names[`#n${index}`] = name;
    const was = before[name];
    if (was === undefined) {
      conditions.push(`attribute_not_exists(#n${index})`);
      continue;
    }
    values[`:v${index}`] = was;
    conditions.push(`#n${index} = :v${index}`);
  }
  return {
    TableName: table.name,
    Item: after,
    ConditionExpression: conditions.join(" AND "),
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  };
}
