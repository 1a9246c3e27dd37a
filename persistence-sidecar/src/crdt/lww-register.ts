import type { Crdt } from "./crdt.ts";

/** A value and when it was written; versions are compared as texts. */
export interface LwwRegisterState {
  readonly version: string;
  readonly value: unknown;
}

/** A value of which the one that was written last stays; of equal versions the larger text. */
export const lwwRegister: Crdt<LwwRegisterState, unknown> & {
  set(state: LwwRegisterState, version: string, value: unknown): LwwRegisterState;
} = {
  empty: { version: "", value: null },

  merge(a, b) {
    if (a.version !== b.version) return a.version > b.version ? a : b;
    return JSON.stringify(a.value) >= JSON.stringify(b.value) ? a : b;
  },

  value: ({ value }) => value,

  set: (state, version, value) => lwwRegister.merge(state, { version, value }),
};
