import { toDouble } from "../bson/numbers.ts";
import { show } from "../bson/show.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { badValue, MongoError, notSupported } from "../errors.ts";
import type { NearQuery } from "./near.ts";
import { cornersOf, planeDistance } from "./plane.ts";
import { isInPlanePolygon } from "./plane-polygon.ts";
import type { Position } from "./position.ts";
import { type GeoPredicate, predicateOf } from "./predicate.ts";
import { emptyShape, legacyPoint, readGeoJson, requireShape, type Shape } from "./shapes.ts";
import { intersects, isWithin, isWithinCap } from "./sphere.ts";

/** $geoWithin and $geoIntersects. @throws MongoError 2 */
export function parseGeoOperator(operator: string, operand: Value): GeoPredicate {
  if (!(operand instanceof Doc))
    throw badValue(`${operator === "$geoIntersects" ? "geometry" : operator} must be an object`);
  const specifier = operand.firstKey;
  if (specifier === undefined)
    throw badValue(`${operator} not supported with provided geometry: ${show(operand)}`);
  if (operator === "$geoIntersects") {
    if (operand.size > 1 && specifier === "$geometry")
      throw badValue("$geoIntersects takes only a $geometry");
    if (specifier !== "$geometry")
      throw badValue(`unknown geo specifier: ${specifier}: ${show(operand.get(specifier))}`);
    const shape = geometryOf(operand);
    return { ...predicateOf((stored) => intersects(stored, shape)), shape };
  }
  for (const name of operand.keys()) {
    if (!["$geometry", "$box", "$center", "$centerSphere", "$polygon", "$uniqueDocs"].includes(name)) {
      throw badValue(`unknown geo specifier: ${name}: ${show(operand.get(name))}`);
    }
  }
  if ([...operand.keys()].filter((name) => name !== "$uniqueDocs").length > 1) {
    throw badValue("geo specifiers cannot be combined");
  }
  const value = operand.get(specifier)!;
  switch (specifier) {
    case "$geometry": {
      const shape = geometryOf(operand);
      if (shape.polygons.length === 0 || shape.points.length > 0 || shape.lines.length > 0) {
        throw badValue(`$geoWithin not supported with provided geometry: ${show(operand)}`);
      }
      return { ...predicateOf((stored) => isWithin(stored, shape)), shape };
    }
    case "$box": {
      const [a, b] = corners(value, "$box", 2, 2) as [Position, Position];
      const [low, high] = [
        [Math.min(a[0], b[0]), Math.min(a[1], b[1])],
        [Math.max(a[0], b[0]), Math.max(a[1], b[1])],
      ] as const;
      return predicateOf(onPlane(([x, y]) => x >= low[0]! && x <= high[0]! && y >= low[1]! && y <= high[1]!));
    }
    case "$polygon": {
      const outline = corners(value, "$polygon", 3, Number.POSITIVE_INFINITY);
      return predicateOf(onPlane((at) => isInPlanePolygon(at, outline)));
    }
    case "$center": {
      const { center, radius } = circle(value, "$center");
      return predicateOf(onPlane((at) => planeDistance(at, center) <= radius));
    }
    case "$centerSphere": {
      const { center, radius } = circle(value, "$centerSphere");
      requireOnSphere(center);
      return predicateOf((shape) => isWithinCap(shape, center, radius));
    }
    default:
      throw badValue(`unknown geo specifier: ${specifier}: ${show(value)}`);
  }
}

/** Only points are on the plane. */
function onPlane(test: (at: Position) => boolean): (shape: Shape) => boolean {
  return (shape) => shape.lines.length === 0 && shape.polygons.length === 0 && cornersOf(shape).every(test);
}

const strictCrs = "urn:x-mongodb:crs:strictwinding:EPSG:4326";
const knownCrs = new Set(["EPSG:4326", "urn:ogc:def:crs:OGC:1.3:CRS84", strictCrs]);

function geometryOf(operand: Doc): Shape {
  const geometry = operand.get("$geometry");
  if (Array.isArray(geometry)) {
    const at = legacyPoint(geometry);
    if (at !== undefined) return { ...emptyShape, points: [at] };
  }
  if (!(geometry instanceof Doc)) throw badValue(`$geometry must be an object, not ${typeName(geometry)}`);
  if (!geometry.has("type")) {
    const at = legacyPoint(geometry);
    if (at !== undefined) return { ...emptyShape, points: [at] };
  }
  const crs = geometry.get("crs");
  if (crs !== undefined) {
    if (!(crs instanceof Doc)) throw badValue("GeoJSON CRS must be an object");
    if (crs.get("type") !== "name") throw badValue('GeoJSON CRS must have field "type": "name"');
    const properties = crs.get("properties");
    const name = properties instanceof Doc ? properties.get("name") : undefined;
    if (typeof name !== "string") throw badValue('In CRS, "properties.name" must be a string');
    if (!knownCrs.has(name)) throw badValue(`Unknown CRS name: ${name}`);
    if (name === strictCrs) {
      if (geometry.get("type") !== "Polygon")
        throw badValue("Strict winding order is only supported by polygon");
      throw notSupported("the CRS for polygons larger than half of the sphere");
    }
  }
  return requireShape(geometry);
}

function corners(value: Value, name: string, min: number, max: number): Position[] {
  const values = Array.isArray(value) ? value : value instanceof Doc ? [...value.values()] : undefined;
  if (values === undefined) throw badValue(`${name} has to be an array`);
  if (values.length < min)
    throw badValue(
      name === "$polygon" ? "Polygon must have at least 3 points" : "Point must be an array or object",
    );
  const found = values.map((one) => {
    if (!Array.isArray(one) && !(one instanceof Doc)) throw badValue("Point must be an array or object");
    if ((Array.isArray(one) ? one.length : one.size) > 2)
      throw badValue("Point must only contain two numeric elements");
    const at = legacyPoint(one);
    if (at === undefined) throw badValue("Point must only contain numeric elements");
    if (!Number.isFinite(at[0]) || !Number.isFinite(at[1]))
      throw badValue("Point coordinates must be finite");
    return at;
  });
  return found.slice(0, max);
}

function circle(value: Value, name: string): { center: Position; radius: number } {
  const values = Array.isArray(value) ? value : value instanceof Doc ? [...value.values()] : undefined;
  if (values === undefined) throw badValue(`${name} has to be an array`);
  const [at, size] = values;
  if (!Array.isArray(at) && !(at instanceof Doc)) throw badValue("Point must be an array or object");
  if ((Array.isArray(at) ? at.length : at.size) > 2)
    throw badValue("Point must only contain two numeric elements");
  const center = legacyPoint(at);
  if (center === undefined) throw badValue("Point must only contain numeric elements");
  if (!Number.isFinite(center[0]) || !Number.isFinite(center[1]))
    throw badValue("Point coordinates must be finite numbers");
  if (!isNumeric(size)) throw badValue("radius must be a number");
  const radius = toDouble(size);
  if (!(radius >= 0)) throw badValue("radius must be a non-negative number");
  if (values.length > 2) throw badValue("Only 2 fields allowed for circular region");
  return { center, radius };
}

function requireOnSphere([longitude, latitude]: Position): void {
  if (longitude >= -180 && longitude <= 180 && latitude >= -90 && latitude <= 90) return;
  throw badValue(
    `Spherical distance would require (unimplemented) wrapping: longitude/latitude is out of bounds`,
  );
}

/** $near, $nearSphere and $geoNear. @throws MongoError 2 */
export function parseNear(operator: string, operand: Value, spec: Doc): NearQuery {
  // Beside a place of the plane they have codes of their own.
  const isLegacy = !(operand instanceof Doc && operand.has("$geometry"));
  let [min, max] = [
    boundOf(spec.get("$minDistance"), "$minDistance", 0, isLegacy ? [16893, 16894] : undefined),
    boundOf(
      spec.get("$maxDistance"),
      "$maxDistance",
      Number.POSITIVE_INFINITY,
      isLegacy ? [16895, 16896] : undefined,
    ),
  ];
  if (operand instanceof Doc && operand.has("$geometry")) {
    for (const name of operand.keys()) {
      if (!["$geometry", "$minDistance", "$maxDistance"].includes(name))
        throw badValue(`invalid argument in geo near query: ${name}`);
    }
    const geometry = operand.get("$geometry");
    if (!(geometry instanceof Doc)) throw badValue("$geometry must be an object");
    const shape = geometry.has("type")
      ? readGeoJson(geometry)
      : readGeoJson(geometry.copy().set("type", "Point"));
    if (typeof shape === "string")
      throw badValue(`invalid point in geo near query $geometry argument: ${show(geometry)}  ${shape}`);
    const center = shape.points[0];
    if (center === undefined || (geometry.get("type") ?? "Point") !== "Point")
      throw badValue(`invalid point in geo near query $geometry argument: ${show(geometry)}`);
    min = boundOf(operand.get("$minDistance"), "$minDistance", min);
    max = boundOf(operand.get("$maxDistance"), "$maxDistance", max);
    return { center, unit: "metres", min, max };
  }
  if (!Array.isArray(operand) && !(operand instanceof Doc))
    throw badValue(`near must be first in: ${show(operand)}`);
  const values = Array.isArray(operand) ? operand : [...operand.values()];
  const [x, y, third] = values;
  if (!isNumeric(x) || !isNumeric(y)) throw badValue(`invalid argument in geo near query: ${show(operand)}`);
  if (third !== undefined) {
    if (!isNumeric(third)) throw badValue(`invalid argument in geo near query: ${show(third)}`);
    max = boundOf(third, "$maxDistance", max);
  }
  const center: Position = [toDouble(x), toDouble(y)];
  if (!Number.isFinite(center[0]) || !Number.isFinite(center[1]))
    throw badValue("invalid point in geo near query");
  const isSphere = operator === "$nearSphere";
  if (isSphere) requireOnSphere(center);
  return { center, unit: isSphere ? "radians" : "plane", min, max };
}

/** @throws MongoError with the codes for what is no number, and for one that is no distance */
function boundOf(
  value: Value | undefined,
  name: string,
  fallback: number,
  [noNumber, noDistance]: readonly [number, number] = [2, 2],
): number {
  if (value === undefined) return fallback;
  if (!isNumeric(value)) throw new MongoError(noNumber, `${name} must be a number`);
  const bound = toDouble(value);
  if (!(bound >= 0)) throw new MongoError(noDistance, `${name} must be non-negative`);
  return bound;
}
