import type { Position } from "./position.ts";
import type { Shape } from "./shapes.ts";

/** On the sphere, with the earth's radius that MongoDB has. */
export const earthRadius = 6_378_100;

type Vector = readonly [number, number, number];

const radians = Math.PI / 180;

function vector([longitude, latitude]: Position): Vector {
  const [lambda, phi] = [longitude * radians, latitude * radians];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function norm(a: Vector): number {
  return Math.hypot(a[0], a[1], a[2]);
}

function angle(a: Vector, b: Vector): number {
  return Math.atan2(norm(cross(a, b)), dot(a, b));
}

/** The angle between two places, in radians. */
export function arc(a: Position, b: Position): number {
  return angle(vector(a), vector(b));
}

/** Below this angle (less than a millimetre) two places are the same. */
const nearRadians = 1e-11;

function distanceToEdge(p: Vector, a: Vector, b: Vector): number {
  const normal = cross(a, b);
  const length = norm(normal);
  if (length < 1e-15) return angle(p, a);
  // Beside the edge the way is straight to its great circle, else to one of its ends.
  if (dot(cross(normal, a), p) >= 0 && dot(cross(b, normal), p) >= 0) {
    return Math.abs(Math.asin(Math.max(-1, Math.min(1, dot(p, normal) / length))));
  }
  return Math.min(angle(p, a), angle(p, b));
}

function edgesOf(loop: readonly Position[], isClosed: boolean): readonly (readonly [Vector, Vector])[] {
  const corners = loop.map(vector);
  const count = isClosed ? corners.length : corners.length - 1;
  return Array.from({ length: count }, (_, i) => [corners[i]!, corners[(i + 1) % corners.length]!] as const);
}

/** Whether a place is in a loop: on its smaller side. By the sum of the angles under which its edges are seen. */
function isInLoop(place: Position, loop: readonly Position[]): boolean {
  const p = vector(place);
  let turns = 0;
  for (const [a, b] of edgesOf(loop, true)) {
    if (distanceToEdge(p, a, b) < nearRadians) return true;
    const [toA, toB] = [cross(p, a), cross(p, b)];
    turns += Math.atan2(dot(p, cross(toA, toB)), dot(toA, toB));
  }
  if (Math.abs(turns) < Math.PI) return false;
  // Seen from the other side of the earth a loop goes around too.
  return dot(p, middle(loop)) >= 0 || isLargeLoop(loop);
}

function middle(loop: readonly Position[]): Vector {
  const sum: [number, number, number] = [0, 0, 0];
  for (const corner of loop) {
    const v = vector(corner);
    for (const i of [0, 1, 2] as const) sum[i] += v[i];
  }
  return sum;
}

function isLargeLoop(loop: readonly Position[]): boolean {
  return norm(middle(loop)) / loop.length < 0.05;
}

function isInPolygon(place: Position, polygon: readonly (readonly Position[])[]): boolean {
  const [outline, ...holes] = polygon;
  return isInLoop(place, outline!) && !holes.some((hole) => isInLoop(place, hole) && !isOnLoop(place, hole));
}

function isOnLoop(place: Position, loop: readonly Position[]): boolean {
  const p = vector(place);
  return edgesOf(loop, true).some(([a, b]) => distanceToEdge(p, a, b) < nearRadians);
}

function edgesCross([a, b]: readonly [Vector, Vector], [c, d]: readonly [Vector, Vector]): boolean {
  const [ab, cd] = [cross(a, b), cross(c, d)];
  const sides = [dot(ab, c), dot(ab, d), dot(cd, a), dot(cd, b)] as const;
  const isProper = sides[0] * sides[1] < 0 && sides[2] * sides[3] < 0;
  // The great circles meet at two places; both edges must be at the same one.
  return isProper && dot(cross(ab, cd), a) * dot(cross(ab, cd), c) > 0;
}

function edgesTouch(x: readonly [Vector, Vector], y: readonly [Vector, Vector]): boolean {
  if (edgesCross(x, y)) return true;
  return (
    distanceToEdge(x[0], ...y) < nearRadians ||
    distanceToEdge(x[1], ...y) < nearRadians ||
    distanceToEdge(y[0], ...x) < nearRadians ||
    distanceToEdge(y[1], ...x) < nearRadians
  );
}

interface Parts {
  readonly edges: readonly (readonly [Vector, Vector])[];
  readonly corners: readonly Position[];
}

function partsOf(shape: Shape): Parts {
  const edges = [
    ...shape.lines.flatMap((line) => edgesOf(line, false)),
    ...shape.polygons.flatMap((polygon) => polygon.flatMap((loop) => edgesOf(loop, true))),
  ];
  const corners = [...shape.points, ...shape.lines.flat(), ...shape.polygons.flat(2)];
  return { edges, corners };
}

/** Whether two shapes have a place in common. */
export function intersects(a: Shape, b: Shape): boolean {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (const place of left.corners)
    if (b.polygons.some((polygon) => isInPolygon(place, polygon))) return true;
  for (const place of right.corners)
    if (a.polygons.some((polygon) => isInPolygon(place, polygon))) return true;
  for (const x of left.edges) for (const y of right.edges) if (edgesTouch(x, y)) return true;
  for (const place of a.points) {
    const p = vector(place);
    if (right.edges.some((edge) => distanceToEdge(p, ...edge) < nearRadians)) return true;
    if (b.points.some((other) => arc(place, other) < nearRadians)) return true;
  }
  for (const place of b.points) {
    const p = vector(place);
    if (left.edges.some((edge) => distanceToEdge(p, ...edge) < nearRadians)) return true;
  }
  return false;
}

/** Whether all of a shape is in polygons. */
export function isWithin(inner: Shape, outer: Shape): boolean {
  const { edges, corners } = partsOf(inner);
  if (outer.polygons.length === 0) return false;
  if (!corners.every((place) => outer.polygons.some((polygon) => isInPolygon(place, polygon)))) return false;
  const walls = outer.polygons.flatMap((polygon) => polygon.flatMap((loop) => edgesOf(loop, true)));
  if (edges.some((edge) => walls.some((wall) => edgesCross(edge, wall)))) return false;
  // A hole of the outer one that lies in the inner one is not in the outer one.
  return !outer.polygons.some(([, ...holes]) =>
    holes.some((hole) =>
      inner.polygons.some((polygon) => hole.every((place) => isInPolygon(place, polygon))),
    ),
  );
}

/** Whether all of a shape is so near to a place. */
export function isWithinCap(shape: Shape, center: Position, radius: number): boolean {
  if (radius >= Math.PI) return true;
  return partsOf(shape).corners.every((place) => arc(place, center) <= radius);
}

/** How far it is from a place to the nearest part of a shape, in radians. */
export function distance(shape: Shape, from: Position): number {
  if (shape.polygons.some((polygon) => isInPolygon(from, polygon))) return 0;
  const p = vector(from);
  let nearest = Number.POSITIVE_INFINITY;
  for (const place of shape.points) nearest = Math.min(nearest, arc(place, from));
  for (const edge of partsOf(shape).edges) nearest = Math.min(nearest, distanceToEdge(p, ...edge));
  return nearest;
}
