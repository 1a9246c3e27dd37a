import type { Catalog } from "../catalog/catalog.ts";
import type { Relation } from "../catalog/model.ts";
import { PgError } from "../errors.ts";
import type { Row } from "../types/datum.ts";
import type { LogicalTransaction } from "./transaction.ts";

/** One message of an output plugin. */
export interface PluginOutput {
  readonly lsn: bigint;
  readonly data: Buffer;
}

/** Turns transactions into what a slot's reader is sent; one for each stream, as it may remember what it has told. */
export interface OutputPlugin {
  /** Whether what it gives is no text. */
  readonly isBinary: boolean;
  write(transaction: LogicalTransaction): Iterable<PluginOutput>;
}

/** The options that a reader gives, in order; a name alone is null. */
export type PluginOptions = readonly (readonly [name: string, value: string | null])[];

/** What plugins may ask beside the changes. */
export interface PluginContext {
  /** The definitions of now. */
  readonly catalog: Catalog;
  /** What a publication's WHERE says of rows of a table. */
  rowFilter(relation: Relation, where: string): (row: Row) => boolean;
}

export type PluginMaker = (options: PluginOptions, context: PluginContext) => OutputPlugin;

const booleans: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  "1": true,
  t: true,
  off: false,
  false: false,
  no: false,
  "0": false,
  f: false,
};

/** A name alone means true. @throws PgError 22023 */
export function booleanOption(name: string, value: string | null): boolean {
  const known = value === null ? true : booleans[value.toLowerCase()];
  if (known === undefined)
    throw new PgError("22023", `could not parse value "${value}" for parameter "${name}"`);
  return known;
}
