import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Crdt } from "../src/crdt/crdt.ts";
import { readDecimal, writeDecimal, zero } from "../src/crdt/decimal.ts";
import { type FieldMapState, fieldMap } from "../src/crdt/field-map.ts";
import { type LwwRegisterState, lwwRegister } from "../src/crdt/lww-register.ts";
import { type OrSetState, orSet } from "../src/crdt/or-set.ts";
import { type PnCounterState, pnCounter } from "../src/crdt/pn-counter.ts";

/** Replicas that mutate and take each other's states in, in a random order. */
interface Step<Op> {
  readonly replica: number;
  /** Undefined: takes in the state of `from`. */
  readonly op: Op | undefined;
  readonly from: number;
}

const replicas = 3;

interface Kind<State, Op> {
  readonly crdt: Crdt<State, unknown>;
  readonly ops: fc.Arbitrary<Op>;
  mutate(state: State, op: Op, replica: number, step: number): State;
}

function steps<Op>(ops: fc.Arbitrary<Op>): fc.Arbitrary<Step<Op>[]> {
  const index = fc.nat(replicas - 1);
  return fc.array(
    fc.record({ replica: index, op: fc.option(ops, { nil: undefined, freq: 2 }), from: index }),
    { maxLength: 30 },
  );
}

/** The states that the replicas come to. */
function run<State, Op>({ crdt, mutate }: Kind<State, Op>, history: readonly Step<Op>[]): State[] {
  const states = new Array<State>(replicas).fill(crdt.empty);
  for (const [at, { replica, op, from }] of history.entries()) {
    const state = states[replica]!;
    states[replica] = op === undefined ? crdt.merge(state, states[from]!) : mutate(state, op, replica, at);
  }
  return states;
}

const element = fc.constantFrom("a", "b", "c", "__proto__", "constructor");
const amount = fc
  .tuple(fc.integer({ min: -1000, max: 1000 }), fc.nat(3))
  .map(([digits, scale]) => ({ digits: BigInt(digits), scale }));

const counter: Kind<PnCounterState, { digits: bigint; scale: number }> = {
  crdt: pnCounter,
  ops: amount,
  mutate: (state, by, replica) => pnCounter.add(state, `writer ${replica}`, by),
};
const set: Kind<OrSetState, { isAdded: boolean; element: string }> = {
  crdt: orSet,
  ops: fc.record({ isAdded: fc.boolean(), element }),
  mutate: (state, op, replica) =>
    op.isAdded ? orSet.add(state, `writer ${replica}`, op.element) : orSet.remove(state, op.element),
};
const register: Kind<LwwRegisterState, { version: number; value: string }> = {
  crdt: lwwRegister,
  ops: fc.record({ version: fc.nat(3), value: fc.string({ maxLength: 2 }) }),
  mutate: (state, { version, value }) => lwwRegister.set(state, String(version), value),
};
const map: Kind<FieldMapState, [string, { isAdded: boolean; element: string }]> = {
  crdt: fieldMap,
  ops: fc.tuple(fc.constantFrom("register", "counter", "set"), fc.record({ isAdded: fc.boolean(), element })),
  mutate(state, [name, op], replica, step) {
    const field = state[name];
    switch (name) {
      case "counter": {
        const before = field?.kind === "counter" ? field.state : pnCounter.empty;
        return {
          ...state,
          counter: {
            kind: "counter",
            state: counter.mutate(before, { digits: BigInt(step), scale: 1 }, replica, step),
          },
        };
      }
      case "set": {
        const before = field?.kind === "set" ? field.state : orSet.empty;
        return { ...state, set: { kind: "set", state: set.mutate(before, op, replica, step) } };
      }
      default: {
        const before = field?.kind === "register" ? field.state : lwwRegister.empty;
        return {
          ...state,
          register: { kind: "register", state: lwwRegister.set(before, String(step), op.element) },
        };
      }
    }
  },
};

const kinds = { counter, set, register, map } as unknown as Record<string, Kind<unknown, unknown>>;

describe.each(Object.entries(kinds))("%s", (_name, kind) => {
  const { crdt, ops } = kind;
  const states = steps(ops).map((history) => run(kind, history));

  test("merging is commutative", () => {
    fc.assert(
      fc.property(states, ([a, b]) => {
        expect(crdt.merge(a, b)).toEqual(crdt.merge(b, a));
      }),
    );
  });

  test("merging is associative", () => {
    fc.assert(
      fc.property(states, ([a, b, c]) => {
        expect(crdt.merge(crdt.merge(a, b), c)).toEqual(crdt.merge(a, crdt.merge(b, c)));
      }),
    );
  });

  test("merging is idempotent, and takes in what is older without a change", () => {
    fc.assert(
      fc.property(states, ([a, b]) => {
        const both = crdt.merge(a, b);
        expect(crdt.merge(a, a)).toEqual(a);
        expect(crdt.merge(both, a)).toEqual(both);
        expect(crdt.merge(crdt.empty, a)).toEqual(a);
      }),
    );
  });

  test("all replicas are equal once each has heard of all", () => {
    fc.assert(
      fc.property(states, fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), (all, order) => {
        const forwards = all.reduce((x, y) => crdt.merge(x, y));
        const shuffled = order.map((index) => all[index]).reduce((x, y) => crdt.merge(x, y));
        expect(crdt.value(shuffled)).toEqual(crdt.value(forwards));
      }),
    );
  });
});

test("a counter is the sum of all that was added anywhere, exactly", () => {
  fc.assert(
    fc.property(steps(amount), (history) => {
      const merged = run(counter, history).reduce((a, b) => pnCounter.merge(a, b));
      const thousandths = history.reduce(
        (sum, { op }) => (op === undefined ? sum : sum + op.digits * 10n ** BigInt(3 - op.scale)),
        0n,
      );
      const { digits, scale } = pnCounter.value(merged);
      expect(digits * 10n ** BigInt(3 - scale)).toBe(thousandths);
    }),
  );
});

test("an addition that a removal did not know of stays, one that it knew does not", () => {
  const first = orSet.add(orSet.empty, "ann", "x");
  const removed = orSet.remove(first, "x");
  expect(orSet.value(orSet.merge(first, removed))).toEqual([]);
  const again = orSet.add(first, "bob", "x");
  expect(orSet.value(orSet.merge(again, removed))).toEqual(["x"]);
});

test("decimals are read and written digit by digit", () => {
  for (const text of ["0", "-1", "1.50", "-0.05", "123456789012345678901234567890.000"]) {
    expect(writeDecimal(readDecimal(text)!)).toBe(text);
  }
  expect(writeDecimal(readDecimal("1.5e3")!)).toBe("1500");
  expect(readDecimal("NaN")).toBeUndefined();
  expect(readDecimal("1e999999")).toBeUndefined();
  expect(zero.digits).toBe(0n);
});
