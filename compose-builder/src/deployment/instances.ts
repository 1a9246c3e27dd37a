import type { EngineName } from "../images.ts";

/** How the instances of an engine are told apart. They share no state, so each has a name and a place in the store. */
export interface InstanceRule {
  /** The name that clients reach an instance by; the first always has the engine's bare name. */
  name(engine: EngineName, ordinal: number): string;
  /** The last part of its place in the store. */
  replica(ordinal: number): string;
}

/**
 * Services of a compose file, counted as people count. Going from one instance to two leaves the first one's name, and with it its
 * volume, as it was. The place is written out, so that an instance never takes up another one's state.
 */
export const composeInstances: InstanceRule = {
  name: (engine, ordinal) => (ordinal === 0 ? engine : `${engine}-${ordinal + 1}`),
  replica: String,
};

/** Pods of a StatefulSet: all have the same variables, and an engine takes its place from the ordinal in its host name. */
export const podInstances: InstanceRule = {
  name: (engine, ordinal) => (ordinal === 0 ? engine : `${engine}-${ordinal}`),
  replica: () => "auto",
};
