import type { Warning } from "../analyse/warnings.ts";
import type { RuntimeNotification } from "../runtime/context.ts";
import type { Tokens } from "../storage/tokens.ts";
import type { PreparedQuery } from "./prepared-query.ts";

/** Something a client is told about its query beside the result. */
export interface Notification {
  readonly code: string;
  readonly title: string;
  readonly description: string;
  readonly severity: "WARNING" | "INFORMATION";
  readonly category: string;
  readonly gqlStatus: string;
  readonly statusDescription: string;
  readonly position?: { readonly offset: number; readonly line: number; readonly column: number } | undefined;
}

type Text = Omit<Notification, "position">;

const code = "Neo.ClientNotification.Statement.";

function unknown(what: string, kind: string, name: string, gqlStatus: string): Text {
  return {
    code: `${code}Unknown${kind}Warning`,
    title: `The provided ${what} is not in the database`,
    description: `One of the ${what === "property key" ? "property names" : `${what}s`} in your query is not available in the database, make sure you didn't misspell it or that the ${what} is available when you run this statement in your application (the missing ${what} name is: ${name})`,
    severity: "WARNING",
    category: "UNRECOGNIZED",
    gqlStatus,
    statusDescription: `warn: ${what} does not exist. The ${what} \`${name}\` does not exist. Verify that the spelling is correct.`,
  };
}

const texts: Readonly<Record<Warning["kind"], (name: string) => Text>> = {
  label: (name) => unknown("label", "Label", name, "01N50"),
  type: (name) => unknown("relationship type", "RelationshipType", name, "01N51"),
  key: (name) => unknown("property key", "PropertyKey", name, "01N52"),
  "cartesian product": (name) => ({
    code: `${code}CartesianProduct`,
    title: "This query builds a cartesian product between disconnected patterns.",
    description: `If a part of a query contains multiple disconnected patterns, this will build a cartesian product between all those parts. This may produce a large amount of data and slow down query processing. While occasionally intended, it may often be possible to reformulate the query that avoids the use of this cross product, perhaps by adding a relationship between the different parts or by using OPTIONAL MATCH (identifier is: (${name}))`,
    severity: "INFORMATION",
    category: "PERFORMANCE",
    gqlStatus: "03N90",
    statusDescription: "info: cartesian product. The disconnected patterns build a cartesian product.",
  }),
  "deprecated function": (name) => ({
    code: `${code}FeatureDeprecationWarning`,
    title: "This feature is deprecated and will be removed in future versions.",
    description: `The query used a deprecated function: \`${name}\`.`,
    severity: "WARNING",
    category: "DEPRECATION",
    gqlStatus: "01N02",
    statusDescription: `warn: feature deprecated without replacement. ${name} is deprecated and will be removed without a replacement.`,
  }),
  "deprecated import": () => ({
    code: `${code}FeatureDeprecationWarning`,
    title: "This feature is deprecated and will be removed in future versions.",
    description: "CALL subquery without a variable scope clause is now deprecated. Use CALL () { ... }",
    severity: "WARNING",
    category: "DEPRECATION",
    gqlStatus: "01N00",
    statusDescription:
      "warn: feature deprecated. CALL subquery without a variable scope clause is deprecated. Use CALL () { ... } instead.",
  }),
};

const nullInAggregate: Text = {
  code: `${code}AggregationSkippedNull`,
  title: "The query contains an aggregation function that skips null values.",
  description: "The query contains an aggregation function that skips null values.",
  severity: "WARNING",
  category: "UNRECOGNIZED",
  gqlStatus: "01G11",
  statusDescription: "warn: null value eliminated in set function",
};

/** Which notifications a client wants (from 5.2). */
export interface NotificationFilter {
  readonly minimumSeverity: string | undefined;
  readonly disabledCategories: readonly string[];
}

function place(text: string, offset: number): NonNullable<Notification["position"]> {
  const before = text.slice(0, offset);
  return { offset, line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}

/** Names that nothing is called by matter in queries that only read: others may be about to make what they name. */
function isDue(
  { kind, name }: Warning,
  prepared: PreparedQuery & { kind: "query" },
  tokens: Tokens,
): boolean {
  if (kind !== "label" && kind !== "type" && kind !== "key") return true;
  return !prepared.analysis.isWrite && tokens.find(kind, name) === undefined;
}

/** What a client is told about a query that has run. */
export function notificationsOf(
  prepared: PreparedQuery,
  runtime: ReadonlySet<RuntimeNotification["kind"]>,
  tokens: Tokens,
  filter: NotificationFilter,
): readonly Notification[] {
  if (filter.minimumSeverity === "OFF") return [];
  const found: Notification[] = [];
  const seen = new Set<string>();
  if (prepared.kind === "query") {
    // Keys come before labels, as in Neo4j.
    const order = [...prepared.analysis.warnings].sort(
      (a, b) => Number(a.kind !== "key") - Number(b.kind !== "key"),
    );
    for (const warning of order) {
      const key = `${warning.kind} ${warning.name}`;
      if (seen.has(key) || !isDue(warning, prepared, tokens)) continue;
      seen.add(key);
      found.push({
        ...texts[warning.kind](warning.name),
        position: place(prepared.statement.text, warning.at),
      });
    }
  }
  if (runtime.has("null in aggregate")) found.push(nullInAggregate);
  return found.filter(
    ({ severity, category }) =>
      (filter.minimumSeverity !== "WARNING" || severity === "WARNING") &&
      !filter.disabledCategories.includes(category),
  );
}
