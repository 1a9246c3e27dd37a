/** Where a setting is among the values of a chart: `["inmemory", "replicas"]`. */
export type SettingPath = readonly [string, ...string[]];

/**
 * What whoever deploys may want to set. The objects are built once: with plain values they are YAML, with those of a chart each
 * setting is an expression of the template, and its fallback a default of the chart.
 */
export interface Settings {
  /** A whole value, or a part of one. */
  text(path: SettingPath, fallback: string, doc: string, oneOf?: readonly string[]): string;
  number(path: SettingPath, fallback: number, doc: string): number;
  /** A value that is taken as it is. */
  block<T extends object>(path: SettingPath, fallback: T, doc: string): T;
  /** A field that is there when it is not empty. */
  optional(path: SettingPath, field: string, fallback: object | string, doc: string): object;
  /** The annotations of a workload's pods, as the field that they are. */
  podAnnotations(workload: string): object;
  /** Fields that are there when a switch is on. */
  fields(path: SettingPath, isOn: boolean, doc: string, fields: object): object;
  /** Items that are there when a switch is on, or when it is off. */
  items<T>(path: SettingPath, isOn: boolean, doc: string, when: "on" | "off", items: readonly T[]): T[];
}

/** Everything as it was chosen. */
export const plainSettings: Settings = {
  text: (_, fallback) => fallback,
  number: (_, fallback) => fallback,
  block: (_, fallback) => fallback,
  optional: (_, field, fallback) => (Object.keys(fallback).length === 0 ? {} : { [field]: fallback }),
  podAnnotations: () => ({}),
  fields: (_, isOn, __, fields) => (isOn ? fields : {}),
  items: (_, isOn, __, when, items) => (isOn === (when === "on") ? [...items] : []),
};
