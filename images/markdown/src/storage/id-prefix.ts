/** The condition that the id of a row of `documents d` begins with this; "" is anything. */
export function idPrefixCondition(prefix: string): { sql: string; parameters: readonly string[] } {
  if (prefix === "") return { sql: "1", parameters: [] };
  return { sql: "d.id >= ? AND d.id < ?", parameters: [prefix, `${prefix}\u{10ffff}`] };
}
