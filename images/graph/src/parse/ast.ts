import type { Value } from "../values/types.ts";

/** Where in the text something begins, in UTF-16 units. */
export interface Placed {
  readonly at: number;
}

export type BinaryOperator =
  | "OR"
  | "XOR"
  | "AND"
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "^"
  | "||"
  | "="
  | "<>"
  | "<"
  | "<="
  | ">"
  | ">="
  | "=~"
  | "IN"
  | "STARTS WITH"
  | "ENDS WITH"
  | "CONTAINS";

export type Expr =
  | (Placed & { readonly kind: "literal"; readonly value: Value })
  | (Placed & { readonly kind: "parameter"; readonly name: string })
  | (Placed & { readonly kind: "variable"; readonly name: string })
  | (Placed & { readonly kind: "property"; readonly object: Expr; readonly key: string })
  | (Placed & { readonly kind: "index"; readonly object: Expr; readonly index: Expr })
  | (Placed & {
      readonly kind: "slice";
      readonly object: Expr;
      readonly from: Expr | undefined;
      readonly to: Expr | undefined;
    })
  | (Placed & { readonly kind: "list"; readonly items: readonly Expr[] })
  | MapLiteral
  | (Placed & {
      readonly kind: "mapProjection";
      readonly variable: string;
      readonly items: readonly MapProjectionItem[];
    })
  | (Placed & { readonly kind: "unary"; readonly operator: "NOT" | "-" | "+"; readonly operand: Expr })
  | (Placed & {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expr;
      readonly right: Expr;
    })
  | (Placed & { readonly kind: "isNull"; readonly operand: Expr; readonly isNegated: boolean })
  | (Placed & {
      readonly kind: "isType";
      readonly operand: Expr;
      readonly type: TypeName;
      readonly isNegated: boolean;
    })
  | (Placed & {
      readonly kind: "isNormalized";
      readonly operand: Expr;
      readonly form: string;
      readonly isNegated: boolean;
    })
  | (Placed & { readonly kind: "hasLabels"; readonly operand: Expr; readonly labels: LabelExpr })
  | FunctionCall
  | (Placed & { readonly kind: "countStar" })
  | (Placed & {
      readonly kind: "case";
      readonly subject: Expr | undefined;
      readonly whens: readonly { readonly when: Expr; readonly then: Expr }[];
      readonly otherwise: Expr | undefined;
    })
  | (Placed & {
      readonly kind: "listComprehension";
      readonly variable: string;
      readonly list: Expr;
      readonly where: Expr | undefined;
      readonly projection: Expr | undefined;
    })
  | (Placed & {
      readonly kind: "reduce";
      readonly accumulator: string;
      readonly initial: Expr;
      readonly variable: string;
      readonly list: Expr;
      readonly body: Expr;
    })
  | (Placed & {
      readonly kind: "quantifier";
      readonly quantifier: "all" | "any" | "none" | "single";
      readonly variable: string;
      readonly list: Expr;
      readonly where: Expr | undefined;
    })
  | (Placed & { readonly kind: "pattern"; readonly pattern: PathPattern })
  | (Placed & {
      readonly kind: "patternComprehension";
      readonly pattern: PathPattern;
      readonly where: Expr | undefined;
      readonly projection: Expr;
    })
  | (Placed & {
      readonly kind: "subquery";
      readonly form: "exists" | "count" | "collect";
      readonly query: Query;
    })
  | (Placed & { readonly kind: "shortestPath"; readonly pattern: PathPattern });

export type MapLiteral = Placed & {
  readonly kind: "map";
  readonly entries: readonly { readonly key: string; readonly value: Expr }[];
};

export type FunctionCall = Placed & {
  readonly kind: "call";
  readonly name: string;
  readonly isDistinct: boolean;
  readonly args: readonly Expr[];
};

export type MapProjectionItem =
  | { readonly kind: "entry"; readonly key: string; readonly value: Expr }
  | { readonly kind: "property"; readonly key: string }
  | { readonly kind: "variable"; readonly name: string; readonly at: number }
  | { readonly kind: "all" };

/** A type of `IS ::`: names as Cypher writes them, or a list of an inner type, or a choice. */
export type TypeName = { readonly isNotNull: boolean } & (
  | { readonly kind: "scalar"; readonly name: string }
  | { readonly kind: "list"; readonly inner: TypeName }
  | { readonly kind: "union"; readonly choices: readonly TypeName[] }
);

export type LabelExpr =
  | (Placed & { readonly kind: "name"; readonly name: string })
  | (Placed & { readonly kind: "dynamic"; readonly expression: Expr; readonly isAny: boolean })
  | { readonly kind: "any" }
  | { readonly kind: "not"; readonly operand: LabelExpr }
  | { readonly kind: "and" | "or"; readonly left: LabelExpr; readonly right: LabelExpr };

export type NodePattern = Placed & {
  readonly kind: "node";
  readonly variable: string | undefined;
  readonly labels: LabelExpr | undefined;
  readonly properties: Expr | undefined;
  readonly where: Expr | undefined;
};

export type Direction = "out" | "in" | "both";

export type RelPattern = Placed & {
  readonly kind: "relationship";
  readonly variable: string | undefined;
  readonly types: LabelExpr | undefined;
  readonly direction: Direction;
  /** `*1..3`: a list of relationships. */
  readonly length: { readonly min: number | undefined; readonly max: number | undefined } | undefined;
  readonly properties: Expr | undefined;
  readonly where: Expr | undefined;
};

/** `((a)-[r]->(b) WHERE ...){1,3}`, and `-[r]->+` with nodes of its own. */
export type QuantifiedPattern = Placed & {
  readonly kind: "quantified";
  readonly elements: readonly (NodePattern | RelPattern)[];
  readonly where: Expr | undefined;
  readonly min: number;
  readonly max: number | undefined;
};

export type PatternElement = NodePattern | RelPattern | QuantifiedPattern;

export type PathSelector =
  | { readonly kind: "shortestPath" | "allShortestPaths" }
  | { readonly kind: "shortest"; readonly count: number; readonly isGroups: boolean }
  | { readonly kind: "any"; readonly count: number };

export type PathPattern = Placed & {
  readonly variable: string | undefined;
  readonly selector: PathSelector | undefined;
  readonly elements: readonly PatternElement[];
  /** WHERE within the parentheses around a whole path. */
  readonly where: Expr | undefined;
};

export type ProjectionItem = Placed & {
  readonly expression: Expr;
  readonly alias: string | undefined;
  /** As it is written: the name of a column without AS. */
  readonly text: string;
};

export type SortItem = { readonly expression: Expr; readonly isDescending: boolean };

export type Projection = Placed & {
  readonly isDistinct: boolean;
  readonly includesAll: boolean;
  readonly items: readonly ProjectionItem[];
  readonly orderBy: readonly SortItem[];
  readonly skip: Expr | undefined;
  readonly limit: Expr | undefined;
};

export type SetItem =
  | (Placed & {
      readonly kind: "property";
      readonly object: Expr;
      readonly key: Expr | string;
      readonly value: Expr;
    })
  | (Placed & { readonly kind: "replace" | "merge"; readonly variable: string; readonly value: Expr })
  | (Placed & { readonly kind: "labels"; readonly variable: string; readonly labels: readonly LabelName[] });

/** A label that is given, or one that an expression names. */
export type LabelName = Placed & ({ readonly name: string } | { readonly expression: Expr });

export type RemoveItem =
  | (Placed & { readonly kind: "property"; readonly object: Expr; readonly key: Expr | string })
  | (Placed & { readonly kind: "labels"; readonly variable: string; readonly labels: readonly LabelName[] });

export type Hint = Placed & {
  readonly kind: "index" | "scan" | "join";
  readonly variables: readonly string[];
  readonly label: string | undefined;
  readonly properties: readonly string[];
};

export type MatchClause = Placed & {
  readonly kind: "match";
  readonly isOptional: boolean;
  readonly patterns: readonly PathPattern[];
  readonly where: Expr | undefined;
  readonly hints: readonly Hint[];
  /** REPEATABLE ELEMENTS is not taken; DIFFERENT RELATIONSHIPS is what MATCH does anyway. */
};

export type CallSubquery = Placed & {
  readonly kind: "subquery";
  readonly isOptional: boolean;
  /** `CALL (a, b) {`; `all` for `CALL (*) {`; undefined where WITH imports. */
  readonly imports: readonly (Placed & { readonly name: string })[] | "all" | undefined;
  readonly query: Query;
  readonly inTransactions:
    | {
        readonly rows: Expr | undefined;
        readonly onError: "fail" | "continue" | "break";
        readonly reportAs: string | undefined;
      }
    | undefined;
};

export type CallProcedure = Placed & {
  readonly kind: "call";
  readonly isOptional: boolean;
  readonly name: string;
  /** Undefined without parentheses: arguments come from parameters. */
  readonly args: readonly Expr[] | undefined;
  /** Undefined without YIELD. */
  readonly yields:
    | readonly (Placed & { readonly name: string; readonly alias: string | undefined })[]
    | "all"
    | undefined;
  readonly where: Expr | undefined;
};

export type Clause =
  | MatchClause
  | (Placed & { readonly kind: "unwind"; readonly list: Expr; readonly variable: string })
  | (Placed & { readonly kind: "with"; readonly projection: Projection; readonly where: Expr | undefined })
  | (Placed & { readonly kind: "return"; readonly projection: Projection })
  | (Placed & { readonly kind: "finish" })
  | (Placed & { readonly kind: "create"; readonly patterns: readonly PathPattern[] })
  | (Placed & {
      readonly kind: "merge";
      readonly pattern: PathPattern;
      readonly onCreate: readonly SetItem[];
      readonly onMatch: readonly SetItem[];
    })
  | (Placed & { readonly kind: "set"; readonly items: readonly SetItem[] })
  | (Placed & { readonly kind: "remove"; readonly items: readonly RemoveItem[] })
  | (Placed & { readonly kind: "delete"; readonly isDetach: boolean; readonly expressions: readonly Expr[] })
  | (Placed & {
      readonly kind: "foreach";
      readonly variable: string;
      readonly list: Expr;
      readonly clauses: readonly Clause[];
    })
  | CallProcedure
  | CallSubquery
  | (Placed & {
      readonly kind: "loadCsv";
      readonly withHeaders: boolean;
      readonly source: Expr;
      readonly variable: string;
      readonly separator: string | undefined;
    });

export interface SingleQuery {
  readonly clauses: readonly Clause[];
  /** `USE name`, where it stands first. */
  readonly graph: (Placed & { readonly name: string }) | undefined;
}

export interface Query extends Placed {
  readonly kind: "query";
  /** One part, or those of a UNION. */
  readonly parts: readonly SingleQuery[];
  /** Of the UNION after each part but the last. */
  readonly unionAll: readonly boolean[];
}

export type SchemaCommand = Placed &
  (
    | {
        readonly kind: "createIndex";
        readonly name: string | undefined;
        readonly indexType: "RANGE" | "TEXT" | "POINT" | "FULLTEXT" | "LOOKUP" | "VECTOR";
        readonly ifNotExists: boolean;
        readonly entity: "NODE" | "RELATIONSHIP";
        readonly labels: readonly string[];
        readonly properties: readonly string[];
        readonly options: Expr | undefined;
      }
    | { readonly kind: "dropIndex"; readonly name: string; readonly ifExists: boolean }
    | {
        readonly kind: "createConstraint";
        readonly name: string | undefined;
        readonly constraintType: "UNIQUENESS" | "EXISTENCE" | "KEY" | "PROPERTY_TYPE";
        readonly ifNotExists: boolean;
        readonly entity: "NODE" | "RELATIONSHIP";
        readonly label: string;
        readonly properties: readonly string[];
        readonly propertyType: TypeName | undefined;
      }
    | { readonly kind: "dropConstraint"; readonly name: string; readonly ifExists: boolean }
  );

export type ShowCommand = Placed & {
  readonly kind: "show";
  readonly what: string;
  /** FULLTEXT of SHOW FULLTEXT INDEXES, the name of SHOW DATABASE x. */
  readonly filter: string | undefined;
  readonly yields:
    | readonly (Placed & { readonly name: string; readonly alias: string | undefined })[]
    | "all"
    | undefined;
  readonly orderBy: readonly SortItem[];
  readonly skip: Expr | undefined;
  readonly limit: Expr | undefined;
  readonly where: Expr | undefined;
  readonly returns: Projection | undefined;
};

export interface Statement {
  readonly mode: "run" | "explain" | "profile";
  readonly text: string;
  readonly body: Query | SchemaCommand | ShowCommand;
}
