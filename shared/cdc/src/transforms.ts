import { isNumberText, type JsonObject, parseExact, writeExact } from "./exact-json.ts";
import { namespacePattern } from "./filters.ts";

/** What is put in the place of a masked value. */
export const mask = "****";

/** What happens to one field of the rows of some namespaces. */
export interface FieldRule {
  readonly namespaces: RegExp;
  /** The names on the way to it. */
  readonly path: readonly string[];
  readonly action: { readonly kind: "drop" | "mask" } | { readonly kind: "rename"; readonly to: string };
}

const rulePattern = /^(?:([^:]+):)?([^:=]+)(?:=([^:=.]+))?$/;

/**
 * Reads "password", "public.users:password", "*:address.street" and, for `rename`, "public.users:mail=email".
 *
 * @throws Error which says what is wrong with it
 */
export function readFieldRule(kind: FieldRule["action"]["kind"], text: string): FieldRule {
  const parts = rulePattern.exec(text);
  const [, namespaces = "*", field = "", to] = parts ?? [];
  if (parts === null || (kind === "rename") !== (to !== undefined)) {
    const form = kind === "rename" ? "[namespace:]field=name" : "[namespace:]field";
    throw new Error(`${JSON.stringify(text)} is not ${form}`);
  }
  return {
    namespaces: namespacePattern(namespaces),
    path: field.split("."),
    action: kind === "rename" ? { kind, to: to! } : { kind },
  };
}

/** Drops, masks and renames fields of a row that is JSON. The text of what no rule is about stays as it is. */
export class Transforms {
  readonly #rules: readonly FieldRule[];
  /** By the namespace: mostly there are none. */
  readonly #known = new Map<string, readonly FieldRule[]>();

  constructor(rules: readonly FieldRule[]) {
    this.#rules = rules;
  }

  apply(namespace: string, text: string): string {
    const rules = this.#of(namespace);
    if (rules.length === 0) return text;
    const row = parseExact(text);
    for (const { path, action } of rules) applyTo(row, path, action);
    return writeExact(row);
  }

  #of(namespace: string): readonly FieldRule[] {
    if (this.#rules.length === 0) return this.#rules;
    let rules = this.#known.get(namespace);
    if (rules === undefined) {
      rules = this.#rules.filter(({ namespaces }) => namespaces.test(namespace));
      if (this.#known.size > 10_000) this.#known.clear();
      this.#known.set(namespace, rules);
    }
    return rules;
  }
}

/** A list on the way means each of its elements. */
function applyTo(value: unknown, [name, ...rest]: readonly string[], action: FieldRule["action"]): void {
  if (Array.isArray(value)) {
    for (const element of value) applyTo(element, [name!, ...rest], action);
    return;
  }
  if (!isObject(value) || !Object.hasOwn(value, name!)) return;
  if (rest.length > 0) {
    applyTo(value[name!], rest, action);
    return;
  }
  if (action.kind === "rename") rename(value, name!, action.to);
  else if (action.kind === "drop") delete value[name!];
  else if (value[name!] !== null) value[name!] = mask;
}

/** In its place: the order of fields is the order of columns. */
function rename(row: JsonObject, from: string, to: string): void {
  const fields = Object.entries(row);
  for (const [name] of fields) delete row[name];
  for (const [name, value] of fields) row[name === from ? to : name] = value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !isNumberText(value);
}
