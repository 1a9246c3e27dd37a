import type { TSchema } from "typebox";
import type { Route } from "./route.ts";

/** As deep as examples of bodies go; what is deeper is left out. */
const depthMax = 4;

interface SchemaParts {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly anyOf?: readonly TSchema[];
  readonly items?: TSchema;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
}

/** A call of the route with curl, with everything that is required, and nothing else. */
export function exampleRequest({ method, path, query, body }: Route, prefix: string): string {
  const { properties = {}, required = [] } = query as SchemaParts;
  const parameters = required.map((name) => `${name}=${String(exampleOf(properties[name], name))}`);
  const search = parameters.length === 0 ? "" : `?${parameters.join("&")}`;
  const place = path.replace("...}", "}").replaceAll(/\{(\w+)\}/g, (_, name: string) => `my-${name}`);
  const lines = [
    `curl -X ${method} "$URL${prefix}${place}${search}"`,
    '-H "Authorization: Bearer $USER:$PASSWORD"',
  ];
  const [type, sent] = Object.entries(body ?? {})[0] ?? [];
  if (type !== undefined && sent !== undefined) {
    lines.push(`-H "Content-Type: ${type.includes("*") ? "application/octet-stream" : type}"`);
    lines.push(
      sent.kind === "json" ? `-d '${JSON.stringify(exampleOf(sent.schema, "body"))}'` : "--data-binary @FILE",
    );
  }
  return lines.join(" \\\n  ");
}

/** A value that the schema takes, as far as it says. */
function exampleOf(schema: TSchema | undefined, name: string, depth = 0): unknown {
  if (schema === undefined) return name;
  const parts = schema as SchemaParts;
  if (parts.examples !== undefined) return parts.examples[0];
  if (parts.const !== undefined) return parts.const;
  if (parts.default !== undefined) return parts.default;
  if (parts.enum !== undefined) return parts.enum[0];
  if (parts.anyOf !== undefined) return exampleOf(parts.anyOf[0], name, depth);
  switch (parts.type) {
    case "integer":
    case "number":
      return parts.minimum ?? 1;
    case "boolean":
      return true;
    case "array":
      return depth >= depthMax ? [] : [exampleOf(parts.items, name.replace(/s$/, ""), depth + 1)];
    case "object":
      return depth >= depthMax ? {} : objectOf(parts, depth);
    default:
      return `my-${name}`;
  }
}

/** What is required; the first property where nothing is, as an empty object shows nothing. */
function objectOf({ properties = {}, required = [] }: SchemaParts, depth: number): Record<string, unknown> {
  const names = required.length > 0 ? required : Object.keys(properties).slice(0, 1);
  return Object.fromEntries(names.map((name) => [name, exampleOf(properties[name], name, depth + 1)]));
}
