import type { Position } from "./position.ts";
import type { Shape } from "./shapes.ts";

/** On a plane: what legacy pairs and $box, $center and $polygon are about. */

/** Every corner of a shape: on a plane, shapes are taken by them. */
export function cornersOf(shape: Shape): readonly Position[] {
  return [...shape.points, ...shape.lines.flat(), ...shape.polygons.flat(2)];
}

export function planeDistance(a: Position, b: Position): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
