import { Doc, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";

/** What an update changed, as a change stream tells it: fields that have another value, and fields that are gone. */
export interface UpdateDescription {
  readonly updatedFields: Doc;
  readonly removedFields: string[];
  readonly truncatedArrays: Doc[];
}

export function describeUpdate(before: Doc, after: Doc): UpdateDescription {
  const updated = new Map<string, Value>();
  const removed: string[] = [];
  const truncated: Doc[] = [];
  compareDocs(before, after, "", updated, removed, truncated);
  return { updatedFields: Doc.from(updated), removedFields: removed, truncatedArrays: truncated };
}

function isSame(a: Value, b: Value): boolean {
  return writeDoc(Doc.of({ v: a })).equals(writeDoc(Doc.of({ v: b })));
}

function compareDocs(
  before: Doc,
  after: Doc,
  prefix: string,
  updated: Map<string, Value>,
  removed: string[],
  truncated: Doc[],
): void {
  const old = new Map(before);
  for (const [name, value] of after) {
    const path = `${prefix}${name}`;
    const was = old.get(name);
    old.delete(name);
    if (was === undefined) updated.set(path, value);
    else if (isSame(was, value)) continue;
    else if (was instanceof Doc && value instanceof Doc && !value.isEmpty) {
      compareDocs(was, value, `${path}.`, updated, removed, truncated);
    } else if (Array.isArray(was) && Array.isArray(value))
      compareArrays(was, value, path, updated, truncated);
    else updated.set(path, value);
  }
  for (const name of old.keys()) removed.push(`${prefix}${name}`);
}

function compareArrays(
  before: readonly Value[],
  after: Value[],
  path: string,
  updated: Map<string, Value>,
  truncated: Doc[],
): void {
  const common = Math.min(before.length, after.length);
  const changed = after.flatMap((value, i) => (i < common && isSame(before[i]!, value) ? [] : [i]));
  // Where most of it is another, the array is told as a whole.
  if (changed.length * 2 > after.length) {
    updated.set(path, after);
    return;
  }
  for (const i of changed) updated.set(`${path}.${i}`, after[i]!);
  if (after.length < before.length) truncated.push(Doc.of({ field: path, newSize: after.length }));
}
