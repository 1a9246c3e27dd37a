import { invalid } from "../errors.ts";
import { isObject } from "./json.ts";

/** A step of a path: the name of a member, the place in a list, or every place ("[]"). */
export type Step = string | number | typeof every;
export const every = Symbol("[]");
export type Path = readonly [string, ...Step[]];

const parsed = new Map<string, Path>();
const parsedMax = 1000;

/** Reads `a.b`, `a[0].b`, `a[].b`, `"a.b".c`. @throws VectorError */
export function parsePath(text: string): Path {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const path = read(text);
  if (parsed.size >= parsedMax) parsed.clear();
  parsed.set(text, path);
  return path;
}

function read(text: string): Path {
  const steps: Step[] = [];
  let at = 0;
  const fail = () => invalid(`the path ${JSON.stringify(text)} of a payload field is not valid`);
  while (true) {
    const quoted = /"([^"]*)"/y;
    const plain = /[\p{L}\p{N}_-]+/uy;
    quoted.lastIndex = at;
    plain.lastIndex = at;
    const name = quoted.exec(text) ?? plain.exec(text);
    if (name === null) throw fail();
    steps.push(name[1] ?? name[0]);
    at += name[0].length;
    const bracket = /\[(\d*)\]/y;
    bracket.lastIndex = at;
    for (let found = bracket.exec(text); found !== null; found = bracket.exec(text)) {
      steps.push(found[1] === "" ? every : Number(found[1]));
      at = bracket.lastIndex;
    }
    if (at === text.length) return steps as unknown as Path;
    if (text[at] !== "." || at + 1 === text.length) throw fail();
    at++;
  }
}

/**
 * The values at a path; empty when there are none. The last step's list gives its members, unless `isWhole`.
 */
export function valuesAt(payload: unknown, path: Path, isWhole = false): unknown[] {
  const found: unknown[] = [];
  collect(payload, path, 0, isWhole, found);
  return found;
}

function collect(
  value: unknown,
  path: readonly Step[],
  at: number,
  isWhole: boolean,
  found: unknown[],
): void {
  const step = path[at]!;
  const isLast = at === path.length - 1;
  const take = (member: unknown) => {
    if (!isLast) collect(member, path, at + 1, isWhole, found);
    else if (Array.isArray(member) && !isWhole && typeof step === "string")
      found.push(...(member as unknown[]));
    else found.push(member);
  };
  if (typeof step === "string") {
    if (isObject(value) && Object.hasOwn(value, step)) take(value[step]);
  } else if (Array.isArray(value)) {
    if (step === every) for (const member of value as unknown[]) take(member);
    else if (step < value.length) take(value[step]);
  }
}

/** Merges members into the object at a path, making what is not there. Changes `payload`. */
export function mergeAt(
  payload: Record<string, unknown>,
  path: Path,
  members: Readonly<Record<string, unknown>>,
): void {
  write(payload, path, 0, members);
}

/** Gives what is in the place of `container` afterwards. */
function write(
  container: unknown,
  path: readonly Step[],
  at: number,
  members: Readonly<Record<string, unknown>>,
): unknown {
  if (at === path.length) return isObject(container) ? Object.assign(container, members) : { ...members };
  const step = path[at]!;
  if (typeof step === "string") {
    const object = isObject(container) ? container : {};
    set(object, step, write(object[step], path, at + 1, members));
    return object;
  }
  const list = Array.isArray(container) ? (container as unknown[]) : [];
  if (step === every) for (let i = 0; i < list.length; i++) list[i] = write(list[i], path, at + 1, members);
  else if (step < list.length) list[step] = write(list[step], path, at + 1, members);
  return list;
}

function set(object: Record<string, unknown>, name: string, value: unknown): void {
  // A member called __proto__ is a member as any other.
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Removes what is at a path. Changes `payload`; returns whether there was something. */
export function removeAt(payload: unknown, path: Path): boolean {
  return remove(payload, path, 0);
}

function remove(container: unknown, path: readonly Step[], at: number): boolean {
  const step = path[at]!;
  const isLast = at === path.length - 1;
  if (typeof step === "string") {
    if (!isObject(container) || !Object.hasOwn(container, step)) return false;
    if (isLast) {
      delete container[step];
      return true;
    }
    return remove(container[step], path, at + 1);
  }
  if (!Array.isArray(container)) return false;
  if (step === every) {
    if (isLast) return container.splice(0).length > 0;
    return (container as unknown[]).map((member) => remove(member, path, at + 1)).includes(true);
  }
  if (step >= container.length) return false;
  if (isLast) {
    container.splice(step, 1);
    return true;
  }
  return remove(container[step], path, at + 1);
}

/** What is left of a payload when only, or all but, what is at the paths is shown. */
export function project(
  payload: Readonly<Record<string, unknown>>,
  selection: { readonly include?: readonly Path[]; readonly exclude?: readonly Path[] },
): Record<string, unknown> {
  if (selection.include !== undefined) {
    const result = pick(payload, selection.include);
    return isObject(result) ? result : {};
  }
  const copy = structuredClone(payload) as Record<string, unknown>;
  for (const path of selection.exclude ?? []) removeAt(copy, path);
  return copy;
}

function pick(value: unknown, paths: readonly (readonly Step[])[]): unknown {
  if (paths.some((path) => path.length === 0)) return value;
  if (isObject(value)) {
    const result: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(value)) {
      const deeper = paths.filter((path) => path[0] === name).map((path) => path.slice(1));
      if (deeper.length === 0) continue;
      const picked = pick(member, deeper);
      if (picked !== undefined) set(result, name, picked);
    }
    return Object.keys(result).length === 0 && !paths.some((path) => path.length === 0) ? undefined : result;
  }
  if (Array.isArray(value)) {
    const result = (value as unknown[]).flatMap((member, index) => {
      const deeper = paths
        .filter((path) => path[0] === every || path[0] === index)
        .map((path) => path.slice(1));
      // "a.b" reaches into the members of a list, too.
      const through = paths.filter((path) => typeof path[0] === "string");
      const picked = pick(member, [...deeper, ...through]);
      return picked === undefined || deeper.length + through.length === 0 ? [] : [picked];
    });
    return result.length === 0 ? undefined : result;
  }
  return undefined;
}
