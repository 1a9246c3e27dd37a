import type { SettingPath, Settings } from "../settings.ts";

/** A value of the chart: where it is, what it is by default, what it means, and what may be there. */
export interface ChartValue {
  readonly path: SettingPath;
  readonly fallback: unknown;
  readonly doc: string;
  readonly schema: object;
}

/** What stands for a mark in the text of a template. */
export type Expression =
  /** Within a line, or as a whole value, which `isText` puts in quotation marks. */
  | { readonly kind: "inline"; readonly code: string; readonly isText: boolean }
  /** The value of a field, as YAML on the lines below it. */
  | { readonly kind: "block"; readonly code: string }
  /** A whole field that is left out when it is empty. */
  | { readonly kind: "optional"; readonly code: string; readonly field: string; readonly isText: boolean }
  /** Fields beside those that are there, left out when there are none. */
  | { readonly kind: "merge"; readonly code: string }
  /** A line of its own, `if` or `end`. */
  | { readonly kind: "line"; readonly code: string };

/**
 * Settings as values of a chart. The objects get marks in their places, which `renderTemplate` replaces; the values are collected
 * on the way, so that what the chart can be told is what its templates read.
 */
export class ChartSettings implements Settings {
  readonly #values = new Map<string, ChartValue>();
  readonly #expressions: Expression[] = [];

  /** Every value that was asked for, in that order. */
  get values(): readonly ChartValue[] {
    return [...this.#values.values()];
  }

  /** What stands for the mark with that number. */
  expression(number: number): Expression {
    const expression = this.#expressions[number];
    if (expression === undefined) throw new RangeError(`there is no mark ${number}`);
    return expression;
  }

  /** Any code of the template language that gives a text. */
  inline(code: string): string {
    return this.#mark({ kind: "inline", code, isText: true });
  }

  text(path: SettingPath, fallback: string, doc: string, oneOf?: readonly string[]): string {
    const code = this.#value(path, fallback, doc, { type: "string", ...(oneOf && { enum: oneOf }) });
    return this.#mark({ kind: "inline", code, isText: true });
  }

  number(path: SettingPath, fallback: number, doc: string): number {
    const code = this.#value(path, fallback, doc, { type: "integer", minimum: 0 });
    return this.#mark({ kind: "inline", code, isText: false }) as unknown as number;
  }

  block<T extends object>(path: SettingPath, fallback: T, doc: string): T {
    const code = this.#value(path, fallback, doc, { type: typeOf(fallback) });
    return this.#mark({ kind: "block", code }) as unknown as T;
  }

  optional(path: SettingPath, field: string, fallback: object | string, doc: string): object {
    const code = this.#value(path, fallback, doc, { type: typeOf(fallback) });
    const isText = typeof fallback === "string";
    return this.#lines({ kind: "optional", code, field, isText });
  }

  /** The fields of an object, all texts, beside those that are there. */
  texts(path: SettingPath, fallback: Readonly<Record<string, string>>, doc: string): object {
    const schema = { type: "object", additionalProperties: { type: "string" } };
    return this.#lines({ kind: "merge", code: this.#value(path, fallback, doc, schema) });
  }

  podAnnotations(workload: string): object {
    const checksum = this.inline(
      `include (print $.Template.BasePath "/${workload}-config.yaml") $ | sha256sum`,
    );
    const given = this.texts([workload, "podAnnotations"], {}, "Annotations of its pods.");
    // Pods are replaced when their ConfigMap changes.
    return { annotations: { "checksum/config": checksum, ...given } };
  }

  fields(path: SettingPath, isOn: boolean, doc: string, fields: object): object {
    const code = this.#value(path, isOn, doc, { type: "boolean" });
    return {
      ...this.#lines({ kind: "line", code: `if ${code}` }),
      ...fields,
      ...this.#lines({ kind: "line", code: "end" }),
    };
  }

  items<T>(path: SettingPath, isOn: boolean, doc: string, when: "on" | "off", items: readonly T[]): T[] {
    const code = this.#value(path, isOn, doc, { type: "boolean" });
    const opening = this.#mark({ kind: "line", code: `if ${when === "on" ? code : `not ${code}`}` });
    return [opening as T, ...items, this.#mark({ kind: "line", code: "end" }) as T];
  }

  /** Notes a value, once; its code. */
  #value(path: SettingPath, fallback: unknown, doc: string, schema: object): string {
    const name = path.join(".");
    if (!this.#values.has(name)) this.#values.set(name, { path, fallback, doc, schema });
    return `$.Values.${name}`;
  }

  /** A field that is a mark: a line or lines of their own. */
  #lines(expression: Expression): object {
    return { [this.#mark(expression)]: null };
  }

  #mark(expression: Expression): string {
    this.#expressions.push(expression);
    return `⟪${this.#expressions.length - 1}⟫`;
  }
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value;
}
