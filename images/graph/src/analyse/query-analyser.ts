import { CypherError, syntaxError } from "../errors.ts";
import type { StaticType } from "../functions/definition.ts";
import type {
  CallProcedure,
  CallSubquery,
  Clause,
  Expr,
  Projection,
  Query,
  SetItem,
  SingleQuery,
} from "../parse/ast.ts";
import type { FindProcedure, ProcedureDefinition } from "../procedures/definition.ts";
import { fits, mismatch, type Place } from "./expression-analyser.ts";
import { checkHint } from "./hints.ts";
import { alreadyDeclared, PatternAnalyser } from "./pattern-analyser.ts";
import { Scope } from "./scope.ts";
import { containsAggregate, expressionKey, isAggregate, parts } from "./walk.ts";
import { disconnected, type Warning } from "./warnings.ts";

const aggregatePlace: Place = { aggregates: true, condition: false };
const writing = new Set<Clause["kind"]>(["create", "merge", "set", "remove", "delete", "foreach"]);
const clauseNames: Readonly<Record<Clause["kind"], string>> = {
  match: "MATCH",
  unwind: "UNWIND",
  with: "WITH",
  return: "RETURN",
  finish: "FINISH",
  create: "CREATE",
  merge: "MERGE",
  set: "SET",
  remove: "REMOVE",
  delete: "DELETE",
  foreach: "FOREACH",
  call: "CALL",
  subquery: "CALL",
  loadCsv: "LOAD CSV",
};

/** What is known of a query after it was checked. */
export interface Analysis {
  /** The columns of what it returns; none when it returns nothing. */
  readonly columns: readonly string[];
  readonly isWrite: boolean;
  /** What the query does by its summary: `r`, `rw`, `w`. */
  readonly returnsRows: boolean;
  readonly changesSchema: boolean;
  readonly hasTransactions: boolean;
  /** It asks about the server, not the graph. */
  readonly isAdministration: boolean;
  readonly warnings: readonly Warning[];
}

/** Checks queries. @throws CypherError SyntaxError of every method */
export class QueryAnalyser extends PatternAnalyser {
  readonly #findProcedure: FindProcedure;
  #isWrite = false;
  #changesSchema = false;
  #hasTransactions = false;
  #isAdministration = false;

  constructor(findProcedure: FindProcedure) {
    super();
    this.#findProcedure = findProcedure;
  }

  statement(query: Query): Analysis {
    const columns = this.query(query, new Scope(), "statement");
    return {
      columns: columns?.names ?? [],
      returnsRows: columns !== undefined,
      isWrite: this.#isWrite,
      changesSchema: this.#changesSchema,
      hasTransactions: this.#hasTransactions,
      isAdministration: this.#isAdministration,
      warnings: this.warnings,
    };
  }

  /** Gives what the query returns, or undefined when it returns nothing. */
  query(query: Query, outer: Scope, kind: "statement" | "call" | "expression"): Scope | undefined {
    if (new Set(query.unionAll).size > 1)
      throw syntaxError("Invalid combination of UNION and UNION ALL", query.at);
    let result: Scope | undefined;
    for (const [index, part] of query.parts.entries()) {
      const columns = this.#single(part, outer.copy(), kind, query.parts.length === 1);
      if (index === 0) {
        result = columns;
        continue;
      }
      const [names, others] = [[...(result?.names ?? [])].sort(), [...(columns?.names ?? [])].sort()];
      if (names.join("\0") !== others.join("\0"))
        throw syntaxError(
          "All sub queries in an UNION must have the same return column names",
          part.clauses[0]!.at,
        );
      for (const name of names) if (result!.type(name) !== columns!.type(name)) result!.set(name, "any");
    }
    return result;
  }

  protected subquery(query: Query, scope: Scope, form: "exists" | "count" | "collect", at: number): void {
    const wasWrite = this.#isWrite;
    this.#isWrite = false;
    const columns = this.query(query, scope.asImported(), "expression");
    if (this.#isWrite) throw syntaxError(`A ${form} expression cannot contain any updates`, at);
    this.#isWrite = wasWrite;
    if (form === "collect" && columns?.names.length !== 1)
      throw syntaxError("A Collect Expression must end with a single return column.", at);
  }

  #single(
    { clauses }: SingleQuery,
    start: Scope,
    kind: "statement" | "call" | "expression",
    isOnly: boolean,
  ): Scope | undefined {
    let scope = start;
    let result: Scope | undefined;
    let hasWritten = false;
    for (const [index, clause] of clauses.entries()) {
      const isLast = index === clauses.length - 1;
      if (result !== undefined || clauses[index - 1]?.kind === "finish") {
        throw syntaxError(
          `${clauseNames[clauses[index - 1]!.kind]} can only be used at the end of the query`,
          clauses[index - 1]!.at,
        );
      }
      this.#checkOrder(clause, clauses[index - 1], isLast, kind);
      const wasWrite = this.#isWrite;
      this.#isWrite = writing.has(clause.kind);
      const isInTransactions = clause.kind === "subquery" && clause.inTransactions !== undefined;
      if (isInTransactions) checkTransactions(clause, { kind, isOnly, hasWritten });
      if (clause.kind === "return") {
        result = this.#projection(clause.projection, scope, true);
      } else if (clause.kind === "with") {
        scope = scope.after(this.#with(clause, scope));
      } else if (clause.kind === "call") {
        const isStandalone = kind === "statement" && clauses.length === 1 && isOnly;
        const columns = this.#procedure(clause, scope, isStandalone, isLast);
        if (isStandalone && columns !== undefined) result = columns;
      } else this.#clause(clause, scope);
      hasWritten ||= this.#isWrite && !isInTransactions;
      this.#isWrite ||= wasWrite;
    }
    return result;
  }

  #checkOrder(
    clause: Clause,
    before: Clause | undefined,
    isLast: boolean,
    kind: "statement" | "call" | "expression",
  ): void {
    const name = clauseNames[clause.kind];
    const reads = ["match", "unwind", "call", "subquery", "loadCsv"].includes(clause.kind);
    if (reads && before !== undefined && writing.has(before.kind))
      throw syntaxError(`WITH is required between ${clauseNames[before.kind]} and ${name}`, clause.at);
    if (!isLast || kind === "expression") {
      if (isLast && clause.kind === "with")
        throw syntaxError(
          "Query cannot conclude with WITH (must be a RETURN clause, a FINISH clause, an update clause, a unit subquery call, or a procedure call with no YIELD).",
          clause.at,
        );
      return;
    }
    const concludes =
      writing.has(clause.kind) || ["return", "finish", "call", "subquery"].includes(clause.kind);
    if (!concludes)
      throw syntaxError(
        `Query cannot conclude with ${name} (must be a RETURN clause, a FINISH clause, an update clause, a unit subquery call, or a procedure call with no YIELD).`,
        clause.at,
      );
  }

  // ---- clauses -----------------------------------------------------------------------------------------------------

  #clause(clause: Exclude<Clause, { kind: "return" | "with" | "call" }>, scope: Scope): void {
    switch (clause.kind) {
      case "match":
        {
          const apart = disconnected(clause.patterns);
          if (apart.length > 0)
            this.warnings.push({ kind: "cartesian product", name: apart.join(", "), at: clause.at });
        }
        this.matchPatterns(clause.patterns, scope);
        if (clause.where !== undefined) this.condition(clause.where, scope);
        for (const hint of clause.hints) checkHint(hint, clause, scope);
        return;
      case "unwind": {
        const type = this.type(clause.list, scope);
        if (scope.has(clause.variable)) throw alreadyDeclared(clause.variable, clause.at);
        scope.set(clause.variable, type === "list" ? this.elementType(clause.list, scope) : "any");
        return;
      }
      case "create":
        for (const pattern of clause.patterns) this.createPattern(pattern, scope, false);
        return;
      case "merge":
        this.createPattern(clause.pattern, scope, true);
        this.#setItems([...clause.onCreate, ...clause.onMatch], scope);
        return;
      case "set":
        this.#setItems(clause.items, scope);
        return;
      case "remove":
        for (const item of clause.items) {
          if (item.kind === "labels") {
            this.#target(item.variable, scope, item.at, ["node"]);
            for (const label of item.labels) if ("expression" in label) this.type(label.expression, scope);
          } else this.#propertyTarget(item.object, item.key, scope);
        }
        return;
      case "delete":
        for (const expression of clause.expressions) this.#deleted(expression, scope);
        return;
      case "foreach":
        this.#foreach(clause, scope);
        return;
      case "subquery":
        this.#callSubquery(clause, scope);
        return;
      case "loadCsv":
        this.type(clause.source, scope);
        if (scope.has(clause.variable)) throw alreadyDeclared(clause.variable, clause.at);
        scope.set(clause.variable, clause.withHeaders ? "map" : "list");
        return;
      case "finish":
        return;
    }
  }

  #deleted(expression: Expr, scope: Scope): void {
    if (expression.kind === "hasLabels")
      throw syntaxError("Expression in DELETE: labels cannot be deleted, use REMOVE", expression.at);
    const type = this.type(expression, scope);
    if (!fits(type, ["node", "relationship", "path"]))
      throw mismatch(["node", "path", "relationship"], type, expression.at);
  }

  #target(name: string, scope: Scope, at: number, wanted: readonly StaticType[]): void {
    const type = this.type({ kind: "variable", at, name }, scope);
    if (!fits(type, wanted)) throw mismatch(wanted, type, at);
  }

  #propertyTarget(object: Expr, key: Expr | string, scope: Scope): void {
    const type = this.type(object, scope);
    if (!fits(type, ["node", "relationship", "map"]))
      throw mismatch(["node", "relationship"], type, object.at);
    if (typeof key !== "string") this.type(key, scope);
  }

  #setItems(items: readonly SetItem[], scope: Scope): void {
    for (const item of items) {
      if (item.kind === "property") {
        this.#propertyTarget(item.object, item.key, scope);
        this.type(item.value, scope);
      } else if (item.kind === "labels") {
        this.#target(item.variable, scope, item.at, ["node"]);
        for (const label of item.labels) if ("expression" in label) this.type(label.expression, scope);
      } else {
        this.#target(item.variable, scope, item.at, ["node", "relationship"]);
        const type = this.type(item.value, scope);
        if (!fits(type, ["map", "node", "relationship"]))
          throw mismatch(["map", "node", "relationship"], type, item.value.at);
      }
    }
  }

  #foreach(clause: Extract<Clause, { kind: "foreach" }>, scope: Scope): void {
    this.type(clause.list, scope);
    if (scope.has(clause.variable)) throw alreadyDeclared(clause.variable, clause.at);
    const inner = scope.with(clause.variable, this.elementType(clause.list, scope));
    for (const part of clause.clauses)
      this.#clause(part as Exclude<Clause, { kind: "return" | "with" | "call" }>, inner);
  }

  #callSubquery(clause: CallSubquery, scope: Scope): void {
    const imported = new Scope();
    if (clause.imports === "all") for (const name of scope.names) imported.set(name, scope.type(name)!);
    else if (clause.imports !== undefined) {
      for (const { name, at } of clause.imports) {
        const type = scope.type(name);
        if (type === undefined) throw syntaxError(`Variable \`${name}\` not defined`, at);
        imported.set(name, type);
      }
    }
    if (clause.inTransactions !== undefined) {
      this.#hasTransactions = true;
      const { rows, reportAs, onError } = clause.inTransactions;
      if (rows !== undefined) this.#bound("OF ... ROWS", rows, 1n);
      if (reportAs !== undefined && onError === "fail")
        throw syntaxError(
          "REPORT STATUS can only be used when specifying ON ERROR CONTINUE or ON ERROR BREAK",
          clause.at,
        );
    }
    if (clause.imports === undefined)
      this.warnings.push({ kind: "deprecated import", name: "", at: clause.at });
    const columns =
      clause.imports === undefined
        ? this.#importing(clause.query, scope)
        : this.query(clause.query, imported.asImported(), "call");
    for (const name of columns?.names ?? []) {
      if (scope.has(name))
        throw syntaxError(`Variable \`${name}\` already declared in outer scope`, clause.at);
      scope.set(name, columns!.type(name)!);
    }
    const reported = clause.inTransactions?.reportAs;
    if (reported !== undefined) {
      if (scope.has(reported)) throw alreadyDeclared(reported, clause.at);
      scope.set(reported, "map");
    }
  }

  /** Without a list of imports, a WITH at the beginning of each part says what comes in. */
  #importing(query: Query, outer: Scope): Scope | undefined {
    let result: Scope | undefined;
    if (new Set(query.unionAll).size > 1)
      throw syntaxError("Invalid combination of UNION and UNION ALL", query.at);
    const { parts } = query;
    for (const [index, part] of parts.entries()) {
      const [first, ...rest] = part.clauses;
      const imports = first?.kind === "with" && isImport(first.projection) ? first : undefined;
      let columns: Scope | undefined;
      if (imports !== undefined) {
        if (
          imports.where !== undefined &&
          imports.projection.items.some(({ expression }) => outer.has((expression as { name: string }).name))
        )
          throw syntaxError(
            "Importing WITH should consist only of simple references to outside variables. WHERE is not allowed.",
            imports.at,
          );
        const inner = this.#with(imports, outer.copy());
        columns = this.#single({ clauses: rest, graph: undefined }, inner, "call", parts.length === 1);
      } else columns = this.#single(part, new Scope(), "call", parts.length === 1);
      if (
        index > 0 &&
        [...(result?.names ?? [])].sort().join("\0") !== [...(columns?.names ?? [])].sort().join("\0")
      )
        throw syntaxError("All sub queries in an UNION must have the same return column names", query.at);
      result ??= columns;
    }
    return result;
  }

  #procedure(clause: CallProcedure, scope: Scope, isStandalone: boolean, isLast: boolean): Scope | undefined {
    const { name, args, at } = clause;
    const definition = this.#findProcedure(name);
    if (definition === undefined)
      throw new CypherError(
        "Neo.ClientError.Procedure.ProcedureNotFound",
        `There is no procedure with the name \`${name}\` registered for this database instance. Please ensure you've spelled the procedure name correctly and that the procedure is properly deployed.`,
        { phase: "compile", at },
      );
    if (definition.mode === "WRITE" || definition.mode === "SCHEMA") this.#isWrite = true;
    if (definition.mode === "SCHEMA") this.#changesSchema = true;
    if (definition.mode === "DBMS") this.#isAdministration = true;
    if (args === undefined) {
      if (!isStandalone)
        throw syntaxError(
          `Procedure call inside a query does not support passing arguments implicitly. Please pass arguments explicitly in parentheses after the name, or call the procedure outside of a query.`,
          at,
        );
    } else this.#arguments(definition, args, scope, at);
    const { columns } = definition;
    if (clause.yields === undefined) {
      if (isStandalone)
        return columns.length === 0
          ? undefined
          : new Scope(columns.map((column) => [column.name, column.static]));
      if (columns.length > 0 && !isLast)
        throw syntaxError(
          `Procedure call inside a query does not support naming results implicitly (name explicitly using \`YIELD\` instead)`,
          at,
        );
      if (columns.length > 0)
        throw syntaxError(
          `Procedure call inside a query does not support naming results implicitly (name explicitly using \`YIELD\` instead)`,
          at,
        );
      return undefined;
    }
    if (clause.yields === "all" && !isStandalone)
      throw syntaxError("Cannot use `YIELD *` outside standalone call", at);
    const result = new Scope();
    for (const item of yieldedColumns(clause, definition)) {
      const column = columns.find((candidate) => candidate.name === item.name);
      if (column === undefined) throw syntaxError(`Unknown procedure output: \`${item.name}\``, item.at);
      const alias = item.alias ?? item.name;
      if (scope.has(alias)) throw alreadyDeclared(alias, item.at);
      scope.set(alias, column.static);
      result.set(alias, column.static);
    }
    if (clause.where !== undefined) this.condition(clause.where, scope);
    if (isLast && !isStandalone)
      throw syntaxError(
        "Query cannot conclude with CALL together with YIELD (must be a RETURN clause, a FINISH clause, an update clause, a unit subquery call, or a procedure call with no YIELD).",
        at,
      );
    return result;
  }

  #arguments(definition: ProcedureDefinition, args: readonly Expr[], scope: Scope, at: number): void {
    const required = definition.args.filter(({ fallback }) => fallback === undefined).length;
    if (args.length < required || args.length > definition.args.length)
      throw syntaxError(
        `Procedure call does not provide the required number of arguments: got ${args.length} expected ${args.length < required ? "at least " : "no more than "}${args.length < required ? required : definition.args.length}.`,
        at,
      );
    for (const [index, arg] of args.entries()) {
      if (containsAggregate(arg))
        throw syntaxError(
          "Procedure call cannot take an aggregating function as argument, please add a 'WITH' to your statement.",
          arg.at,
        );
      const type = this.type(arg, scope);
      const wanted = staticTypes[definition.args[index]!.type.replace(/<.*|\?$/g, "")];
      if (wanted !== undefined && !fits(type, wanted)) throw mismatch(wanted, type, arg.at);
    }
  }

  // ---- projections -------------------------------------------------------------------------------------------------

  #with(clause: Extract<Clause, { kind: "with" }>, scope: Scope): Scope {
    const result = this.#projection(clause.projection, scope, false);
    if (clause.where !== undefined) {
      const { projection } = clause;
      const isGrouped =
        projection.isDistinct || projection.items.some(({ expression }) => containsAggregate(expression));
      if (containsAggregate(clause.where))
        throw syntaxError("Invalid use of aggregating function in this context", clause.where.at);
      const projected = new Set(projection.items.map(({ expression }) => expressionKey(expression)));
      if (isGrouped && usesAny(clause.where, projected))
        this.#groupedSort(clause.where, result, projected, scope);
      else this.condition(clause.where, isGrouped ? result : merged(scope, result));
    }
    return result;
  }

  #projection(projection: Projection, scope: Scope, isReturn: boolean): Scope {
    const result = new Scope();
    if (projection.includesAll) {
      if (isReturn && scope.ownNames.length === 0 && projection.items.length === 0)
        throw syntaxError("RETURN * is not allowed when there are no variables in scope", projection.at);
      const names = isReturn ? scope.ownNames : scope.names;
      for (const name of names.sort()) result.set(name, scope.type(name)!);
    }
    const grouping = projection.items.filter(({ expression }) => !containsAggregate(expression));
    const isAggregating = grouping.length < projection.items.length;
    for (const item of projection.items) {
      const { expression, alias, at } = item;
      if (!isReturn && alias === undefined && expression.kind !== "variable")
        throw syntaxError("Expression in WITH must be aliased (use AS)", at);
      const type = this.type(expression, scope, aggregatePlace);
      const name = alias ?? (expression.kind === "variable" ? expression.name : item.text);
      if (
        !isReturn &&
        scope.isImported(name) &&
        !(expression.kind === "variable" && expression.name === name)
      )
        throw syntaxError(
          `The variable \`${name}\` is shadowing an imported variable with the same name and needs to be renamed`,
          at,
        );
      const isAgain =
        result.has(name) &&
        !(
          projection.includesAll &&
          scope.has(name) &&
          projection.items.filter((other) => columnName(other) === name).length < 2 &&
          expression.kind === "variable" &&
          expression.name === name
        );
      if (
        isAgain &&
        !(
          projection.includesAll &&
          scope.has(name) &&
          projection.items.filter((other) => columnName(other) === name).length < 2
        )
      )
        throw syntaxError("Multiple result columns with the same name are not supported", at);
      result.set(name, type);
    }
    if (isAggregating) {
      const keys = groupingKeys(projection, scope);
      for (const { expression } of projection.items)
        if (containsAggregate(expression)) this.#checkGrouping(expression, keys);
    }
    this.#sorting(projection, scope, result, isAggregating);
    return result;
  }

  /** What stands beside an aggregate must be a grouping key, or made of constants. */
  #checkGrouping(expression: Expr, keys: ReadonlySet<string>, local: ReadonlySet<string> = new Set()): void {
    if (isAggregate(expression)) return;
    if (keys.has(expressionKey(expression))) return;
    if (expression.kind === "variable") {
      if (local.has(expression.name)) return;
      throw syntaxError(
        `Aggregation column contains implicit grouping expressions. For example, in 'RETURN n.a, n.a + n.b + count(*)' the aggregation expression 'n.a + n.b + count(*)' includes the implicit grouping key 'n.b'. It may be possible to rewrite the query by extracting these grouping/aggregation expressions into a preceding WITH clause. Illegal expression(s): ${expression.name}`,
        expression.at,
      );
    }
    const inner =
      expression.kind === "listComprehension" || expression.kind === "quantifier"
        ? new Set([...local, expression.variable])
        : expression.kind === "reduce"
          ? new Set([...local, expression.variable, expression.accumulator])
          : local;
    for (const part of parts(expression)) this.#checkGrouping(part, keys, inner);
  }

  #sorting(projection: Projection, scope: Scope, result: Scope, isAggregating: boolean): void {
    const { orderBy, skip, limit, isDistinct, items } = projection;
    const isGrouped = isAggregating || isDistinct;
    const visible = isGrouped ? scope.after(result) : merged(scope, result);
    const projected = new Set(items.map(({ expression }) => expressionKey(expression)));
    for (const { expression } of orderBy) {
      const aggregates = containsAggregate(expression);
      if (aggregates && !isAggregating)
        throw syntaxError("Invalid use of aggregating function in this context", expression.at);
      if (!isGrouped) {
        this.type(expression, visible);
        continue;
      }
      if (projected.has(expressionKey(expression))) continue;
      const keys = new Set([
        ...groupingKeys(projection, scope),
        ...result.names.map((name) => expressionKey({ kind: "variable", at: 0, name })),
      ]);
      if (aggregates) {
        this.#projectedAggregates(expression, items, visible);
        this.type(expression, merged(scope, result), aggregatePlace);
        this.#checkGrouping(expression, keys);
      } else this.#groupedSort(expression, visible, projected, scope);
    }
    for (const [name, bound] of [
      ["SKIP", skip],
      ["LIMIT", limit],
    ] as const)
      if (bound !== undefined) this.#bound(name, bound);
  }

  /** An aggregate of ORDER BY is one that is projected, or is made of what is. */
  #projectedAggregates(expression: Expr, items: Projection["items"], visible: Scope): void {
    if (!isAggregate(expression)) {
      for (const part of parts(expression)) this.#projectedAggregates(part, items, visible);
      return;
    }
    const key = new Set([expressionKey(expression)]);
    if (items.some((item) => usesAny(item.expression, key))) return;
    for (const part of parts(expression)) this.type(part, visible);
  }

  /** ORDER BY after grouping: what it sees is what was projected, by name or as it was written. */
  #groupedSort(expression: Expr, visible: Scope, projected: ReadonlySet<string>, before: Scope): void {
    const check = (part: Expr): void => {
      if (projected.has(expressionKey(part))) return;
      if (part.kind === "variable" && !visible.has(part.name))
        throw syntaxError(
          before.has(part.name)
            ? `In a WITH/RETURN with DISTINCT or an aggregation, it is not possible to access variables declared before the WITH/RETURN: ${part.name}`
            : `Variable \`${part.name}\` not defined`,
          part.at,
        );
      for (const inner of parts(part)) check(inner);
    };
    if (usesAny(expression, projected)) check(expression);
    else this.type(expression, visible);
  }

  /** A number of rows, which has to be known before the query runs. */
  #bound(name: string, expression: Expr, least: 0n | 1n = 0n): void {
    const variables = (part: Expr): boolean => part.kind === "variable" || parts(part).some(variables);
    if (variables(expression))
      throw syntaxError(`It is not allowed to refer to variables in ${name}`, expression.at);
    if (containsAggregate(expression))
      throw syntaxError("Invalid use of aggregating function in this context", expression.at);
    const type = this.type(expression, new Scope());
    const isNegative =
      expression.kind === "literal" && typeof expression.value === "bigint" && expression.value < least;
    const wanted = least === 0n ? "a non-negative integer" : "a positive integer";
    if (isNegative)
      throw syntaxError(
        `Invalid input. '${String((expression as { value: bigint }).value)}' is not a valid value. Must be ${wanted}.`,
        expression.at,
      );
    if (type === "float" || !fits(type, ["integer"]))
      throw syntaxError(`Invalid input. It is not a valid value. Must be ${wanted}.`, expression.at, "42001");
  }
}

/** Where a CALL of a subquery in transactions of its own may stand. @throws CypherError SyntaxError */
function checkTransactions(
  { at }: Clause,
  {
    kind,
    isOnly,
    hasWritten,
  }: {
    readonly kind: "statement" | "call" | "expression";
    readonly isOnly: boolean;
    readonly hasWritten: boolean;
  },
): void {
  const refuse = (where: string) => syntaxError(`CALL { ... } IN TRANSACTIONS ${where} is not supported`, at);
  if (kind === "call") throw refuse("nested in a regular CALL");
  if (kind === "expression") throw refuse("within an expression");
  if (!isOnly) throw refuse("in a UNION");
  if (hasWritten) throw refuse("after a write clause");
}

/** Whether an expression is one of those of the keys, or has one of them in it. */
function usesAny(expression: Expr, keys: ReadonlySet<string>): boolean {
  return keys.has(expressionKey(expression)) || parts(expression).some((part) => usesAny(part, keys));
}

function isImport({ items, isDistinct, orderBy, skip, limit }: Projection): boolean {
  void isDistinct;
  void orderBy;
  void skip;
  void limit;
  return items.every(
    ({ expression, alias }) =>
      expression.kind === "variable" && (alias === undefined || alias === expression.name),
  );
}

/** Whether a WITH at the beginning of a subquery says what it takes from outside. */
export const isImportingWith = isImport;

function columnName({ expression, alias, text }: Projection["items"][number]): string {
  return alias ?? (expression.kind === "variable" ? expression.name : text);
}

/** Keys of the expressions that rows are grouped by, as far as they may stand beside an aggregate: variables and their properties. */
function groupingKeys({ items, includesAll }: Projection, scope: Scope): Set<string> {
  const keys = new Set<string>();
  if (includesAll) for (const name of scope.names) keys.add(expressionKey({ kind: "variable", at: 0, name }));
  for (const { expression } of items) {
    if (containsAggregate(expression)) continue;
    if (expression.kind === "variable" || expression.kind === "property" || expression.kind === "parameter")
      keys.add(expressionKey(expression));
  }
  return keys;
}

function merged(outer: Scope, inner: Scope): Scope {
  const both = outer.copy();
  for (const name of inner.names) both.set(name, inner.type(name)!);
  return both;
}

export function yieldedColumns(
  clause: CallProcedure,
  definition: ProcedureDefinition,
): readonly { readonly at: number; readonly name: string; readonly alias: string | undefined }[] {
  if (clause.yields === undefined || clause.yields === "all")
    return definition.columns.map(({ name }) => ({ at: clause.at, name, alias: undefined }));
  return clause.yields;
}

const staticTypes: Readonly<Record<string, readonly StaticType[]>> = {
  STRING: ["string"],
  INTEGER: ["integer", "number"],
  FLOAT: ["float", "integer", "number"],
  NUMBER: ["number", "integer", "float"],
  BOOLEAN: ["boolean"],
  LIST: ["list"],
  MAP: ["map", "node", "relationship"],
  NODE: ["node"],
  RELATIONSHIP: ["relationship"],
};
