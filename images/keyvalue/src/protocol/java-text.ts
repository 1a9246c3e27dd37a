import type { Shape } from "./shape.ts";

/** Longer ones are cut in the middle, as nobody reads them. */
const lengthMax = 100_000;

/** AWS shows values in its messages as Java's `toString` does. */
export function javaText(value: unknown, shape?: Shape): string {
  const text = write(value, shape);
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}...${text.at(-1)}` : text;
}

function write(value: unknown, shape: Shape | undefined): string {
  if (Array.isArray(value)) {
    const of = shape?.type === "list" ? shape.of : undefined;
    return `[${value.map((member) => write(member, of)).join(", ")}]`;
  }
  if (typeof value !== "object" || value === null) return String(value ?? "null");
  if (shape?.type === "structure") {
    const members = Object.keys(value).map(
      (name) => `${lowerFirst(name)}=${write((value as Record<string, unknown>)[name], shape.members[name])}`,
    );
    return `${shape.className}(${members.join(", ")})`;
  }
  const of = shape?.type === "map" ? shape.of : undefined;
  const members = Object.entries(value).map(([name, member]) => `${name}=${write(member, of)}`);
  return `{${members.join(", ")}}`;
}

export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
