import { type Crdt, keysOf } from "./crdt.ts";

/**
 * `seen` says how many additions of each writer are known; `elements` which addition of each writer keeps an element in
 * the set. An addition that is known and keeps nothing was removed.
 */
export interface OrSetState {
  readonly seen: Readonly<Record<string, number>>;
  readonly elements: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/**
 * A set in which an addition wins over a removal that did not know of it: the optimized OR-Set, without tombstones, of Bieniusa and
 * others, "An optimized conflict-free replicated set" (2012). Elements are texts.
 */
export const orSet: Crdt<OrSetState, readonly string[]> & {
  add(state: OrSetState, writer: string, element: string): OrSetState;
  remove(state: OrSetState, element: string): OrSetState;
} = {
  empty: { seen: {}, elements: {} },

  merge(a, b) {
    const elements: [string, Record<string, number>][] = [];
    for (const element of keysOf(a.elements, b.elements)) {
      const [x, y] = [own(a.elements, element) ?? {}, own(b.elements, element) ?? {}];
      const kept: Record<string, number> = {};
      for (const writer of keysOf(x, y)) {
        const [inA, inB] = [own(x, writer) ?? 0, own(y, writer) ?? 0];
        // One that the other knows, and does not have, was removed there.
        const staysA = inA > 0 && (inA === inB || inA > (own(b.seen, writer) ?? 0));
        const staysB = inB > 0 && (inA === inB || inB > (own(a.seen, writer) ?? 0));
        const last = Math.max(staysA ? inA : 0, staysB ? inB : 0);
        if (last > 0) kept[writer] = last;
      }
      if (Object.keys(kept).length > 0) elements.push([element, kept]);
    }
    const seen = Object.fromEntries(
      keysOf(a.seen, b.seen).map((writer) => [
        writer,
        Math.max(own(a.seen, writer) ?? 0, own(b.seen, writer) ?? 0),
      ]),
    );
    return { seen, elements: Object.fromEntries(elements) };
  },

  value({ elements }) {
    return Object.keys(elements).toSorted();
  },

  add({ seen, elements }, writer, element) {
    const addition = (own(seen, writer) ?? 0) + 1;
    return {
      seen: { ...seen, [writer]: addition },
      // It stands for all that kept the element before.
      elements: { ...elements, [element]: { [writer]: addition } },
    };
  },

  remove({ seen, elements }, element) {
    return {
      seen,
      elements: Object.fromEntries(Object.entries(elements).filter(([name]) => name !== element)),
    };
  },
};

/** Elements and writers may be called as what every object has. */
function own<T>(map: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
