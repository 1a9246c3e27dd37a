import { formatTemporal } from "./format-temporal.ts";
import { formatPoint, PointValue } from "./point.ts";
import { DurationValue, isTemporal } from "./temporal.ts";
import { isList, isMap, type Value } from "./types.ts";

/** A FLOAT as Java writes a double, which is what Neo4j's toString gives. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}

/** What toString() gives for values that have a text; undefined for the rest. */
export function textOf(value: Value): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return formatFloat(value);
  }
  if (value === null) return undefined;
  if (isTemporal(value) || value instanceof DurationValue) return formatTemporal(value);
  if (value instanceof PointValue) return formatPoint(value);
  return undefined;
}

/** A value as messages show it. */
export function displayOf(value: Value): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return `String("${value}")`;
  if (typeof value === "bigint") return `Long(${value})`;
  if (typeof value === "number") return `Double(${formatFloat(value)})`;
  if (typeof value === "boolean") return `Boolean('${value}')`;
  if (isList(value)) return `List{${value.map(displayOf).join(", ")}}`;
  if (isMap(value))
    return `Map{${[...value].map(([key, item]) => `${key} -> ${displayOf(item)}`).join(", ")}}`;
  return textOf(value) ?? value.constructor.name;
}
