import { PgError } from "../errors.ts";
import { parseBoolean } from "../types/texts.ts";

/** What the startup parameter `replication` asks for: the replication protocol, or nothing. @throws PgError 22023 */
export function isReplication(value: string | undefined): boolean {
  if (value === undefined) return false;
  const known = value === "database" ? true : parseBoolean(value);
  if (known === undefined)
    throw new PgError("22023", `invalid value for parameter "replication": "${value}"`, {
      hint: 'Valid values are: "false", 0, "true", 1, "database".',
    });
  return known;
}
