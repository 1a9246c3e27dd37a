import { toDouble } from "../bson/numbers.ts";
import { isNumeric } from "../bson/types.ts";
import { Double, type Numeric, type Value } from "../bson/values.ts";

/** Values in the place of those that are null: of $fill, $locf and $linearFill. */

/** Each value, or the last one before it that there was. */
export function carried(values: readonly Value[]): Value[] {
  let last: Value = null;
  return values.map((value) => {
    last = value ?? last;
    return last;
  });
}

/** Between two numbers, by the way between their places in the order. */
export function linear(values: readonly Value[], places: readonly Value[]): Value[] {
  const at = (value: Value | undefined): number => {
    if (isNumeric(value)) return toDouble(value);
    if (value !== null && typeof value === "object" && "ms" in value) return Number(value.ms);
    return Number.NaN;
  };
  const result = [...values];
  let before = -1;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === null) continue;
    if (before >= 0) {
      const [low, high] = [values[before]!, values[i]!];
      if (isNumeric(low) && isNumeric(high)) {
        for (let gap = before + 1; gap < i; gap++) {
          const share = (at(places[gap]) - at(places[before])) / (at(places[i]) - at(places[before]));
          result[gap] = between(low, high, share);
        }
      }
    }
    before = i;
  }
  return result;
}

function between(low: Numeric, high: Numeric, share: number): Value {
  const value = toDouble(low) + (toDouble(high) - toDouble(low)) * share;
  return doubleValue(value);
}

function doubleValue(value: number): Value {
  return new Double(value);
}
