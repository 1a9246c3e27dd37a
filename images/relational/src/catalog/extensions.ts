/** Extensions that CREATE EXTENSION finds: functions, whose implementations are known by their source. */
export interface Extension {
  readonly version: string;
  readonly comment: string;
  readonly functions: readonly ExtensionFunction[];
}

interface ExtensionFunction {
  readonly name: string;
  readonly arguments: readonly number[];
  readonly argumentNames?: readonly string[];
  readonly result: number;
  readonly volatility: "i" | "s" | "v";
  /** The name of the implementation. */
  readonly source: string;
}

/** OIDs of pg_type. */
const [uuid, text, bytea, int4] = [2950, 25, 17, 23];

const uuids = (names: string, volatility: "i" | "v"): ExtensionFunction[] =>
  names.split(" ").map((name) => ({ name, arguments: [], result: uuid, volatility, source: name }));

const named = (name: string): ExtensionFunction => ({
  name,
  arguments: [uuid, text],
  argumentNames: ["namespace", "name"],
  result: uuid,
  volatility: "i",
  source: name,
});

const hashing = (name: string, ...types: readonly number[]): ExtensionFunction => ({
  name,
  arguments: types,
  result: bytea,
  volatility: "i",
  source: `pgcrypto_${name}`,
});

export const extensions: ReadonlyMap<string, Extension> = new Map<string, Extension>([
  [
    "uuid-ossp",
    {
      version: "1.1",
      comment: "generate universally unique identifiers (UUIDs)",
      functions: [
        ...uuids("uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4", "v"),
        ...uuids("uuid_nil uuid_ns_dns uuid_ns_url uuid_ns_oid uuid_ns_x500", "i"),
        named("uuid_generate_v3"),
        named("uuid_generate_v5"),
      ],
    },
  ],
  // GiST compares scalars with it: here that is a matter of exclusion constraints, whose rows are read.
  ["btree_gist", { version: "1.8", comment: "support for indexing common datatypes in GiST", functions: [] }],
  [
    "pgcrypto",
    {
      version: "1.4",
      comment: "cryptographic functions",
      functions: [
        hashing("digest", text, text),
        hashing("digest", bytea, text),
        hashing("hmac", text, text, text),
        hashing("hmac", bytea, bytea, text),
        { ...hashing("gen_random_bytes", int4), volatility: "v" },
        { name: "gen_random_uuid", arguments: [], result: uuid, volatility: "v", source: "gen_random_uuid" },
        // The rest is known by name, and answers that it is not supported.
        { name: "crypt", arguments: [text, text], result: text, volatility: "i", source: "pgcrypto_crypt" },
        { name: "gen_salt", arguments: [text], result: text, volatility: "v", source: "pgcrypto_gen_salt" },
        {
          name: "gen_salt",
          arguments: [text, int4],
          result: text,
          volatility: "v",
          source: "pgcrypto_gen_salt",
        },
        hashing("encrypt", bytea, bytea, text),
        hashing("decrypt", bytea, bytea, text),
        hashing("pgp_sym_encrypt", text, text),
        { ...hashing("pgp_sym_decrypt", bytea, text), result: text },
      ],
    },
  ],
]);

/** What is built in, and may be created all the same. */
export const builtinExtensions: ReadonlyMap<string, string> = new Map([["plpgsql", "1.0"]]);
