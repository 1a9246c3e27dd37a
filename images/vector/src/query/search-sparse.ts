import type { Collection, Hit } from "../collections/collection.ts";
import type { FilterSet } from "../filters/filter-set.ts";
import type { VectorValue } from "../model/vector-value.ts";
import { best } from "./best.ts";

/** A query's values weighed by how rare each dimension is, where the collection says so. */
export function weighed(
  collection: Collection,
  name: string,
  { indices, values }: VectorValue & { readonly kind: "sparse" },
): { indices: Uint32Array; values: Float64Array } {
  const index = collection.sparse.get(name)!;
  const isIdf = collection.definition.sparse[name]?.isIdf === true;
  return {
    indices,
    values: Float64Array.from(values, (value, i) =>
      isIdf ? value * index.idf(indices[i]!, collection.points) : value,
    ),
  };
}

/** The vectors with the largest products, among those that share a dimension with the query. */
export function searchSparse(
  collection: Collection,
  name: string,
  query: VectorValue & { readonly kind: "sparse" },
  { k, set }: { readonly k: number; readonly set: FilterSet | undefined },
): Hit[] {
  const index = collection.sparse.get(name)!;
  return best(collection, index.scores(weighed(collection, name, query), set), k);
}
