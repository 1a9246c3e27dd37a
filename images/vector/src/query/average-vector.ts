import { invalid } from "../errors.ts";
import type { VectorValue } from "../model/vector-value.ts";

type Of<Kind extends VectorValue["kind"]> = VectorValue & { readonly kind: Kind };

/** The vector that an average of examples leads to: as far beyond the positive ones as they are from the negative ones. */
export function averageVector(
  positive: readonly VectorValue[],
  negative: readonly VectorValue[],
): VectorValue {
  const [first] = positive;
  if (first === undefined)
    throw invalid(
      "Validation error: at least one positive example is needed with the strategy average_vector",
    );
  switch (first.kind) {
    case "dense":
      return averageDense(positive as Of<"dense">[], negative as Of<"dense">[]);
    case "sparse":
      return averageSparse(positive as Of<"sparse">[], negative as Of<"sparse">[]);
    case "multi": {
      const rows = (positive as Of<"multi">[]).flatMap((value) => value.rows);
      const against = (negative as Of<"multi">[]).flatMap((value) => value.rows);
      return { kind: "multi", rows: [...rows, ...against.map((row) => row.map((one) => -one))] };
    }
  }
}

function averageDense(positive: readonly Of<"dense">[], negative: readonly Of<"dense">[]): VectorValue {
  const mean = (all: readonly Of<"dense">[], i: number) =>
    all.reduce((sum, { values }) => sum + values[i]!, 0) / all.length;
  const values = Float32Array.from({ length: positive[0]!.values.length }, (_, i) => {
    const pro = mean(positive, i);
    return negative.length === 0 ? pro : pro + pro - mean(negative, i);
  });
  return { kind: "dense", values };
}

function averageSparse(positive: readonly Of<"sparse">[], negative: readonly Of<"sparse">[]): VectorValue {
  const sums = new Map<number, number>();
  const add = (all: readonly Of<"sparse">[], factor: number) => {
    for (const { indices, values } of all)
      indices.forEach((dimension, i) => {
        sums.set(dimension, (sums.get(dimension) ?? 0) + (factor * values[i]!) / all.length);
      });
  };
  add(positive, negative.length === 0 ? 1 : 2);
  add(negative, -1);
  const entries = [...sums].sort(([a], [b]) => a - b);
  return {
    kind: "sparse",
    indices: Uint32Array.from(entries, ([dimension]) => dimension),
    values: Float32Array.from(entries, ([, value]) => value),
  };
}
