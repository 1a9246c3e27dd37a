import { isObject } from "../model/json.ts";

export interface GeoPoint {
  readonly lon: number;
  readonly lat: number;
}

/** Of the earth, metres: the mean that the IUGG recommends. */
const radiusMeters = 6_371_008.8;
const radians = Math.PI / 180;

export function geoPointOf(value: unknown): GeoPoint | undefined {
  if (!isObject(value)) return undefined;
  const { lon, lat } = value;
  return typeof lon === "number" && typeof lat === "number" ? { lon, lat } : undefined;
}

/** Metres between two points, along the earth (haversine). */
export function geoDistance(a: GeoPoint, b: GeoPoint): number {
  const [latA, latB] = [a.lat * radians, b.lat * radians];
  const h =
    Math.sin((latB - latA) / 2) ** 2 +
    Math.cos(latA) * Math.cos(latB) * Math.sin(((b.lon - a.lon) * radians) / 2) ** 2;
  return 2 * radiusMeters * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** Whether a point is in a box; one whose left side is east of its right side crosses the date line. */
export function isInBox(point: GeoPoint, topLeft: GeoPoint, bottomRight: GeoPoint): boolean {
  const isBetween =
    topLeft.lon > bottomRight.lon
      ? point.lon > topLeft.lon || point.lon < bottomRight.lon
      : point.lon > topLeft.lon && point.lon < bottomRight.lon;
  return isBetween && point.lat < topLeft.lat && point.lat > bottomRight.lat;
}

export function isInPolygon(
  point: GeoPoint,
  exterior: readonly GeoPoint[],
  interiors: readonly (readonly GeoPoint[])[],
): boolean {
  return isInRing(point, exterior, false) && !interiors.some((ring) => isInRing(point, ring, true));
}

function isInRing(point: GeoPoint, ring: readonly GeoPoint[], onBoundary: boolean): boolean {
  let isInside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const a = ring[i]!;
    const b = ring[j]!;
    const isOnLine =
      point.lon * (a.lat - b.lat) + a.lon * (b.lat - point.lat) + b.lon * (point.lat - a.lat) === 0;
    if (
      isOnLine &&
      (a.lat - point.lat) * (b.lat - point.lat) <= 0 &&
      (a.lon - point.lon) * (b.lon - point.lon) <= 0
    ) {
      // A ring that ends where it began has a side without a length.
      if (a.lat !== b.lat || a.lon !== b.lon) return onBoundary;
    }
    const crosses =
      a.lon > point.lon !== b.lon > point.lon &&
      point.lat < ((b.lat - a.lat) * (point.lon - a.lon)) / (b.lon - a.lon) + a.lat;
    if (crosses) isInside = !isInside;
  }
  return isInside;
}
