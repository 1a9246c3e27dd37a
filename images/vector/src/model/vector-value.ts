/** A vector as it is sent and stored. */
export type VectorValue =
  | { readonly kind: "dense"; readonly values: Float32Array }
  | { readonly kind: "sparse"; readonly indices: Uint32Array; readonly values: Float32Array }
  /** Rows of one length. */
  | { readonly kind: "multi"; readonly rows: readonly Float32Array[] };

/** Little-endian, as every processor that this runs on has it: dense vectors as they are, others behind their count. */
export function encodeVector(value: VectorValue): Buffer {
  switch (value.kind) {
    case "dense":
      return bytesOf(value.values);
    case "sparse":
      return Buffer.concat([bytesOf(value.indices), bytesOf(value.values)]);
    case "multi":
      return Buffer.concat([bytesOf(Uint32Array.of(value.rows.length)), ...value.rows.map(bytesOf)]);
  }
}

function bytesOf(array: Float32Array | Uint32Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

export function decodeVector(kind: VectorValue["kind"], data: Uint8Array): VectorValue {
  // A copy begins at a multiple of four, which a row's bytes need not.
  const { buffer } = new Uint8Array(data);
  switch (kind) {
    case "dense":
      return { kind, values: new Float32Array(buffer) };
    case "sparse": {
      const count = data.length / 8;
      return {
        kind,
        indices: new Uint32Array(buffer, 0, count),
        values: new Float32Array(buffer, 4 * count, count),
      };
    }
    case "multi": {
      const [count = 0] = new Uint32Array(buffer, 0, 1);
      const values = new Float32Array(buffer, 4);
      const size = values.length / Math.max(count, 1);
      return { kind, rows: Array.from({ length: count }, (_, i) => values.slice(i * size, (i + 1) * size)) };
    }
  }
}

/** Of length 1; one of length 0 stays as it is. */
export function normalized(vector: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  const length = Math.sqrt(sum);
  if (length === 0 || Math.abs(length - 1) < 1e-7) return vector;
  const result = new Float32Array(vector.length);
  for (let i = 0; i < vector.length; i++) result[i] = vector[i]! / length;
  return result;
}
