import { type Crdt, keysOf } from "./crdt.ts";
import { type Decimal, isLess, minus, plus, readDecimal, writeDecimal, zero } from "./decimal.ts";

/** What each writer has added and taken away, in all: both only grow. Decimals as texts, exact. */
export type PnCounterState = Readonly<Record<string, { readonly added: string; readonly taken: string }>>;

const nothing = { added: "0", taken: "0" } as const;

/** A counter to which everybody adds: PN-Counter of Shapiro and others, "A comprehensive study of CRDTs" (2011). */
export const pnCounter: Crdt<PnCounterState, Decimal> & {
  /** Adds; a negative amount takes away. */
  add(state: PnCounterState, writer: string, amount: Decimal): PnCounterState;
} = {
  empty: {},

  merge(a, b) {
    return Object.fromEntries(
      keysOf(a, b).map((writer) => {
        const [x, y] = [a[writer] ?? nothing, b[writer] ?? nothing];
        return [writer, { added: larger(x.added, y.added), taken: larger(x.taken, y.taken) }];
      }),
    );
  },

  value(state) {
    return Object.values(state).reduce(
      (sum, { added, taken }) => minus(plus(sum, read(added)), read(taken)),
      zero,
    );
  },

  add(state, writer, amount) {
    const { added, taken } = state[writer] ?? nothing;
    const next = isLess(amount, zero)
      ? { added, taken: writeDecimal(minus(read(taken), amount)) }
      : { added: writeDecimal(plus(read(added), amount)), taken };
    return { ...state, [writer]: next };
  },
};

function read(text: string): Decimal {
  return readDecimal(text) ?? zero;
}

function larger(a: string, b: string): string {
  const [x, y] = [read(a), read(b)];
  if (isLess(x, y)) return b;
  // Of equal ones the text with more digits, so that the order does not matter.
  return isLess(y, x) || a.length >= b.length ? a : b;
}
