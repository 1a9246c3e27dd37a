import { invalid, wrongDimension } from "../errors.ts";
import type { VectorValue } from "../model/vector-value.ts";
import type { Collection } from "./collection.ts";

export const sparseEntriesMax = 65_536;
export const multiRowsMax = 4096;

/**
 * Whether a vector can be stored, or searched with. @throws VectorError `invalid_argument` for another dimension, what is not a
 * finite number, and a vector without a direction under cosine
 */
export function checkVector(collection: Collection, name: string, value: VectorValue): VectorValue {
  const kind = collection.requireKind(name);
  const of = name === "" ? "" : ` of vector "${name}"`;
  if (kind !== value.kind) {
    // A client that does not know the collection sends one vector as it is.
    if (kind === "multi" && value.kind === "dense")
      return checkVector(collection, name, { kind, rows: [value.values] });
    throw invalid(
      `Wrong input: Conversion between ${value.kind} and ${kind} vectors failed: ${of === "" ? "the vector" : of.slice(4)} is ${kind}`,
    );
  }
  switch (value.kind) {
    case "dense":
      checkDense(collection, name, value.values);
      return value;
    case "multi":
      if (value.rows.length === 0) throw invalid(`Wrong input: a multivector${of} must not be empty`);
      if (value.rows.length > multiRowsMax)
        throw invalid(`a multivector${of} has ${multiRowsMax} rows at the most`);
      for (const row of value.rows) checkDense(collection, name, row);
      return value;
    case "sparse":
      return checkSparse(value, of);
  }
}

function checkDense(collection: Collection, name: string, values: Float32Array): void {
  const { size, distance } = collection.definition.dense[name]!;
  if (values.length !== size) throw wrongDimension(size, values.length, name);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]!);
  // A sum is finite when and only when its parts are; doubles do not overflow for floats.
  if (!Number.isFinite(sum)) {
    const at = values.findIndex((one) => !Number.isFinite(one));
    throw invalid(`a vector consists of finite numbers; at ${at} there is ${values[at]}`);
  }
  if (sum === 0 && distance === "Cosine")
    throw invalid("a vector of zeros has no direction, so that there is no cosine distance to it");
}

function checkSparse(
  value: VectorValue & { readonly kind: "sparse" },
  of: string,
): VectorValue & { readonly kind: "sparse" } {
  const { indices, values } = value;
  if (indices.length !== values.length)
    throw invalid(
      `Validation error: a sparse vector${of} has as many values as indices; there are ${values.length} and ${indices.length}`,
    );
  if (indices.length > sparseEntriesMax)
    throw invalid(`a sparse vector${of} has ${sparseEntriesMax} values at the most`);
  for (const one of values)
    if (!Number.isFinite(one)) throw invalid(`a vector consists of finite numbers; there is ${one}`);
  let isSorted = true;
  for (let i = 1; i < indices.length; i++) if (indices[i - 1]! >= indices[i]!) isSorted = false;
  if (isSorted) return value;
  const order = Array.from(indices, (index, i) => [index, i] as const).sort(([a], [b]) => a - b);
  const sorted = Uint32Array.from(order, ([index]) => index);
  for (let i = 1; i < sorted.length; i++)
    if (sorted[i - 1] === sorted[i])
      throw invalid(
        `Validation error: indices of a sparse vector${of} must be unique; ${sorted[i]} is there twice`,
      );
  return { kind: "sparse", indices: sorted, values: Float32Array.from(order, ([, i]) => values[i]!) };
}
