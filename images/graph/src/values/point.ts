import { argumentError } from "../errors.ts";

/** Coordinate systems by their EPSG number, and what their coordinates are called. */
export const coordinateSystems = {
  4326: { name: "wgs-84", dimensions: 2, isGeographic: true },
  4979: { name: "wgs-84-3d", dimensions: 3, isGeographic: true },
  7203: { name: "cartesian", dimensions: 2, isGeographic: false },
  9157: { name: "cartesian-3d", dimensions: 3, isGeographic: false },
} as const;

export type Srid = keyof typeof coordinateSystems;

/** POINT */
export class PointValue {
  readonly srid: Srid;
  readonly x: number;
  readonly y: number;
  readonly z: number | undefined;

  constructor(srid: Srid, x: number, y: number, z: number | undefined) {
    if (![x, y, z ?? 0].every(Number.isFinite))
      throw argumentError("Cannot create a point with an infinite or NaN coordinate");
    this.srid = srid;
    this.x = x;
    this.y = y;
    this.z = z;
  }
}

export function sridByName(name: string): Srid | undefined {
  for (const [srid, system] of Object.entries(coordinateSystems))
    if (system.name === name.toLowerCase()) return Number(srid) as Srid;
  return undefined;
}

export function isSrid(srid: number): srid is Srid {
  return srid in coordinateSystems;
}

const earthRadius = 6_378_140;

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}

/** Metres on the earth, or the units of the plane; undefined for points of different systems. */
export function distance(a: PointValue, b: PointValue): number | undefined {
  if (a.srid !== b.srid) return undefined;
  const { isGeographic } = coordinateSystems[a.srid];
  const height = (b.z ?? 0) - (a.z ?? 0);
  if (!isGeographic) return Math.hypot(b.x - a.x, b.y - a.y, height);
  const [latA, latB] = [radians(a.y), radians(b.y)];
  const half =
    Math.sin((latB - latA) / 2) ** 2 +
    Math.cos(latA) * Math.cos(latB) * Math.sin(radians(b.x - a.x) / 2) ** 2;
  const arc = 2 * Math.asin(Math.min(1, Math.sqrt(half)));
  if (a.z === undefined) return arc * earthRadius;
  return Math.hypot(arc * (earthRadius + ((a.z ?? 0) + (b.z ?? 0)) / 2), height);
}

function decimal(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(value);
}

export function formatPoint({ srid, x, y, z }: PointValue): string {
  const coordinates = [
    `x: ${decimal(x)}`,
    `y: ${decimal(y)}`,
    ...(z === undefined ? [] : [`z: ${decimal(z)}`]),
  ];
  const { isGeographic } = coordinateSystems[srid];
  const names = isGeographic ? coordinates : coordinates;
  return `point({${names.join(", ")}, crs: '${coordinateSystems[srid].name}'})`;
}
