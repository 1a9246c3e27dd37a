import { useState } from "preact/hooks";
import type { Json } from "../../src/api.ts";
import { formatCount } from "../format.ts";
import { jsonLeaf, type Leaf, previewOf } from "./leaf.ts";

/** More of a list or object is shown when it is asked for. */
const shownAtOnce = 100;

export interface JsonTreeProps {
  readonly value: Json;
  readonly leaf?: Leaf;
  /** So many levels are open at first. */
  readonly open?: number;
}

/** A value whose lists and objects open and close. */
export function JsonTree({ value, leaf = jsonLeaf, open = 1 }: JsonTreeProps) {
  const found = leaf(value);
  if (found !== undefined) return <span class={`leaf ${found.kind}`}>{found.text}</span>;
  return <Members value={value as readonly Json[] | Record<string, Json>} leaf={leaf} open={open} />;
}

function Members({
  value,
  leaf,
  open,
}: {
  value: readonly Json[] | Record<string, Json>;
  leaf: Leaf;
  open: number;
}) {
  const [shown, setShown] = useState(shownAtOnce);
  const members = Object.entries(value);
  if (members.length === 0) return <span class="leaf">{Array.isArray(value) ? "[]" : "{}"}</span>;
  return (
    <ul class="tree">
      {members.slice(0, shown).map(([name, member]) => (
        <Member key={name} name={name} value={member} leaf={leaf} open={open} />
      ))}
      {members.length > shown && (
        <li>
          <button type="button" onClick={() => setShown(shown + 10 * shownAtOnce)}>
            {formatCount(members.length - shown)} more
          </button>
        </li>
      )}
    </ul>
  );
}

function Member({ name, value, leaf, open }: { name: string; value: Json; leaf: Leaf; open: number }) {
  const [isOpen, setOpen] = useState(open > 0);
  const found = leaf(value);
  if (found !== undefined) {
    return (
      <li>
        <span class="name">{name}</span> <span class={`leaf ${found.kind}`}>{found.text}</span>
      </li>
    );
  }
  return (
    <li>
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span class="name">{name}</span> <span class="leaf">{previewOf(value, leaf)}</span>
        </summary>
        {isOpen && <Members value={value as readonly Json[]} leaf={leaf} open={open - 1} />}
      </details>
    </li>
  );
}
