import { Doc, type Value } from "../bson/values.ts";
import { writeDoc } from "../bson/write.ts";

/** What an update changed, as a change stream tells it: fields that have another value, and fields that are gone. */
export interface UpdateDescription {
  readonly updatedFields: Doc;
  readonly removedFields: string[];
  readonly truncatedArrays: Doc[];
  /** The parts of the paths that could be read in another way. */
  readonly disambiguatedPaths: Doc;
}

/** Names of fields, and numbers for the places of arrays. */
type Parts = readonly (string | number)[];

export function describeUpdate(before: Doc, after: Doc): UpdateDescription {
  const description: UpdateDescription = {
    updatedFields: Doc.empty(),
    removedFields: [],
    truncatedArrays: [],
    disambiguatedPaths: Doc.empty(),
  };
  compareDocs(before, after, [], description);
  return description;
}

function isSame(a: Value, b: Value): boolean {
  return writeDoc(Doc.of({ v: a })).equals(writeDoc(Doc.of({ v: b })));
}

/** The path as a text; one that another path could have too is told with its parts. */
function pathOf(parts: Parts, { disambiguatedPaths }: UpdateDescription): string {
  const path = parts.join(".");
  if (parts.some(isAmbiguous)) disambiguatedPaths.set(path, [...parts]);
  return path;
}

/** A field whose name has a dot, or is a number where a place of an array could stand. */
function isAmbiguous(part: string | number, at: number): boolean {
  return typeof part === "string" && (part.includes(".") || (at > 0 && /^\d+$/.test(part)));
}

function compareDocs(before: Doc, after: Doc, parts: Parts, description: UpdateDescription): void {
  const old = new Map(before);
  for (const [name, value] of after) {
    const inner = [...parts, name];
    const was = old.get(name);
    old.delete(name);
    if (was === undefined) description.updatedFields.set(pathOf(inner, description), value);
    else if (!isSame(was, value)) compareChanged(was, value, inner, description);
  }
  for (const name of old.keys()) description.removedFields.push(pathOf([...parts, name], description));
}

function compareChanged(was: Value, value: Value, parts: Parts, description: UpdateDescription): void {
  if (was instanceof Doc && value instanceof Doc && !value.isEmpty)
    compareDocs(was, value, parts, description);
  else if (Array.isArray(was) && Array.isArray(value)) compareArrays(was, value, parts, description);
  else description.updatedFields.set(pathOf(parts, description), value);
}

function compareArrays(
  before: readonly Value[],
  after: Value[],
  parts: Parts,
  description: UpdateDescription,
): void {
  const common = Math.min(before.length, after.length);
  const changed = after.flatMap((value, i) => (i < common && isSame(before[i]!, value) ? [] : [i]));
  // Where most of it is another, the array is told as a whole.
  if (changed.length * 2 > after.length && !isDeepChange(before, after)) {
    description.updatedFields.set(pathOf(parts, description), after);
    return;
  }
  for (const i of changed) {
    const inner = [...parts, i];
    if (i < common) compareChanged(before[i]!, after[i]!, inner, description);
    else description.updatedFields.set(pathOf(inner, description), after[i]!);
  }
  if (after.length < before.length) {
    description.truncatedArrays.push(Doc.of({ field: pathOf(parts, description), newSize: after.length }));
  }
}

/** Documents of an array have changed within, and it has kept its length. */
function isDeepChange(before: readonly Value[], after: readonly Value[]): boolean {
  return (
    before.length === after.length &&
    after.every((value, i) => isSame(value, before[i]!) || (value instanceof Doc && before[i] instanceof Doc))
  );
}
