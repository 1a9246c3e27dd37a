import type { Collection } from "../../collections/collection.ts";
import type { Point, Wanted } from "../../collections/read-points.ts";
import { invalid } from "../../errors.ts";
import { isObject } from "../../model/json.ts";
import { parsePath, project } from "../../model/payload-path.ts";
import { isNumberKey, numberOfKey, type PointKey, textOfKey } from "../../model/point-id.ts";
import type { VectorValue } from "../../model/vector-value.ts";

/** What of a point is told, as requests say it. */
export interface Telling {
  readonly wanted: Wanted;
  payload(payload: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

/** A point as faces tell it. */
export interface ToldPoint {
  readonly id: number | bigint | string;
  readonly version?: number;
  readonly score?: number;
  readonly payload?: Readonly<Record<string, unknown>>;
  /** By name; the one without a name has the name "". */
  readonly vectors?: ReadonlyMap<string, VectorValue>;
  readonly order_value?: number | bigint;
}

export function tellingOf(
  withPayload: unknown,
  withVectors: unknown,
  defaults: { readonly payload: boolean } = { payload: false },
): Telling {
  const payload = withPayload ?? defaults.payload;
  const vectors = (withVectors ?? false) as boolean | readonly string[];
  const wanted = { payload: payload !== false, vectors, isNormalized: true };
  if (typeof payload === "boolean") return { wanted, payload: (whole) => whole };
  const paths = (list: unknown) => (list as string[]).map(parsePath);
  if (Array.isArray(payload)) {
    const include = paths(payload);
    return { wanted, payload: (whole) => project(whole, { include }) };
  }
  if (!isObject(payload))
    throw invalid(
      "Format error in JSON body: with_payload is a flag, a list, or an object with include or exclude",
    );
  if (payload.include != null) {
    const include = paths(payload.include);
    return { wanted, payload: (whole) => project(whole, { include }) };
  }
  const exclude = paths(payload.exclude ?? []);
  return { wanted, payload: (whole) => project(whole, { exclude }) };
}

export function idOf(key: PointKey): number | bigint | string {
  if (!isNumberKey(key)) return textOfKey(key);
  const value = numberOfKey(key);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

export function tell(
  {
    slot,
    key,
    payload,
    vectors,
    ...rest
  }: Point & { readonly score?: number; readonly order_value?: number | bigint },
  telling: Telling,
  isVersioned = true,
): ToldPoint {
  return {
    id: idOf(key),
    ...(isVersioned && { version: slot }),
    ...rest,
    ...(telling.wanted.payload && { payload: telling.payload(payload) }),
    ...(telling.wanted.vectors !== false && { vectors }),
  };
}

/** A vector as JSON has it. */
export function jsonVector(value: VectorValue): unknown {
  switch (value.kind) {
    case "dense":
      return Array.from(value.values, shortest);
    case "multi":
      return value.rows.map((row) => Array.from(row, shortest));
    case "sparse":
      return { indices: Array.from(value.indices), values: Array.from(value.values, shortest) };
  }
}

/** The shortest number that is read as the same float. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}

/** A point as the REST interface tells it. */
export function jsonPoint({ vectors, ...point }: ToldPoint, collection: Collection): object {
  if (vectors === undefined) return point;
  const isUnnamed = collection.kindOf("") !== undefined && collection.positions.size === 1;
  if (isUnnamed) {
    const value = vectors.get("");
    return { ...point, ...(value !== undefined && { vector: jsonVector(value) }) };
  }
  return {
    ...point,
    vector: Object.fromEntries(Array.from(vectors, ([name, value]) => [name, jsonVector(value)])),
  };
}
