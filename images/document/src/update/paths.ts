import { show } from "../bson/show.ts";
import { Doc, type Value } from "../bson/values.ts";
import { badValue, MongoError } from "../errors.ts";

/** A place in a document: a field, or an element. */
export interface Place {
  get(): Value | undefined;
  set(value: Value): void;
  /** An element becomes null, a field goes away. */
  unset(): void;
  /** What the place is in: an array holds elements. */
  readonly isElement: boolean;
}

/** Arrays are not made longer than this by naming a place in them. */
const paddingMax = 1_500_000;
/** Nested deeper than this, documents are not stored (BSONDepth::kDefaultMaxAllowableDepth). */
const depthMax = 200;

/**
 * The place of a path in a document. With `isCreating` what is missing on the way is made when the place is set; without it, a
 * place that is not there is undefined.
 *
 * @throws MongoError 28 where the way goes through what has no fields
 */
export function placeOf(root: Doc, parts: readonly string[], isCreating: boolean): Place | undefined {
  if (isCreating && parts.length > depthMax)
    throw new MongoError(15, `Cannot create path '${parts.slice(0, 3).join(".")}...': too deep`);
  let container: Doc | Value[] = root;
  for (let i = 0; i < parts.length - 1; i++) {
    const part = parts[i]!;
    const next: Value | undefined = childOf(container, part, parts, i, isCreating);
    if (next === undefined) {
      if (!isCreating) return undefined;
      return missingPlace(container, parts, i);
    }
    if (next instanceof Doc || Array.isArray(next)) container = next;
    else {
      if (!isCreating) return undefined;
      throw new MongoError(28, `Cannot create field '${parts[i + 1]}' in element {${part}: ${show(next)}}`);
    }
  }
  const last = parts.at(-1)!;
  if (Array.isArray(container)) {
    const index = indexOf(last);
    if (index === undefined) {
      if (!isCreating) return undefined;
      throw new MongoError(
        28,
        `Cannot create field '${last}' in element {${parts.at(-2)}: ${show(container)}}`,
      );
    }
    if (!isCreating && index >= container.length) return undefined;
    return elementPlace(container, index);
  }
  if (!isCreating && !container.has(last)) return undefined;
  return fieldPlace(container, last);
}

/** What is at a path, also through positions in arrays; undefined when nothing is. */
export function valueAt(root: Doc, parts: readonly string[]): Value | undefined {
  return placeOf(root, parts, false)?.get();
}

function childOf(
  container: Doc | Value[],
  part: string,
  parts: readonly string[],
  at: number,
  isCreating: boolean,
): Value | undefined {
  if (!Array.isArray(container)) return container.fields.get(part);
  const index = indexOf(part);
  if (index !== undefined) return container[index];
  if (!isCreating) return undefined;
  throw new MongoError(
    28,
    `Cannot create field '${part}' in element {${parts[at - 1] ?? ""}: ${show(container)}}`,
  );
}

export function indexOf(part: string): number | undefined {
  return /^(?:0|[1-9]\d*)$/.test(part) ? Number(part) : undefined;
}

function fieldPlace(doc: Doc, name: string): Place {
  return {
    isElement: false,
    get: () => doc.fields.get(name),
    set: (value) => void doc.fields.set(name, value),
    unset: () => doc.delete(name),
  };
}

function elementPlace(array: Value[], index: number): Place {
  return {
    isElement: true,
    get: () => array[index],
    set: (value) => {
      pad(array, index);
      array[index] = value;
    },
    unset: () => {
      if (index < array.length) array[index] = null;
    },
  };
}

function pad(array: Value[], index: number): void {
  if (index >= array.length + paddingMax) {
    throw badValue(`can't backfill more than ${paddingMax} elements`);
  }
  while (array.length < index) array.push(null);
}

/** A place of which the parts from `from` on are not there yet. */
function missingPlace(container: Doc | Value[], parts: readonly string[], from: number): Place {
  return {
    isElement: false,
    get: () => undefined,
    set: (value) => {
      let made: Value = value;
      for (let i = parts.length - 1; i > from; i--) made = Doc.from(new Map([[parts[i]!, made]]));
      const part = parts[from]!;
      if (Array.isArray(container)) elementPlace(container, indexOf(part)!).set(made);
      else container.fields.set(part, made);
    },
    unset: () => {},
  };
}
