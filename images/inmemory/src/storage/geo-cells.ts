/** Bits of each coordinate in a score, which has 52. */
export const STEP_MAX = 26;
export const LONGITUDE_MAX = 180;
/** Web Mercator's limit: beyond it there are no cells (EPSG:3857). */
export const LATITUDE_MAX = 85.05112878;

const EARTH_RADIUS_M = 6_372_797.560856;
/** Half of the equator in Web Mercator. */
const MERCATOR_MAX_M = 20_037_726.37;
const HALF = 2 ** 26;

export interface Point {
  readonly longitude: number;
  readonly latitude: number;
}

/** A cell of the grid that has 2^step columns and rows. */
export interface Cell {
  readonly column: number;
  readonly row: number;
  readonly step: number;
}

/** What is searched, in metres around a point. */
export type Shape =
  | { readonly center: Point; readonly radius: number }
  | { readonly center: Point; readonly width: number; readonly height: number };

/** The lower 16 bits with a zero before each. */
function spread(bits: number): number {
  let value = bits & 0xffff;
  value = (value | (value << 8)) & 0x00ff00ff;
  value = (value | (value << 4)) & 0x0f0f0f0f;
  value = (value | (value << 2)) & 0x33333333;
  return (value | (value << 1)) & 0x55555555;
}

/** Every second bit, from the lowest. */
function gather(bits: number): number {
  let value = bits & 0x55555555;
  value = (value | (value >> 1)) & 0x33333333;
  value = (value | (value >> 2)) & 0x0f0f0f0f;
  value = (value | (value >> 4)) & 0x00ff00ff;
  return (value | (value >> 8)) & 0xffff;
}

/** Rows in the even bits, columns in the odd ones. The eastern and northern edges have 27 bits, as in Redis. */
function interleave(row: number, column: number): number {
  const low = spread(row & 0x1fff) | (spread(column & 0x1fff) << 1);
  const high = spread(row >> 13) | (spread(column >> 13) << 1);
  return (high >>> 0) * HALF + (low >>> 0);
}

function indexOf(value: number, max: number, step: number): number {
  return (((value + max) / (2 * max)) * 2 ** step) | 0;
}

export function cellOf({ longitude, latitude }: Point, step: number, latitudeMax = LATITUDE_MAX): Cell {
  return {
    column: indexOf(longitude, LONGITUDE_MAX, step),
    row: indexOf(latitude, latitudeMax, step),
    step,
  };
}

/** The score of a point: its cell of the finest grid. */
export function scoreOf(point: Point): number {
  const { row, column } = cellOf(point, STEP_MAX);
  return interleave(row, column);
}

/** The scores in a cell: from the first to before the second. */
export function scoresIn({ row, column, step }: Cell): [from: number, to: number] {
  const scale = 4 ** (STEP_MAX - step);
  const bits = interleave(row, column);
  return [bits * scale, (bits + 1) * scale];
}

interface Area {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

function areaOf({ column, row, step }: Cell): Area {
  const cells = 2 ** step;
  return {
    west: -LONGITUDE_MAX + (column / cells) * 2 * LONGITUDE_MAX,
    east: -LONGITUDE_MAX + ((column + 1) / cells) * 2 * LONGITUDE_MAX,
    south: -LATITUDE_MAX + (row / cells) * 2 * LATITUDE_MAX,
    north: -LATITUDE_MAX + ((row + 1) / cells) * 2 * LATITUDE_MAX,
  };
}

/** The middle of the cell that a score is. */
export function pointOf(score: number): Point {
  const high = Math.floor(score / HALF) | 0;
  const low = score % HALF;
  const row = (gather(high) << 13) | gather(low);
  const column = (gather(high >> 1) << 13) | gather(low >> 1);
  const { west, east, south, north } = areaOf({ row, column, step: STEP_MAX });
  const clamp = (value: number, max: number) => Math.min(max, Math.max(-max, value));
  return {
    longitude: clamp((west + east) / 2, LONGITUDE_MAX),
    latitude: clamp((south + north) / 2, LATITUDE_MAX),
  };
}

const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";

/** The geohash of a score's point, eleven characters, of which the last is always 0 (Gustavo Niemeyer's geohash). */
export function geohashOf(score: number): string {
  const { row, column } = cellOf(pointOf(score), STEP_MAX, 90);
  const bits = BigInt(interleave(row, column));
  let text = "";
  for (let i = 1; i <= 10; i++) text += ALPHABET[Number((bits >> BigInt(52 - i * 5)) & 31n)];
  return `${text}0`;
}

const radians = (degrees: number) => degrees * (Math.PI / 180);
const degrees = (angle: number) => angle / (Math.PI / 180);

/** Metres along a meridian. */
function latitudeDistance(from: number, to: number): number {
  return EARTH_RADIUS_M * Math.abs(radians(to) - radians(from));
}

/** Metres along the great circle (the haversine formula). */
export function distanceOf(from: Point, to: Point): number {
  const v = Math.sin((radians(to.longitude) - radians(from.longitude)) / 2);
  if (v === 0) return latitudeDistance(from.latitude, to.latitude);
  const start = radians(from.latitude);
  const end = radians(to.latitude);
  const u = Math.sin((end - start) / 2);
  return 2 * EARTH_RADIUS_M * Math.asin(Math.sqrt(u * u + Math.cos(start) * Math.cos(end) * v * v));
}

/** How far a point is from the middle of a shape that it is in; undefined outside. */
export function distanceWithin(shape: Shape, point: Point): number | undefined {
  const { center } = shape;
  if ("radius" in shape) {
    const distance = distanceOf(center, point);
    return distance > shape.radius ? undefined : distance;
  }
  if (latitudeDistance(point.latitude, center.latitude) > shape.height / 2) return undefined;
  const beside = { longitude: center.longitude, latitude: point.latitude };
  if (distanceOf(point, beside) > shape.width / 2) return undefined;
  return distanceOf(center, point);
}

/** Bits of the grid whose cells are about as large as a radius. */
function stepsFor(radius: number, latitude: number): number {
  if (radius === 0) return STEP_MAX;
  let step = 1;
  for (let range = radius; range < MERCATOR_MAX_M; range *= 2) step++;
  step -= 2;
  // Towards the poles cells are narrower.
  if (latitude > 66 || latitude < -66) step--;
  if (latitude > 80 || latitude < -80) step--;
  return Math.min(STEP_MAX, Math.max(1, step));
}

function boundsOf(shape: Shape): Area {
  const { longitude, latitude } = shape.center;
  const height = "radius" in shape ? shape.radius : shape.height / 2;
  const width = "radius" in shape ? shape.radius : shape.width / 2;
  const north = degrees(height / EARTH_RADIUS_M);
  // The side that is nearer to a pole is the wider one, in degrees.
  const widest = latitude < 0 ? latitude - north : latitude + north;
  const east = degrees(width / EARTH_RADIUS_M / Math.cos(radians(widest)));
  return {
    west: longitude - east,
    east: longitude + east,
    south: latitude - north,
    north: latitude + north,
  };
}

/** Columns and rows to the neighbours, in the order in which they are searched. */
const NEIGHBOURS = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
] as const;

/** The cells, nine at most, that a shape can have points in (Redis, geohashCalculateAreasByShapeWGS84). */
export function cellsFor(shape: Shape): Cell[] {
  const { center } = shape;
  const bounds = boundsOf(shape);
  const reach =
    "radius" in shape ? shape.radius : Math.sqrt((shape.width / 2) ** 2 + (shape.height / 2) ** 2);
  let step = stepsFor(reach, center.latitude);
  const neighbour = (columns: number, rows: number): Cell => {
    const { column, row } = cellOf(center, step);
    const cells = 2 ** step;
    return { column: (column + columns + cells) % cells, row: (row + rows + cells) % cells, step };
  };
  const isTooFine =
    areaOf(neighbour(0, 1)).north < bounds.north ||
    areaOf(neighbour(0, -1)).south > bounds.south ||
    areaOf(neighbour(1, 0)).east < bounds.east ||
    areaOf(neighbour(-1, 0)).west > bounds.west;
  if (step > 1 && isTooFine) step--;
  const own = areaOf(neighbour(0, 0));
  const isLeftOut = (columns: number, rows: number) =>
    step >= 2 &&
    ((rows < 0 && own.south < bounds.south) ||
      (rows > 0 && own.north > bounds.north) ||
      (columns < 0 && own.west < bounds.west) ||
      (columns > 0 && own.east > bounds.east));
  const cells: Cell[] = [];
  for (const [columns, rows] of NEIGHBOURS) {
    if (isLeftOut(columns, rows)) continue;
    const cell = neighbour(columns, rows);
    // A coarse grid has few cells: one of them is a neighbour in two ways.
    const isKnown = cells.some((other) => other.column === cell.column && other.row === cell.row);
    if (!isKnown) cells.push(cell);
  }
  return cells;
}
