/** Names and values of a query; a name that comes twice has a list, which no schema here takes. */
export function readQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = Object.hasOwn(query, name) ? query[name] : undefined;
    const now = before === undefined ? value : [before, value].flat();
    Object.defineProperty(query, name, { value: now, enumerable: true, configurable: true, writable: true });
  }
  return query;
}
