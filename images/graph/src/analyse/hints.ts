import { syntaxError } from "../errors.ts";
import type { Expr, Hint, MatchClause } from "../parse/ast.ts";
import type { Scope } from "./scope.ts";
import { parts } from "./walk.ts";
import { labelNames } from "./warnings.ts";

/** What a MATCH says of one of its variables. */
interface Said {
  readonly labels: Set<string>;
  readonly properties: Set<string>;
}

function saidOf(variable: string, { patterns, where }: MatchClause): Said {
  const said: Said = { labels: new Set(), properties: new Set() };
  const look = (expression: Expr): void => {
    if (expression.kind === "hasLabels" && isNamed(expression.operand, variable))
      for (const { name } of labelNames(expression.labels)) said.labels.add(name);
    if (expression.kind === "property" && isNamed(expression.object, variable))
      said.properties.add(expression.key);
    for (const part of parts(expression)) look(part);
  };
  for (const { elements } of patterns) {
    for (const element of elements) {
      if (element.kind === "quantified" || element.variable !== variable) continue;
      const labels = element.kind === "node" ? element.labels : element.types;
      for (const { name } of labelNames(labels)) said.labels.add(name);
      if (element.properties?.kind === "map")
        for (const { key } of element.properties.entries) said.properties.add(key);
      if (element.where !== undefined) look(element.where);
    }
  }
  if (where !== undefined) look(where);
  return said;
}

function isNamed(expression: Expr, name: string): boolean {
  return expression.kind === "variable" && expression.name === name;
}

/** A hint is about what its MATCH looks for; whether the planner follows it is another question. @throws CypherError SyntaxError */
export function checkHint(hint: Hint, clause: MatchClause, scope: Scope): void {
  const { at, kind, variables, label, properties } = hint;
  for (const name of variables)
    if (!scope.has(name)) throw syntaxError(`Variable \`${name}\` not defined`, at);
  if (kind === "join") {
    if (clause.patterns.every(({ elements }) => elements.length === 1))
      throw syntaxError("Cannot use join hint for single node pattern.", at);
    return;
  }
  const [variable = ""] = variables;
  const said = saidOf(variable, clause);
  const what = kind === "scan" ? "label scan hint" : "index hint";
  const refuse = (missing: string) =>
    syntaxError(
      `Cannot use ${what} in this context: Must use ${missing}, that the hint is referring to, on \`${variable}\` either in the pattern or in supported predicates in \`WHERE\``,
      at,
    );
  if (label !== undefined && !said.labels.has(label)) throw refuse(`\`${label}\``);
  for (const name of properties) if (!said.properties.has(name)) throw refuse(`the property \`${name}\``);
}
