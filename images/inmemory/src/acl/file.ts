import { readFileSync } from "node:fs";
import { replaceFileSync, WeftkitError } from "@weftkit/core";
import { FAULT_TEXTS, mergeSelectors } from "./rules.ts";
import type { AclUser } from "./user.ts";
import type { AclUsers } from "./users.ts";

/** A file of users as Redis's `aclfile`: a line `user <name> <rules>` each. */
export class AclFile {
  readonly path: string;
  readonly #users: AclUsers;

  constructor(path: string, users: AclUsers) {
    this.path = path;
    this.#users = users;
  }

  /**
   * Puts the file's users in the place of those that there are; a file with a mistake changes nothing. Returns the users that
   * are no more.
   *
   * @throws WeftkitError `acl_file`, with every mistake and its line
   */
  load(): readonly AclUser[] {
    let text: string;
    try {
      text = readFileSync(this.path, "latin1");
    } catch (error) {
      const { message } = error as Error;
      throw new WeftkitError("acl_file", `Error loading ACLs, opening file '${this.path}': ${message}`);
    }
    const read = new Map<string, AclUser>();
    const mistakes = text
      .split("\n")
      .map((line, index) => this.#readLine(line.trim(), `${this.path}:${index + 1}`, read))
      .filter((mistake) => mistake !== undefined);
    if (mistakes.length > 0) {
      const message = `${mistakes.join(". ")}. WARNING: ACL errors detected, no change to the previously active ACL rules was performed`;
      throw new WeftkitError("acl_file", message);
    }
    return this.#users.replace(read);
  }

  /** Writes the users that there are; a crash leaves the old file or the new one. */
  save(): void {
    const end = Buffer.from("\n");
    replaceFileSync(this.path, Buffer.concat(this.#users.all.flatMap(({ line }) => [line, end])));
  }

  #readLine(line: string, where: string, read: Map<string, AclUser>): string | undefined {
    if (line === "") return undefined;
    const [keyword, latin1Name, ...words] = line.split(" ");
    if (keyword !== "user" || latin1Name === undefined || latin1Name === "")
      return `${where} should start with user keyword followed by the username`;
    const name = Buffer.from(latin1Name, "latin1").toString();
    if (this.#users.isConfigured(name))
      return `${where}: the user '${name}' is of the configuration: remove the line`;
    if (read.has(name)) return `WARNING: Duplicate user '${name}' found on line ${where.split(":").at(-1)}`;
    const merged = mergeSelectors(words.filter(Boolean));
    if ("unmatched" in merged) return `${where}: Unmatched parenthesis in selector definition`;
    const { user, fault } = this.#users.make(name, merged.rules);
    if (fault !== undefined)
      return `${where}: Error in applying operation '${fault.rule}': ${FAULT_TEXTS[fault.kind]}`;
    read.set(name, user);
    return undefined;
  }
}
