import type { Catalog } from "../catalog/catalog.ts";
import type { Namespace } from "../catalog/model.ts";
import type { Datum } from "./datum.ts";

/** What input and output of values depend on beside the value. */
export interface IoContext {
  readonly catalog: Catalog;
  /** OIDs of the schemas that names are looked for in, in order. */
  readonly searchPath: readonly number[];
  readonly timeZone: string;
  readonly dateStyle: "ISO" | "SQL" | "German" | "Postgres";
  readonly dateOrder: "MDY" | "DMY" | "YMD";
  readonly intervalStyle: "postgres" | "postgres_verbose" | "sql_standard" | "iso_8601";
  readonly extraFloatDigits: number;
  readonly byteaOutput: "hex" | "escape";
  /** When the transaction began, in microseconds since 2000. */
  readonly transactionStart: bigint;
  /** Whether names may be looked for in a schema that is named; absent for who may everything. @throws PgError 42501 */
  readonly requireUsage?: (namespace: Namespace) => void;
}

/** How values of a type are read, written and compared. */
export interface TypeOps {
  /** @throws PgError 22P02 and the like */
  input(text: string, typmod: number, io: IoContext): Datum;
  output(value: Datum, io: IoContext): string;
  /** Total and as PostgreSQL's btree order; undefined for types without one (json, point). */
  readonly compare?: ((a: Datum, b: Datum) => number) | undefined;
  /** Equal values have equal keys; undefined where there is no equality. */
  readonly key?: ((value: Datum) => string | number | bigint | boolean | null) | undefined;
  /** The binary format. */
  send(value: Datum, io: IoContext): Uint8Array;
  /** @throws PgError 22P03 */
  receive(bytes: Buffer, typmod: number, io: IoContext): Datum;
}
