import type { Config } from "./config.ts";
import type { Key } from "./key.ts";
import { schema } from "./schema.ts";

/** The configuration with every secret and the list of users left out: what is handed on after the start. */
export function withoutSecrets(config: Config): Config {
  const sections = Object.entries(schema).map(([name, { keys }]) => {
    const values: Record<string, unknown> = { ...config[name as keyof Config] };
    for (const [key, { kind }] of Object.entries(keys as Readonly<Record<string, Key<unknown>>>)) {
      if (kind === "secret") values[key] = undefined;
    }
    if (name === "auth") values.users = Object.freeze([]);
    return [name, Object.freeze(values)] as const;
  });
  // Only keys whose type allows undefined, or an empty list, have changed.
  return Object.freeze(Object.fromEntries(sections)) as unknown as Config;
}
