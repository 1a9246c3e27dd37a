import { PgError } from "../errors.ts";
import type { Acl, AclItem } from "./model.ts";

/** Privileges as PostgreSQL keeps them (ddl-priv): letters, their names, their defaults, and how a grant changes a list. */

/** In the order in which an aclitem shows them. */
export const rightsOrder = "arwdDxtXUCTcsAm";

export const rightNames: Readonly<Record<string, string>> = {
  a: "INSERT",
  r: "SELECT",
  w: "UPDATE",
  d: "DELETE",
  D: "TRUNCATE",
  x: "REFERENCES",
  t: "TRIGGER",
  X: "EXECUTE",
  U: "USAGE",
  C: "CREATE",
  T: "TEMPORARY",
  c: "CONNECT",
  s: "SET",
  A: "ALTER SYSTEM",
  m: "MAINTAIN",
};

export const rightLetters: ReadonlyMap<string, string> = new Map([
  ...Object.entries(rightNames).map(([letter, name]) => [name.toLowerCase(), letter] as const),
  ["temp", "T"],
]);

/** What can be granted on: table, column, sequence, database, function, language, schema, type, and what is only shown. */
export type AclKind = "r" | "c" | "S" | "d" | "f" | "l" | "n" | "T" | "L" | "p" | "t" | "F" | "s";

interface KindRights {
  /** How messages call it. */
  readonly word: string;
  readonly all: string;
  /** What PUBLIC and the owner have when nothing was granted. */
  readonly everybody: string;
}

export const aclKinds: Readonly<Record<AclKind, KindRights>> = {
  c: { word: "column", all: "arwx", everybody: "" },
  r: { word: "relation", all: "arwdDxtm", everybody: "" },
  S: { word: "sequence", all: "rwU", everybody: "" },
  d: { word: "database", all: "CTc", everybody: "Tc" },
  f: { word: "function", all: "X", everybody: "X" },
  l: { word: "language", all: "U", everybody: "U" },
  L: { word: "large object", all: "rw", everybody: "" },
  n: { word: "schema", all: "UC", everybody: "" },
  p: { word: "parameter", all: "sA", everybody: "" },
  t: { word: "tablespace", all: "C", everybody: "" },
  F: { word: "foreign-data wrapper", all: "U", everybody: "" },
  s: { word: "foreign server", all: "U", everybody: "" },
  T: { word: "type", all: "U", everybody: "U" },
};

export const sorted = (letters: string): string =>
  [...rightsOrder].filter((letter) => letters.includes(letter)).join("");
export const union = (a: string, b: string): string => sorted(a + b);
export const intersect = (a: string, b: string): string =>
  [...a].filter((letter) => b.includes(letter)).join("");
export const without = (a: string, b: string): string =>
  [...a].filter((letter) => !b.includes(letter)).join("");

/** What holds where nothing was granted or revoked. */
export function defaultAcl(kind: AclKind, owner: number): Acl {
  const { all, everybody } = aclKinds[kind];
  const items: AclItem[] = [];
  if (everybody !== "") items.push({ grantee: 0, grantor: owner, rights: everybody, options: "" });
  if (kind !== "c") items.push({ grantee: owner, grantor: owner, rights: all, options: "" });
  return items;
}

/** What `role` (with those that it has the rights of) may do by the list, or may grant on when `options`. */
export function rightsIn(
  acl: Acl,
  owner: number,
  has: (role: number) => boolean,
  wanted: string,
  options = false,
): string {
  // The owner may always grant.
  if (options && has(owner)) return wanted;
  let found = "";
  for (const item of acl)
    if (item.grantee === 0 ? !options : has(item.grantee))
      found += intersect(options ? item.options : item.rights, wanted);
  return sorted(found);
}

/** A change by GRANT or REVOKE. */
export interface AclChange {
  readonly isGrant: boolean;
  /** Grant with the option, or revoke only it. */
  readonly option: boolean;
  readonly cascade: boolean;
  readonly grantees: readonly number[];
  readonly grantor: number;
  readonly owner: number;
  readonly rights: string;
  /** Whether a role has the rights of another one. */
  hasRightsOf(member: number, role: number): boolean;
}

/** The list after a change. @throws PgError 0LP01, 2BP01 */
export function changedAcl(acl: Acl, change: AclChange): Acl {
  let list = [...acl];
  for (const grantee of change.grantees) {
    if (change.isGrant && change.option && grantee === 0)
      throw new PgError("0LP01", "grant options can only be granted to roles");
    list = changeFor(list, change, grantee);
  }
  return list;
}

function changeFor(list: AclItem[], change: AclChange, grantee: number): AclItem[] {
  const { isGrant, option, grantor, owner, rights } = change;
  // The owner's options are implied, and to grant or revoke them says nothing.
  if (isGrant && option) checkCircularity(list, grantor, grantee, owner, rights);
  const at = list.findIndex((item) => item.grantee === grantee && item.grantor === grantor);
  const old = list[at] ?? { grantee, grantor, rights: "", options: "" };
  const next: AclItem = isGrant
    ? {
        ...old,
        rights: union(old.rights, rights),
        options: option ? union(old.options, rights) : old.options,
      }
    : {
        ...old,
        rights: option ? old.rights : without(old.rights, rights),
        options: without(old.options, rights),
      };
  let changed: AclItem[];
  if (next.rights === "" && next.options === "")
    changed = at < 0 ? list : [...list.slice(0, at), ...list.slice(at + 1)];
  else changed = at < 0 ? [...list, next] : [...list.slice(0, at), next, ...list.slice(at + 1)];
  const lost = without(old.options, next.options);
  return lost === "" || grantee === 0 ? changed : revokeDependent(changed, change, grantee, lost);
}

/** What was granted on with an option that is gone. @throws PgError 2BP01 */
function revokeDependent(list: AclItem[], change: AclChange, grantee: number, lost: string): AclItem[] {
  // Another grantor may have given the same option, or a role that the grantee is a member of.
  const has = (role: number) => change.hasRightsOf(grantee, role);
  const still = rightsIn(list, change.owner, has, lost, true);
  const gone = without(lost, still);
  if (gone === "") return list;
  let changed = list;
  for (const item of list) {
    if (item.grantor !== grantee || intersect(item.rights, gone) === "") continue;
    if (!change.cascade)
      throw new PgError("2BP01", "dependent privileges exist", {
        hint: "Use CASCADE to revoke them too.",
      });
    changed = changeFor(
      changed,
      { ...change, isGrant: false, option: false, grantor: grantee, rights: gone },
      item.grantee,
    );
  }
  return changed;
}

/** Nobody may have an option only from those to whom they gave it. @throws PgError 0LP01 */
function checkCircularity(
  list: readonly AclItem[],
  grantor: number,
  grantee: number,
  owner: number,
  rights: string,
): void {
  if (grantor === owner) return;
  let own = "";
  let rest = [...list];
  const seen = new Set<number>([grantee]);
  // What is left when all that comes from the grantee is taken away.
  for (const from of seen) {
    const next: AclItem[] = [];
    for (const item of rest) {
      if (item.grantor === from) {
        if (item.options !== "" && item.grantee !== 0) seen.add(item.grantee);
      } else next.push(item);
    }
    rest = next;
  }
  for (const item of rest) if (item.grantee === grantor) own += item.options;
  if (without(rights, own) !== "")
    throw new PgError("0LP01", "grant options cannot be granted back to your own grantor");
}

/** An aclitem's text; `nameOf` gives a role's name. */
export function aclText(
  { grantee, grantor, rights, options }: AclItem,
  nameOf: (role: number) => string,
): string {
  const name = (role: number) => {
    const plain = nameOf(role);
    return /^[A-Za-z0-9_]+$/.test(plain) ? plain : `"${plain.replaceAll('"', '""')}"`;
  };
  const letters = [...rightsOrder]
    .filter((letter) => rights.includes(letter) || options.includes(letter))
    .map((letter) => (options.includes(letter) ? `${letter}*` : letter))
    .join("");
  return `${grantee === 0 ? "" : name(grantee)}=${letters}/${name(grantor)}`;
}

/** Reads an aclitem. @throws PgError 22P02, 42704 */
export function parseAclItem(text: string, roleNamed: (name: string) => number): AclItem {
  const match =
    /^\s*(?:group\s+|user\s+)?("(?:[^"]|"")*"|[^="/]*)\s*=((?:[A-Za-z]\*?)*)(?:\/("(?:[^"]|"")*"|[^="/]+))?\s*$/.exec(
      text,
    );
  if (match === null)
    throw new PgError("22P02", `missing "=" sign`, {
      hint: 'An aclitem is written as "grantee=privileges/grantor".',
    });
  const [, who = "", letters = "", by] = match;
  const name = (part: string) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part.trim();
  let rights = "";
  let options = "";
  for (const [, letter = "", star] of letters.matchAll(/([A-Za-z])(\*?)/g)) {
    if (!rightsOrder.includes(letter))
      throw new PgError("22P02", `invalid mode character: must be one of "${rightsOrder}"`);
    rights += letter;
    if (star === "*") options += letter;
  }
  return {
    grantee: name(who) === "" ? 0 : roleNamed(name(who)),
    grantor: by === undefined ? 10 : roleNamed(name(by)),
    rights: sorted(rights),
    options: sorted(options),
  };
}
