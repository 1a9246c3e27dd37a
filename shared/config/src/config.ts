import type { EngineName } from "./engines.ts";
import type { Key } from "./key.ts";
import type { SectionName, schema, userKeys } from "./schema.ts";
import type { ServiceName } from "./services.ts";

type Values<K> = { readonly [Name in keyof K]: K[Name] extends Key<infer T> ? T : never };

/** What runs in an image: an engine or a service. */
export type ProgramName = EngineName | ServiceName;

/** A user of `[[auth.users]]` or of the users file. */
export type ConfiguredUser = Omit<Values<typeof userKeys>, "username"> & { readonly username: string };

/** One section's values, by the names they have in weftkit.toml. */
export type SectionValues<S extends SectionName> = Values<(typeof schema)[S]["keys"]>;

/** What the rules (rules.ts) fill in, so that nobody else has to derive it. */
interface Derived {
  readonly server: { readonly name: string; readonly admin_bind: string };
  readonly auth: { readonly users: readonly ConfiguredUser[] };
  readonly tls: { readonly enabled: boolean };
  readonly inmemory: { readonly wal_fsync: boolean };
}

/**
 * The whole configuration, validated and with every default in place. Sections and keys have the names of
 * weftkit.toml; sizes are bytes, durations milliseconds; `[standalone]` is already written to the other sections.
 */
export type Config = {
  readonly [S in SectionName]: (S extends ProgramName
    ? Omit<SectionValues<S>, "bind"> & { readonly bind: string }
    : SectionValues<S>) &
    (S extends keyof Derived ? Derived[S] : unknown);
};
