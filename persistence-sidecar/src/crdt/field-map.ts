import { type Crdt, keysOf } from "./crdt.ts";
import { type LwwRegisterState, lwwRegister } from "./lww-register.ts";
import { type OrSetState, orSet } from "./or-set.ts";
import { type PnCounterState, pnCounter } from "./pn-counter.ts";

/** A field of a map, of the kind that its users have given it. */
export type FieldState =
  | { readonly kind: "register"; readonly state: LwwRegisterState }
  | { readonly kind: "counter"; readonly state: PnCounterState }
  | { readonly kind: "set"; readonly state: OrSetState };

export type FieldKind = FieldState["kind"];
export type FieldMapState = Readonly<Record<string, FieldState>>;

/** Fields that are merged each by its own kind; one that only one side has comes as it is. */
export const fieldMap: Crdt<FieldMapState, Readonly<Record<string, unknown>>> = {
  empty: {},

  merge(a, b) {
    return Object.fromEntries(
      keysOf(a, b).map((name) => {
        const [x, y] = [a[name], b[name]];
        return [name, x === undefined ? y! : y === undefined ? x : mergeFields(x, y)];
      }),
    );
  },

  value(state) {
    return Object.fromEntries(Object.entries(state).map(([name, field]) => [name, fieldValue(field)]));
  },
};

/** Of different kinds, as after a change of the configuration, the one whose kind comes last. */
function mergeFields(a: FieldState, b: FieldState): FieldState {
  if (a.kind === "register" && b.kind === "register")
    return { kind: "register", state: lwwRegister.merge(a.state, b.state) };
  if (a.kind === "counter" && b.kind === "counter")
    return { kind: "counter", state: pnCounter.merge(a.state, b.state) };
  if (a.kind === "set" && b.kind === "set") return { kind: "set", state: orSet.merge(a.state, b.state) };
  return a.kind > b.kind ? a : b;
}

function fieldValue(field: FieldState): unknown {
  switch (field.kind) {
    case "register":
      return lwwRegister.value(field.state);
    case "counter":
      return pnCounter.value(field.state);
    case "set":
      return orSet.value(field.state);
  }
}
