import { argumentError, typeError } from "../errors.ts";
import { coordinateSystems, distance, isSrid, PointValue, type Srid, sridByName } from "../values/point.ts";
import { type CypherMap, isMap, NodeRef, RelRef, type Value } from "../values/types.ts";
import { define, type FunctionDefinition } from "./definition.ts";
import { propertiesOf, propertyMap } from "./graph-functions.ts";

function coordinate(map: CypherMap, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = map.get(name);
    if (value === undefined) continue;
    if (typeof value !== "number" && typeof value !== "bigint")
      throw argumentError(`Cannot assign ${name}: a point's coordinates are numbers`);
    return Number(value);
  }
  return undefined;
}

function pointFrom(map: CypherMap): Value {
  if ([...map.values()].includes(null)) return null;
  const isGeographic = map.has("longitude") || map.has("latitude");
  const x = coordinate(map, "x", "longitude");
  const y = coordinate(map, "y", "latitude");
  const z = coordinate(map, "z", "height");
  if (x === undefined || y === undefined)
    throw argumentError("A point must contain either 'x' and 'y' or 'latitude' and 'longitude'");
  const crs = map.get("crs");
  const number = map.get("srid");
  let srid: Srid | undefined;
  if (typeof crs === "string") {
    srid = sridByName(crs);
    if (srid === undefined) throw argumentError(`Unknown coordinate reference system: ${crs}`);
  } else if (typeof number === "bigint") {
    if (!isSrid(Number(number))) throw argumentError(`Unknown coordinate reference system code: ${number}`);
    srid = Number(number) as Srid;
  } else srid = isGeographic ? (z === undefined ? 4326 : 4979) : z === undefined ? 7203 : 9157;
  const system = coordinateSystems[srid];
  if (isGeographic && !system.isGeographic)
    throw argumentError("Geographic points do not support coordinate reference system: cartesian");
  if ((system.dimensions === 3) !== (z !== undefined))
    throw argumentError(
      `Cannot create point with ${system.dimensions}D coordinate reference system and ${z === undefined ? 2 : 3} coordinates`,
    );
  if (!system.isGeographic) return new PointValue(srid, x, y, z);
  if (Math.abs(y) > 90)
    throw argumentError(`Cannot create WGS84 point with invalid coordinate: latitude ${y}`);
  const wrapped = x > 180 || x < -180 ? ((((x + 180) % 360) + 360) % 360) - 180 : x;
  return new PointValue(srid, wrapped, y, z);
}

function point(value: Value): PointValue {
  if (value instanceof PointValue) return value;
  throw typeError("Expected a Point");
}

const pointDistance = (name: string): FunctionDefinition =>
  define(name, 2, "float", ([a, b]) =>
    a instanceof PointValue && b instanceof PointValue ? (distance(a, b) ?? null) : null,
  );

export const spatialFunctions: readonly FunctionDefinition[] = [
  define(
    "point",
    1,
    "point",
    ([value], ctx) => {
      if (value instanceof PointValue) return value;
      if (value instanceof NodeRef || value instanceof RelRef)
        return pointFrom(propertyMap(propertiesOf(value, ctx), ctx));
      if (isMap(value!)) return pointFrom(value);
      throw typeError("Expected a map of coordinates");
    },
    [["map", "node", "relationship", "point"]],
  ),
  pointDistance("point.distance"),
  pointDistance("distance"),
  define("point.withinBBox", 3, "boolean", ([value, lower, upper]) => {
    const [p, low, high] = [point(value!), point(lower!), point(upper!)];
    if (p.srid !== low.srid || p.srid !== high.srid) return null;
    const { isGeographic } = coordinateSystems[p.srid];
    const inX =
      isGeographic && low.x > high.x ? p.x >= low.x || p.x <= high.x : p.x >= low.x && p.x <= high.x;
    const inZ = (p.z ?? 0) >= (low.z ?? 0) && (p.z ?? 0) <= (high.z ?? 0);
    return inX && p.y >= low.y && p.y <= high.y && inZ;
  }),
];
