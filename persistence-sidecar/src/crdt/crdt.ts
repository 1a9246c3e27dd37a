/**
 * A state-based replicated data type: states are joined in any order, any number of times, and come out equal. `merge` is
 * commutative, associative and idempotent; a mutation gives a state that is later than the one it was made on.
 *
 * States are plain JSON values and never changed in place.
 */
export interface Crdt<State, Value> {
  readonly empty: State;
  merge(a: State, b: State): State;
  /** What users see of a state. */
  value(state: State): Value;
}

/** Keys of either, in an order of their own, so that equal states are equal texts. */
export function keysOf(...maps: Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(maps.flatMap((map) => Object.keys(map)))].toSorted();
}
