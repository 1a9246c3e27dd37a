/** AWS shows values in its messages as Java's `toString` does; long ones are cut here, as nobody reads them. */
const lengthMax = 2000;

export function javaText(value: unknown): string {
  const text = write(value);
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}...` : text;
}

function write(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(write).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value ?? "null");
  const members = Object.entries(value).map(([name, member]) => `${name}=${write(member)}`);
  return `{${members.join(", ")}}`;
}
