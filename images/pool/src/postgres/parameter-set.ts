/**
 * The parameters of a session that are not as its server would have them: name in lower case, value as `current_setting`
 * gives it. Immutable; equal ones have equal keys.
 */
export class ParameterSet {
  static readonly empty = new ParameterSet(new Map());
  readonly values: ReadonlyMap<string, string>;
  readonly key: string;

  private constructor(values: ReadonlyMap<string, string>) {
    this.values = values;
    this.key = [...values]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}\0${value}\0`)
      .join("");
  }

  static of(values: ReadonlyMap<string, string>): ParameterSet {
    if (values.size === 0) return ParameterSet.empty;
    return intern(new ParameterSet(values));
  }

  /** This with other values. */
  with(changed: ReadonlyMap<string, string>): ParameterSet {
    if (changed.size === 0) return this;
    return ParameterSet.of(new Map([...this.values, ...changed]));
  }
}

/** Thousands of clients have the same few sets. */
const known = new Map<string, ParameterSet>();
const knownMax = 1000;

function intern(set: ParameterSet): ParameterSet {
  const same = known.get(set.key);
  if (same !== undefined) return same;
  if (known.size >= knownMax) known.clear();
  known.set(set.key, set);
  return set;
}

/**
 * The text that makes a session that has `from` one that has `to`. Roles are reset first, as what is set after them may need
 * the rights of who logged in. `set_config` takes a value as `current_setting` gave it, SET would quote it again.
 */
export function transition(from: ParameterSet, to: ParameterSet): string {
  const statements: string[] = [];
  const gone = [...from.values.keys()].filter((name) => !to.values.has(name));
  const set = [...to.values].filter(([name, value]) => from.values.get(name) !== value);
  const isRole = (name: string) => name === "role" || name === "session_authorization";
  const changesRole = [...from.values.keys()].some(isRole);
  for (const name of changesRole ? ["session_authorization", "role"] : []) {
    if (from.values.get(name) !== undefined) statements.push(`RESET ${quotedName(name)}`);
  }
  for (const name of gone) if (!isRole(name)) statements.push(`RESET ${quotedName(name)}`);
  const ordered = [
    ...set.filter(([name]) => !isRole(name)),
    ...[...to.values].filter(([name]) => isRole(name)),
  ];
  for (const [name, value] of ordered) {
    statements.push(`SELECT pg_catalog.set_config(${literal(name)}, ${literal(value)}, false)`);
  }
  return statements.join(";");
}

function quotedName(name: string): string {
  return name
    .split(".")
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join(".");
}

/** A string constant that means the same whatever standard_conforming_strings says. */
export function literal(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return value.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted;
}
