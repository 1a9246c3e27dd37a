import { readFileSync } from "node:fs";
import { makeVerifier, parseVerifier, type ScramVerifier } from "@weftkit/auth";
import { ConfigError, type Mistake } from "@weftkit/config";

/** What is known of a user's password: itself, its MD5 (`md5...`), or its SCRAM verifier, as PostgreSQL writes them. */
export class Secret {
  readonly text: string;
  #verifier: Promise<ScramVerifier> | undefined;

  constructor(text: string) {
    this.text = text;
  }

  get kind(): "password" | "md5" | "scram" {
    if (parseVerifier(this.text) !== undefined) return "scram";
    return /^md5[0-9a-f]{32}$/.test(this.text) ? "md5" : "password";
  }

  /** What a SCRAM client is checked with; undefined when only an MD5 is known. */
  verifier(): Promise<ScramVerifier> | undefined {
    if (this.kind === "md5") return undefined;
    const parsed = parseVerifier(this.text);
    this.#verifier ??= parsed === undefined ? makeVerifier(this.text) : Promise.resolve(parsed);
    return this.#verifier;
  }
}

/**
 * Reads a list of users in pgbouncer's form: a line is `"name" "password"`, where a quote inside of quotes is doubled; the rest
 * of the line, empty lines and those that begin with ; or # are left out.
 *
 * @throws ConfigError with every mistake at once
 */
export function readUsersFile(path: string): Map<string, Secret> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new ConfigError([{ where: "pool.users_file", message: `cannot read ${path}: ${reason}` }]);
  }
  const mistakes: Mistake[] = [];
  const users = new Map<string, Secret>();
  text.split(/\r?\n/).forEach((line, index) => {
    if (/^\s*(?:[;#].*)?$/.test(line)) return;
    const match = /^\s*"((?:[^"]|"")+)"\s+"((?:[^"]|"")*)"/.exec(line);
    if (match === null) {
      mistakes.push({ where: `${path}:${index + 1}`, message: 'a line must be "name" "password"' });
      return;
    }
    users.set(match[1]!.replaceAll('""', '"'), new Secret(match[2]!.replaceAll('""', '"')));
  });
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return users;
}
