import { syntaxError } from "../errors.ts";
import type { StaticType } from "../functions/definition.ts";
import type { Expr, LabelExpr, NodePattern, PathPattern, RelPattern } from "../parse/ast.ts";
import { ExpressionAnalyser, fits, plainPlace } from "./expression-analyser.ts";
import type { Scope } from "./scope.ts";
import { labelNames } from "./warnings.ts";

/** The names of a choice of types or of labels; undefined when it is more than names and `|`. */
export function plainNames(labels: LabelExpr | undefined): readonly string[] | undefined {
  if (labels === undefined) return [];
  if (labels.kind === "name") return [labels.name];
  if (labels.kind !== "or") return undefined;
  const [left, right] = [plainNames(labels.left), plainNames(labels.right)];
  return left === undefined || right === undefined ? undefined : [...left, ...right];
}

/** Labels that a node is to have: names, and what names them, joined by `:` or `&`. */
export function labelsToSet(
  labels: LabelExpr | undefined,
): readonly (LabelExpr & { kind: "name" | "dynamic" })[] | undefined {
  if (labels === undefined) return [];
  if (labels.kind === "name" || labels.kind === "dynamic") return [labels];
  if (labels.kind !== "and") return undefined;
  const [left, right] = [labelsToSet(labels.left), labelsToSet(labels.right)];
  return left === undefined || right === undefined ? undefined : [...left, ...right];
}

/** Checks patterns: what reads them and what makes them. @throws CypherError SyntaxError of every method */
export abstract class PatternAnalyser extends ExpressionAnalyser {
  /** The patterns of one MATCH; brings their variables into the scope. */
  matchPatterns(patterns: readonly PathPattern[], scope: Scope): void {
    const selective = patterns.find(
      ({ selector }) => selector?.kind === "shortest" || selector?.kind === "any",
    );
    if (selective !== undefined && patterns.length > 1)
      throw syntaxError(
        "Multiple path patterns cannot be used in the same clause in combination with a selective path selector.",
        selective.at,
      );
    const relationships = new Set<string>();
    const fresh = new Set<string>();
    const properties: (() => void)[] = [];
    for (const pattern of patterns) this.#matchPath(pattern, scope, relationships, fresh, properties);
    for (const check of properties) check();
  }

  #matchPath(
    pattern: PathPattern,
    scope: Scope,
    relationships: Set<string>,
    fresh: Set<string>,
    later: (() => void)[],
  ): void {
    const { selector } = pattern;
    if (selector?.kind === "shortestPath" || selector?.kind === "allShortestPaths")
      this.#checkShortest(pattern);
    for (const element of pattern.elements) {
      if (element.kind === "node") this.#matchNode(element, scope, later);
      else if (element.kind === "relationship")
        this.#matchRelationship(element, scope, relationships, fresh, later);
      else {
        const inner = scope.copy();
        const names = new Set<string>();
        for (const part of element.elements) {
          if (part.variable !== undefined) {
            if (scope.has(part.variable) && !names.has(part.variable))
              throw syntaxError(
                `The variable \`${part.variable}\` occurs in multiple quantified path patterns and needs to be renamed.`,
                part.at,
              );
            names.add(part.variable);
          }
          if (part.kind === "node") this.#matchNode(part, inner, later);
          else {
            if (part.length !== undefined)
              throw syntaxError(
                "Variable length relationships cannot be part of a quantified path pattern.",
                part.at,
              );
            this.#matchRelationship(part, inner, relationships, fresh, later);
          }
        }
        if (element.where !== undefined) {
          const { where } = element;
          later.push(() => this.condition(where, inner));
        }
        for (const name of names) scope.set(name, "list");
      }
    }
    if (pattern.variable !== undefined) {
      if (scope.has(pattern.variable)) throw alreadyDeclared(pattern.variable, pattern.at);
      scope.set(pattern.variable, "path");
    }
    if (pattern.where !== undefined) {
      const { where } = pattern;
      later.push(() => this.condition(where, scope));
    }
  }

  #checkShortest({ elements, at, selector }: PathPattern): void {
    const [, relationship] = elements;
    if (elements.length !== 3 || relationship?.kind !== "relationship")
      throw syntaxError(`${selector?.kind}(...) requires a pattern containing a single relationship`, at);
    const min = relationship.length?.min;
    if (min !== undefined && min > 1)
      throw syntaxError(`${selector?.kind}(...) does not support a minimal length different from 0 or 1`, at);
  }

  #matchNode(node: NodePattern, scope: Scope, later: (() => void)[]): void {
    if (node.variable !== undefined) this.#declare(node.variable, "node", scope, node.at);
    this.labels(node.labels, scope);
    for (const { name, at } of labelNames(node.labels)) this.warnings.push({ kind: "label", name, at });
    this.#properties(node.properties, scope, later, node.at);
    if (node.where !== undefined) {
      const { where } = node;
      later.push(() => this.condition(where, scope));
    }
  }

  #matchRelationship(
    rel: RelPattern,
    scope: Scope,
    relationships: Set<string>,
    fresh: Set<string>,
    later: (() => void)[],
  ): void {
    const { variable, at, length } = rel;
    if (variable !== undefined) {
      if (relationships.has(variable))
        throw syntaxError(
          `Cannot use the same relationship variable '${variable}' for multiple relationships`,
          at,
        );
      relationships.add(variable);
      const type: StaticType = length === undefined ? "relationship" : "list";
      if (length !== undefined && scope.has(variable) && fresh.has(variable))
        throw alreadyDeclared(variable, at);
      this.#declare(variable, type, scope, at);
    }
    if (rel.types !== undefined) this.labels(rel.types, scope);
    for (const name of labelNames(rel.types))
      this.warnings.push({ kind: "type", name: name.name, at: name.at });
    if (length?.max !== undefined && length.min !== undefined && length.max < length.min) return;
    this.#properties(rel.properties, scope, later, at);
    if (rel.where !== undefined) {
      const { where } = rel;
      later.push(() => this.condition(where, scope));
    }
  }

  #declare(name: string, type: StaticType, scope: Scope, at: number): void {
    const known = scope.type(name);
    if (known === undefined) scope.set(name, type);
    else if (known !== type && !(known === "any" || known === "null"))
      throw syntaxError(
        `Type mismatch: \`${name}\` defined with conflicting type ${known} (expected ${type})`,
        at,
        "42001",
      );
  }

  #properties(properties: Expr | undefined, scope: Scope, later: (() => void)[], at: number): void {
    if (properties === undefined) return;
    if (properties.kind === "parameter")
      throw syntaxError(
        "Parameter maps cannot be used in `MATCH` patterns (use a literal map instead, e.g. `{id: $param.id}`)",
        at,
      );
    if (properties.kind === "map")
      for (const { key } of properties.entries)
        this.warnings.push({ kind: "key", name: key, at: properties.at + 1 });
    later.push(() => this.type(properties, scope));
  }

  /** A pattern of CREATE or MERGE; brings its variables into the scope. */
  createPattern(pattern: PathPattern, scope: Scope, isMerge: boolean): void {
    const clause = isMerge ? "MERGE" : "CREATE";
    if (pattern.selector !== undefined || pattern.where !== undefined)
      throw syntaxError(`${pattern.selector?.kind ?? "WHERE"} cannot be used to ${clause}`, pattern.at);
    const before = scope.copy();
    const isAlone = pattern.elements.length === 1;
    const nodesHere = new Set<string>();
    for (const element of pattern.elements) {
      if (element.kind === "quantified")
        throw syntaxError(`Quantified path patterns cannot be used in ${clause}`, element.at);
      if (element.where !== undefined)
        throw syntaxError(`WHERE is not allowed in a pattern of ${clause}`, element.at);
      if (element.kind === "node") this.#createNode(element, scope, before, isAlone, isMerge, nodesHere);
      else this.#createRelationship(element, scope, before, isMerge);
    }
    if (pattern.variable !== undefined) {
      if (scope.has(pattern.variable)) throw alreadyDeclared(pattern.variable, pattern.at);
      scope.set(pattern.variable, "path");
    }
  }

  #createNode(
    node: NodePattern,
    scope: Scope,
    before: Scope,
    isAlone: boolean,
    isMerge: boolean,
    here: Set<string>,
  ): void {
    const { variable, labels, properties, at } = node;
    if (labels !== undefined && labelsToSet(labels) === undefined)
      throw syntaxError(
        "Label expressions in patterns are not allowed in a CREATE or MERGE clause, but only in MATCH",
        at,
      );
    const isKnown = variable !== undefined && (before.has(variable) || here.has(variable));
    if (isKnown) {
      const type = scope.type(variable)!;
      if (isAlone || labels !== undefined || properties !== undefined) throw alreadyDeclared(variable, at);
      if (!fits(type, ["node"]))
        throw syntaxError(
          `Type mismatch: \`${variable}\` defined with conflicting type ${type} (expected Node)`,
          at,
          "42001",
        );
    }
    this.labels(labels, before);
    this.#created(properties, isMerge, isMerge ? before : scope, at);
    if (variable !== undefined && !isKnown) {
      scope.set(variable, "node");
      here.add(variable);
    }
  }

  #createRelationship(rel: RelPattern, scope: Scope, before: Scope, isMerge: boolean): void {
    const { variable, types, at } = rel;
    const clause = isMerge ? "MERGE" : "CREATE";
    if (variable !== undefined && scope.has(variable)) throw alreadyDeclared(variable, at);
    if (rel.length !== undefined)
      throw syntaxError(`Variable length relationships cannot be used in ${clause}`, at);
    const isSingle = types?.kind === "name" || types?.kind === "dynamic";
    if (!isSingle)
      throw syntaxError(
        `Exactly one relationship type must be specified for ${clause}. Did you forget to prefix your relationship type with a ':'?`,
        at,
      );
    if (!isMerge && rel.direction === "both")
      throw syntaxError("Only directed relationships are supported in CREATE", at);
    this.labels(types, before);
    this.#created(rel.properties, isMerge, isMerge ? before : scope, at);
    if (variable !== undefined) scope.set(variable, "relationship");
  }

  #created(properties: Expr | undefined, isMerge: boolean, scope: Scope, at: number): void {
    if (properties === undefined) return;
    if (isMerge && properties.kind === "parameter")
      throw syntaxError(
        "Parameter maps cannot be used in `MERGE` patterns (use a literal map instead, e.g. `{id: $param.id}`)",
        at,
      );
    this.type(properties, scope, plainPlace);
  }

  protected patternInExpression(pattern: PathPattern, scope: Scope, mayBind: boolean): void {
    if (!mayBind) {
      for (const element of pattern.elements) {
        if (element.kind === "quantified") continue;
        if (element.variable !== undefined && !scope.has(element.variable))
          throw syntaxError(
            `PatternExpressions are not allowed to introduce new variables: '${element.variable}'.`,
            element.at,
          );
      }
    }
    this.matchPatterns([{ ...pattern, variable: undefined }], mayBind ? scope : scope.copy());
  }
}

export function alreadyDeclared(name: string, at: number): ReturnType<typeof syntaxError> {
  return syntaxError(`Variable \`${name}\` already declared`, at);
}
