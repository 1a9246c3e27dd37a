/** What a front-matter value is compared and sorted as. */
export type FieldKind = "string" | "number" | "boolean" | "date";

/** A value as the table `fields` holds it: booleans are 0 and 1, dates milliseconds since the Unix epoch. */
export interface FieldValue {
  readonly kind: FieldKind;
  readonly value: string | number;
}

/** Strings longer than this (UTF-16 units) are kept in the document but cannot be filtered or sorted by. */
export const indexedStringMax = 512;

/** `2026-03-14`, and with a time of day `2026-03-14T09:26:53.589Z` or with an offset; without one it is UTC. */
const datePattern =
  /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?(?:Z|[+-]\d{2}(?::?\d{2})?))?)?$/;

/** How a scalar is compared; undefined for what is not indexed (null, NaN, long strings). */
export function fieldValueOf(value: unknown): FieldValue | undefined {
  switch (typeof value) {
    case "boolean":
      return { kind: "boolean", value: value ? 1 : 0 };
    case "number":
      return Number.isFinite(value) ? { kind: "number", value } : undefined;
    case "string": {
      const date = dateOf(value);
      if (date !== undefined) return { kind: "date", value: date };
      return value.length <= indexedStringMax ? { kind: "string", value } : undefined;
    }
    default:
      return undefined;
  }
}

/** Milliseconds since the Unix epoch when the text is an ISO 8601 date, with or without a time of day. */
export function dateOf(text: string): number | undefined {
  if (text.length > 40 || !datePattern.test(text)) return undefined;
  const [day = "", time] = [text.slice(0, 10), text.slice(11)];
  const zone = time === "" || /(?:Z|[+-]\d{2}(?::?\d{2})?)$/.test(time) ? "" : "Z";
  const normal =
    time === "" ? day : `${day}T${time.replace(" ", "").replace(/([+-]\d{2})$/, "$1:00")}${zone}`;
  const ms = Date.parse(normal);
  // There is no 30 February, though Date.parse takes it for 1 March.
  const isDay = new Date(`${day}T00:00Z`).getUTCDate() === Number(day.slice(8));
  return Number.isNaN(ms) || !isDay ? undefined : ms;
}

/** A value as people write it. */
export function fieldText(kind: FieldKind, value: string | number): string {
  if (kind === "boolean") return value === 1 ? "true" : "false";
  if (kind === "date") return new Date(Number(value)).toISOString().replace(/T00:00:00\.000Z$/, "");
  return String(value);
}
