import { setImmediate as turn } from "node:timers/promises";

const iterations = 40;
/** Others have their turn after so many multiplications. */
const sliceSize = 4_000_000;

/** Rows of numbers, one after another. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

export interface Projection {
  /** x and y of each row. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** How much of the variance the two axes have, 0 to 1. */
  readonly share: number;
}

/**
 * Where rows are on the two axes along which they differ most (principal component analysis, by power iteration). The same rows
 * give the same picture. `matrix` is centred in place.
 */
export async function projectOnPrincipalAxes(matrix: Matrix, signal: AbortSignal): Promise<Projection> {
  const { rows } = matrix;
  const total = centre(matrix);
  const first = await axisOf(matrix, undefined, signal);
  const second = await axisOf(matrix, first, signal);
  const [x, y] = [along(matrix, first), along(matrix, second)];
  const spread = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
  return {
    points: Array.from({ length: rows }, (_, row) => [x[row]!, y[row]!] as const),
    share: total === 0 ? 0 : Math.min(1, (spread(x) + spread(y)) / total),
  };
}

/** Takes the mean away; returns the sum of squares that is left. */
function centre({ rows, columns, values }: Matrix): number {
  let total = 0;
  for (let column = 0; column < columns; column++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += values[row * columns + column]!;
    const mean = sum / Math.max(1, rows);
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column]! - mean;
      values[row * columns + column] = value;
      total += value * value;
    }
  }
  return total;
}

/** The direction in which rows differ most, of those at a right angle to `other`. */
async function axisOf(
  matrix: Matrix,
  other: Float64Array | undefined,
  signal: AbortSignal,
): Promise<Float64Array> {
  const { rows, columns, values } = matrix;
  let axis = Float64Array.from({ length: columns }, (_, column) =>
    Math.sin(column + (other === undefined ? 1 : 2)),
  );
  rightAngled(axis, other);
  let work = 0;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const places = along(matrix, axis);
    const next = new Float64Array(columns);
    for (let row = 0; row < rows; row++) {
      const place = places[row]!;
      const from = row * columns;
      for (let column = 0; column < columns; column++) next[column]! += place * values[from + column]!;
    }
    rightAngled(next, other);
    // Nothing differs in any direction that is left.
    if (next.every((value) => value === 0)) return next;
    axis = next;
    work += 2 * rows * columns;
    if (work < sliceSize) continue;
    work = 0;
    await turn();
    signal.throwIfAborted();
  }
  return axis;
}

/** Takes away what is along `other`, and makes its length one. */
function rightAngled(axis: Float64Array, other: Float64Array | undefined): void {
  const common = other === undefined ? 0 : axis.reduce((sum, value, index) => sum + value * other[index]!, 0);
  let squares = 0;
  for (let index = 0; index < axis.length; index++) {
    const value = axis[index]! - common * (other?.[index] ?? 0);
    axis[index] = value;
    squares += value * value;
  }
  const length = Math.sqrt(squares);
  for (let index = 0; index < axis.length; index++) axis[index] = length < 1e-12 ? 0 : axis[index]! / length;
}

function along({ rows, columns, values }: Matrix, axis: Float64Array): Float64Array {
  const places = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    const from = row * columns;
    for (let column = 0; column < columns; column++) sum += values[from + column]! * axis[column]!;
    places[row] = sum;
  }
  return places;
}
