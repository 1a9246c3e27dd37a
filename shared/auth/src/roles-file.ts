import { readFileSync } from "node:fs";
import { ConfigError, type Mistake } from "@weftkit/config";
import { nearestName } from "@weftkit/core";
import { builtInRoles, isPermission, type Role, type Roles } from "./roles.ts";
import { actions } from "./security-context.ts";

/**
 * Reads a roles file: a YAML list of `{ name, allow, deny }`. Returns the built-in roles and these.
 *
 * @throws ConfigError with every mistake at once.
 */
export async function readRolesFile(path: string): Promise<Roles> {
  const { LineCounter, parseDocument, isSeq } = await import("yaml");
  const mistakes: Mistake[] = [];
  const lines = new LineCounter();
  const where = (offset: number) => `${path}:${lines.linePos(offset).line}`;

  const document = parseDocument(readText(path), { lineCounter: lines });
  for (const error of document.errors) {
    mistakes.push({ where: where(error.pos[0]), message: error.message.split("\n")[0] ?? "not valid YAML" });
  }
  const roles = new Map(builtInRoles);
  if (mistakes.length === 0 && !isSeq(document.contents)) {
    mistakes.push({ where: path, message: "must be a list of roles: - name: ..." });
  } else if (isSeq(document.contents)) {
    for (const node of document.contents.items) {
      const range = (node as { range?: readonly [number, number, number] | null }).range;
      const value: unknown = (node as { toJS?: (document: unknown) => unknown }).toJS?.(document);
      const problems = problemsOf(value, roles);
      mistakes.push(...problems.map((message) => ({ where: where(range?.[0] ?? 0), message })));
      if (problems.length === 0) addRole(roles, value as Partial<Role> & { name: string });
    }
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return roles;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const message = `cannot read the file: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
    throw new ConfigError([{ where: path, message }]);
  }
}

function addRole(
  roles: Map<string, Role>,
  { name, allow = [], deny = [] }: Partial<Role> & { name: string },
) {
  roles.set(name, { name, allow, deny });
}

/** What is wrong with a role, in the order of its keys. */
function problemsOf(value: unknown, known: Roles): string[] {
  if (typeof value !== "object" || value === null) return ["a role must have name, allow and deny"];
  const role = value as Record<string, unknown>;
  const problems = Object.keys(role)
    .filter((key) => !["name", "allow", "deny"].includes(key))
    .map((key) => `unknown key ${key}; a role has name, allow and deny`);
  if (typeof role.name !== "string" || role.name === "") problems.push("the role has no name");
  else if (builtInRoles.has(role.name))
    problems.push(`the role ${role.name} is built in; give yours another name`);
  else if (known.has(role.name)) problems.push(`the role ${role.name} is listed twice`);
  for (const key of ["allow", "deny"]) {
    const entries = role[key] ?? [];
    if (!Array.isArray(entries)) problems.push(`${key} must be a list`);
    else
      problems.push(...entries.filter((entry) => !isEntry(entry)).map((entry) => unknownEntry(key, entry)));
  }
  return problems;
}

function isEntry(entry: unknown): boolean {
  return typeof entry === "string" && isPermission(entry);
}

function unknownEntry(key: string, entry: unknown): string {
  const nearest = nearestName(String(entry).split(":")[0]!, actions);
  const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
  return `${key}: "${String(entry)}" must be one of ${actions.join(", ")}, or one with a pattern: "read:orders*"${hint}`;
}
