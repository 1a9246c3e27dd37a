import neo4j, { type Node, type Path, type Relationship } from "neo4j-driver";

const charsMax = 16 * 1024;
const depthMax = 32;

/** A value as Cypher writes it, exact, cut where it is long; null is NULL. */
export function toCypherText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = write(value, 0);
  return text.length > charsMax ? `${text.slice(0, charsMax)}… (of ${text.length} characters)` : text;
}

/** Properties as pairs of names and texts. */
export function propertiesOf(properties: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(properties).map(([name, value]) => [name, toCypherText(value) ?? "null"]);
}

function write(value: unknown, depth: number): string {
  if (value === null || value === undefined) return "null";
  if (depth > depthMax) return "…";
  if (typeof value === "string") return JSON.stringify(value);
  // The driver gives integers as its own type, so that a number is a float.
  if (typeof value === "number") return Number.isInteger(value) ? value.toFixed(1) : String(value);
  if (typeof value !== "object") return String(value);
  if (neo4j.isInt(value)) return value.toString();
  if (neo4j.isNode(value)) return writeNode(value, depth);
  if (neo4j.isRelationship(value)) return writeRelationship(value, depth);
  if (neo4j.isPath(value)) return writePath(value, depth);
  if (value instanceof Int8Array || value instanceof Uint8Array) {
    return `0x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`;
  }
  if (Array.isArray(value)) return `[${value.map((one) => write(one, depth + 1)).join(", ")}]`;
  if (neo4j.isPoint(value)) {
    const { srid, x, y, z } = value as unknown as { srid: unknown; x: number; y: number; z?: number };
    return `point({srid: ${String(srid)}, x: ${x}, y: ${y}${z === undefined ? "" : `, z: ${z}`}})`;
  }
  const isPlain = Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null;
  // Dates, times, durations.
  return isPlain ? writeMap(value as Record<string, unknown>, depth) : String(value);
}

function writeMap(map: Readonly<Record<string, unknown>>, depth: number): string {
  const members = Object.entries(map).map(([name, value]) => `${name}: ${write(value, depth + 1)}`);
  return `{${members.join(", ")}}`;
}

function writeNode({ labels, properties }: Node, depth: number): string {
  const names = labels.map((label) => `:${label}`).join("");
  return `(${[names, propertiesText(properties, depth)].filter((part) => part !== "").join(" ")})`;
}

function writeRelationship({ type, properties }: Relationship, depth: number): string {
  return `[${[`:${type}`, propertiesText(properties, depth)].filter((part) => part !== "").join(" ")}]`;
}

function writePath({ start, segments }: Path, depth: number): string {
  let text = writeNode(start, depth);
  let at = start.elementId;
  for (const { relationship, end, start: from } of segments) {
    const isForward = relationship.startNodeElementId === at;
    const next = from.elementId === at ? end : from;
    const link = writeRelationship(relationship, depth);
    text += `${isForward ? "-" : "<-"}${link}${isForward ? "->" : "-"}${writeNode(next, depth)}`;
    at = next.elementId;
  }
  return text;
}

function propertiesText(properties: Readonly<Record<string, unknown>>, depth: number): string {
  return Object.keys(properties).length === 0 ? "" : writeMap(properties, depth);
}
