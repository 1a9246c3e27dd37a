import { javascript } from "@codemirror/lang-javascript";
import { useRef, useState } from "preact/hooks";
import type { EngineInfo, Json, ShownDocument } from "../../../src/api.ts";
import { operate } from "../../api-client.ts";
import { Editor } from "../../editor.tsx";
import { ErrorNote } from "../../error-note.tsx";
import { EditBar } from "../edit-bar.tsx";
import { JsonTree } from "../json-tree.tsx";
import { previewOf } from "../leaf.ts";
import { useRun } from "../use-run.ts";
import { shellLeaf, toShellText } from "./shell-text.ts";

const language = javascript();

export interface DocumentRowProps {
  readonly engine: EngineInfo;
  readonly place: { readonly db: string; readonly collection: string };
  readonly document: ShownDocument;
  readonly isEditable: boolean;
  /** With what the document is now; undefined when it is deleted. */
  onChange(document: ShownDocument | undefined): void;
}

/** A document on one line, which opens to its tree, and to an editor of its text. */
export function DocumentRow({ engine, place, document, isEditable, onChange }: DocumentRowProps) {
  const [isOpen, setOpen] = useState(false);
  /** What is edited, as it was read. */
  const [edited, setEdited] = useState<Json>();
  const text = useRef("");
  const run = useRun();
  const id = (document.value as Record<string, Json>)._id;
  const idText = JSON.stringify({ _id: id ?? null });
  const read = (signal: AbortSignal) =>
    operate<ShownDocument>(engine.id, "document", { ...place, id: idText }, signal);

  const edit = () =>
    run.start(async (signal) => {
      const whole = await read(signal);
      if (!whole.isWhole) throw new Error("the document is too large to be edited here");
      text.current = toShellText(whole.value);
      setEdited(whole.value);
    });
  const save = () =>
    run.start(async (signal) => {
      const before = JSON.stringify(edited);
      await operate(engine.id, "replace", { ...place, before, after: text.current }, signal);
      setEdited(undefined);
      onChange(await read(signal));
    });
  const remove = () =>
    run.start(async (signal) => {
      if (!confirm(`Delete ${previewOf({ _id: id ?? null }, shellLeaf)}?`)) return;
      await operate(engine.id, "delete", { ...place, id: idText }, signal);
      onChange(undefined);
    });

  return (
    <li>
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <code>{previewOf(document.value, shellLeaf)}</code>
        </summary>
        {isOpen && (
          <>
            {!document.isWhole && <p class="hint">Long texts and lists are cut.</p>}
            {edited === undefined ? (
              <JsonTree value={document.value} leaf={shellLeaf} />
            ) : (
              <Editor
                label="Document"
                initial={text.current}
                language={language}
                onChange={(now) => {
                  text.current = now;
                }}
                onRun={save}
              />
            )}
            {isEditable && id !== undefined && (
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
          </>
        )}
      </details>
    </li>
  );
}
