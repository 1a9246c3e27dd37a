import type { Value } from "../bson/values.ts";
import { planeDistance } from "./plane.ts";
import type { Position } from "./position.ts";
import { storedShape } from "./shapes.ts";
import { distance, earthRadius } from "./sphere.ts";

/** What $near and $nearSphere ask for: those that are nearest to a place. */
export interface NearQuery {
  readonly center: Position;
  /** How distances are told: in metres, in radians, or in the units of the plane. */
  readonly unit: "metres" | "radians" | "plane";
  readonly min: number;
  readonly max: number;
}

/** How far a stored value is from where is asked for; undefined for what is no place. */
export function distanceOf(value: Value | undefined, near: NearQuery): number | undefined {
  const shape = storedShape(value);
  if (shape === undefined) return undefined;
  if (near.unit === "plane") {
    const at = shape.points[0];
    return at === undefined ? undefined : planeDistance(at, near.center);
  }
  const angle = distance(shape, near.center);
  return near.unit === "metres" ? angle * earthRadius : angle;
}
