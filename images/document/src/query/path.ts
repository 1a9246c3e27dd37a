import { documentLength, valueLength } from "@weftkit/wire-mongo";

/** A dotted path, cut into its parts. */
export interface Path {
  readonly text: string;
  readonly parts: readonly PathPart[];
}

export interface PathPart {
  readonly name: string;
  readonly bytes: Buffer;
  /** The place in an array that the part may mean, or -1. */
  readonly index: number;
}

const paths = new Map<string, Path>();
const pathsMax = 10_000;

/** The path of a text, which is kept: the same ones are asked for again and again. */
export function pathOf(text: string): Path {
  let path = paths.get(text);
  if (path === undefined) {
    path = { text, parts: text.split(".").map(partOf) };
    if (paths.size >= pathsMax) paths.clear();
    paths.set(text, path);
  }
  return path;
}

function partOf(name: string): PathPart {
  return { name, bytes: Buffer.from(name), index: /^(?:0|[1-9]\d{0,8})$/.test(name) ? Number(name) : -1 };
}

/** Is shown a value of a type at a place; type 0 is a value that is not there. True ends the walk. */
export type Visit = (bytes: Buffer, type: number, at: number) => boolean;

/**
 * Shows all values that a path leads to in the document at `at`, as MongoDB's ElementPath does: through arrays to each of their
 * documents, and to the place that a number names; of an array at the path's end, with `isExpanding`, each element and then the
 * array itself. Gives whether the walk was ended.
 */
export function visitPath(
  bytes: Buffer,
  at: number,
  { parts }: Path,
  isExpanding: boolean,
  visit: Visit,
): boolean {
  return walkObject(bytes, at, parts, 0, isExpanding, visit);
}

function walkObject(
  bytes: Buffer,
  at: number,
  parts: readonly PathPart[],
  from: number,
  isExpanding: boolean,
  visit: Visit,
): boolean {
  for (let i = from; ; i++) {
    const element = findElement(bytes, at, parts[i]!.bytes);
    if (element === -1) return visit(bytes, 0, 0);
    const type = bytes[element]!;
    const value = element + 2 + parts[i]!.bytes.length;
    if (i === parts.length - 1) {
      if (type === 0x04 && isExpanding && visitElements(bytes, value, visit)) return true;
      return visit(bytes, type, value);
    }
    if (type === 0x04) return walkArray(bytes, value, parts, i + 1, isExpanding, visit);
    if (type !== 0x03) return visit(bytes, 0, 0);
    at = value;
  }
}

function walkArray(
  bytes: Buffer,
  at: number,
  parts: readonly PathPart[],
  from: number,
  isExpanding: boolean,
  visit: Visit,
): boolean {
  const end = at + documentLength(bytes, at) - 1;
  const part = parts[from]!;
  const isLast = from === parts.length - 1;
  let index = 0;
  for (let element = at + 4; element < end; index++) {
    const type = bytes[element]!;
    let value = element + 1;
    while (bytes[value] !== 0) value++;
    value++;
    if (type === 0x03 && walkObject(bytes, value, parts, from, isExpanding, visit)) return true;
    if (part.index === index) {
      if (isLast) {
        if (visit(bytes, type, value)) return true;
      } else if (type === 0x03) {
        if (walkObject(bytes, value, parts, from + 1, isExpanding, visit)) return true;
      } else if (type === 0x04) {
        if (walkArray(bytes, value, parts, from + 1, isExpanding, visit)) return true;
      }
    }
    element = value + valueLength(bytes, type, value);
  }
  return false;
}

/** Shows each element of the array (or document) at `at`. */
export function visitElements(bytes: Buffer, at: number, visit: Visit): boolean {
  const end = at + documentLength(bytes, at) - 1;
  for (let element = at + 4; element < end; ) {
    const type = bytes[element]!;
    let value = element + 1;
    while (bytes[value] !== 0) value++;
    value++;
    if (visit(bytes, type, value)) return true;
    element = value + valueLength(bytes, type, value);
  }
  return false;
}

/** Where the element of a name begins in the document at `at`, or -1. */
export function findElement(bytes: Buffer, at: number, name: Buffer): number {
  const end = at + documentLength(bytes, at) - 1;
  const { length } = name;
  for (let element = at + 4; element < end; ) {
    let i = 0;
    let next = element + 1;
    while (i < length && bytes[next] === name[i]) {
      i++;
      next++;
    }
    if (i === length && bytes[next] === 0) return element;
    while (bytes[next] !== 0) next++;
    next++;
    element = next + valueLength(bytes, bytes[element]!, next);
  }
  return -1;
}

/** How many elements the array at `at` has. */
export function elementCount(bytes: Buffer, at: number): number {
  let count = 0;
  visitElements(bytes, at, () => {
    count++;
    return false;
  });
  return count;
}
