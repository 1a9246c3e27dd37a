import { toDouble } from "../bson/numbers.ts";
import { isNumeric, typeName } from "../bson/types.ts";
import { Doc, type Value } from "../bson/values.ts";
import { badValue } from "../errors.ts";
import { isInPlanePolygon } from "./plane-polygon.ts";
import type { Position } from "./position.ts";

/** A place or a shape, taken apart. */
export interface Shape {
  readonly points: readonly Position[];
  readonly lines: readonly (readonly Position[])[];
  /** Each an outline and its holes. */
  readonly polygons: readonly (readonly (readonly Position[])[])[];
}

export const emptyShape: Shape = { points: [], lines: [], polygons: [] };

/** What is said when a value is no shape: undefined instead of an error, for what is stored. */
function position(value: Value | undefined): Position | undefined {
  if (value instanceof Doc) {
    const [x, y] = [...value.values()];
    return isNumeric(x) && isNumeric(y) ? [toDouble(x), toDouble(y)] : undefined;
  }
  if (!Array.isArray(value) || value.length < 2) return undefined;
  const [x, y] = value;
  return isNumeric(x) && isNumeric(y) ? [toDouble(x), toDouble(y)] : undefined;
}

/** A legacy pair: `[x, y]` or a document of two numbers. */
export function legacyPoint(value: Value | undefined): Position | undefined {
  if (value instanceof Doc && value.size < 2) return undefined;
  if (value instanceof Doc && (value.has("type") || value.has("coordinates"))) return undefined;
  return position(value);
}

function onSphere(at: Position | undefined): Position | undefined {
  if (at === undefined) return undefined;
  const [longitude, latitude] = at;
  return longitude >= -180 && longitude <= 180 && latitude >= -90 && latitude <= 90 ? at : undefined;
}

/** A GeoJSON geometry; a text says what is wrong with it. */
export function readGeoJson(doc: Doc): Shape | string {
  const type = doc.get("type");
  const coordinates = doc.get("coordinates");
  if (typeof type !== "string") return `unknown GeoJSON type: ${typeName(type)}`;
  if (type === "GeometryCollection") return collection(doc.get("geometries"));
  if (type === "Point" && coordinates instanceof Doc) {
    const at = position(coordinates);
    return at === undefined ? "Point must only contain numeric elements" : { ...emptyShape, points: [at] };
  }
  if (!Array.isArray(coordinates)) return "GeoJSON coordinates must be an array";
  switch (type) {
    case "Point": {
      const at = position(coordinates);
      if (at === undefined) return "Point must only contain numeric elements";
      return onSphere(at) === undefined ? outOfBounds(at) : { ...emptyShape, points: [at] };
    }
    case "MultiPoint": {
      if (coordinates.length === 0) return "MultiPoint coordinates must have at least 1 element";
      const points = positions(coordinates);
      return typeof points === "string" ? points : { ...emptyShape, points };
    }
    case "LineString": {
      const line = readLine(coordinates);
      return typeof line === "string" ? line : { ...emptyShape, lines: [line] };
    }
    case "MultiLineString": {
      if (coordinates.length === 0) return "MultiLineString coordinates must have at least 1 element";
      const lines: (readonly Position[])[] = [];
      for (const one of coordinates) {
        const line = readLine(one);
        if (typeof line === "string") return line;
        lines.push(line);
      }
      return { ...emptyShape, lines };
    }
    case "Polygon": {
      const polygon = readPolygon(coordinates);
      return typeof polygon === "string" ? polygon : { ...emptyShape, polygons: [polygon] };
    }
    case "MultiPolygon": {
      if (coordinates.length === 0) return "MultiPolygon coordinates must have at least 1 element";
      const polygons: (readonly (readonly Position[])[])[] = [];
      for (const one of coordinates) {
        const polygon = readPolygon(one);
        if (typeof polygon === "string") return polygon;
        polygons.push(polygon);
      }
      return { ...emptyShape, polygons };
    }
    default:
      return `unknown GeoJSON type: ${type}`;
  }
}

function outOfBounds([longitude, latitude]: Position): string {
  return `longitude/latitude is out of bounds, lng: ${longitude} lat: ${latitude}`;
}

function collection(geometries: Value | undefined): Shape | string {
  if (!Array.isArray(geometries) || geometries.length === 0) {
    return "GeometryCollection geometries must be an array and have at least 1 element";
  }
  let all: Shape = emptyShape;
  for (const one of geometries) {
    if (!(one instanceof Doc)) return "GeometryCollection geometries must be objects";
    if (one.get("type") === "GeometryCollection") return "GeometryCollections cannot be nested";
    const shape = readGeoJson(one);
    if (typeof shape === "string") return shape;
    all = {
      points: [...all.points, ...shape.points],
      lines: [...all.lines, ...shape.lines],
      polygons: [...all.polygons, ...shape.polygons],
    };
  }
  return all;
}

function positions(values: readonly Value[]): Position[] | string {
  const found: Position[] = [];
  for (const one of values) {
    if (!Array.isArray(one)) return "Point must be an array or object";
    const at = position(one);
    if (at === undefined) return "Point must only contain numeric elements";
    if (onSphere(at) === undefined) return outOfBounds(at);
    found.push(at);
  }
  return found;
}

function readLine(value: Value): Position[] | string {
  if (!Array.isArray(value)) return "LineString coordinates must be an array";
  const line = positions(value);
  if (typeof line === "string") return line;
  const distinct = line.filter((at, i) => i === 0 || !isSame(at, line[i - 1]!));
  return distinct.length < 2 ? "GeoJSON LineString must have at least 2 vertices" : line;
}

export function isSame(a: Position, b: Position): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function readPolygon(value: Value): (readonly Position[])[] | string {
  if (!Array.isArray(value)) return "Polygon coordinates must be an array";
  if (value.length === 0) return "Polygon has no loops.";
  const loops: (readonly Position[])[] = [];
  for (const one of value) {
    if (!Array.isArray(one)) return "Polygon coordinates must be an array of loops";
    const loop = positions(one);
    if (typeof loop === "string") return loop;
    if (loop.length === 0) return "Loop has no vertices";
    if (!isSame(loop[0]!, loop.at(-1)!)) return "Loop is not closed";
    const corners = loop.slice(0, -1).filter((at, i) => i === 0 || !isSame(at, loop[i - 1]!));
    if (new Set(corners.map(String)).size < 3) return "Loop must have at least 3 different vertices";
    if (crossesItself(corners)) return "Loop is not valid: Edges cross";
    loops.push(corners);
  }
  const [outline, ...holes] = loops;
  for (const hole of holes) {
    if (!hole.every((at) => isInPlanePolygon(at, outline!)))
      return "Secondary loops not contained by first exterior loop";
  }
  return loops;
}

/** Whether two edges of a loop that do not follow each other cross. */
function crossesItself(corners: readonly Position[]): boolean {
  const count = corners.length;
  if (new Set(corners.map(String)).size < count) return true;
  for (let i = 0; i < count; i++) {
    for (let j = i + 2; j < count; j++) {
      if (i === 0 && j === count - 1) continue;
      if (segmentsCross(corners[i]!, corners[(i + 1) % count]!, corners[j]!, corners[(j + 1) % count]!))
        return true;
    }
  }
  return false;
}

function side(a: Position, b: Position, c: Position): number {
  return Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
}

/** On a plane, proper crossings only. */
export function segmentsCross(a: Position, b: Position, c: Position, d: Position): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** What is stored at a path, as a shape; undefined for what is none. */
export function storedShape(value: Value | undefined): Shape | undefined {
  if (value instanceof Doc) {
    if (value.has("type") && (value.has("coordinates") || value.has("geometries"))) {
      const shape = readGeoJson(value);
      return typeof shape === "string" ? undefined : shape;
    }
    const at = position(value);
    return at === undefined ? undefined : { ...emptyShape, points: [at] };
  }
  const at = Array.isArray(value) && isNumeric(value[0]) ? position(value) : undefined;
  return at === undefined ? undefined : { ...emptyShape, points: [at] };
}

/** @throws MongoError 2 */
export function requireShape(value: Value | undefined): Shape {
  if (!(value instanceof Doc)) throw badValue(`unknown geo specifier: ${typeName(value)}`);
  const shape = readGeoJson(value);
  if (typeof shape === "string") throw badValue(shape);
  return shape;
}
