import { stringify } from "smol-toml";
import type { Key } from "./key.ts";
import type { LoadedConfig } from "./load.ts";
import { schema, userKeys } from "./schema.ts";

const hidden = "***";

/**
 * The configuration as it takes effect, as TOML; each value that is not a default says in a comment who set it.
 * Secrets are shown as `***`.
 */
export function printConfig(loaded: LoadedConfig): string {
  const tables = Object.entries(schema).map(([section, { keys }]) => {
    const values = loaded.config[section as keyof typeof schema] as Readonly<Record<string, unknown>>;
    const lines = Object.entries(keys as Readonly<Record<string, Key<unknown>>>).flatMap(([name, key]) =>
      line(name, key, values[name], loaded.source(section, name)),
    );
    return lines.length === 0 ? "" : `[${section}]\n${lines.join("\n")}\n`;
  });
  const users = loaded.config.auth.users.map((user) => {
    const lines = Object.entries(userKeys).flatMap(([name, key]) =>
      line(name, key, user[name as keyof typeof user], undefined),
    );
    return `[[auth.users]]\n${lines.join("\n")}\n`;
  });
  return [...tables, ...users].filter((table) => table !== "").join("\n");
}

function line(name: string, key: Key<unknown>, value: unknown, source: string | undefined): string[] {
  if (value === undefined) return [];
  const shown = key.kind === "secret" ? hidden : key.kind === "duration" ? `${String(value)}ms` : value;
  const assignment = stringify({ [name]: shown }).trimEnd();
  return [source === undefined ? assignment : `${assignment}  # ${source}`];
}
