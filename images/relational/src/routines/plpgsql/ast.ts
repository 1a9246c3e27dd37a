/** PL/pgSQL as it is written; SQL is kept as text. */

/** A place that values go to: a variable, or a field or element of one. */
export interface Target {
  readonly names: readonly string[];
  /** What follows the names, as SQL text: subscripts and fields. */
  readonly rest: readonly Accessor[];
}

export type Accessor =
  | { readonly field: string }
  | { readonly index: string }
  | { readonly lower: string | undefined; readonly upper: string | undefined };

/** A statement given as an expression that yields its text. */
export interface Dynamic {
  readonly text: string;
  readonly using: readonly string[];
}

export interface Declaration {
  readonly name: string;
  readonly line: number;
  readonly constant: boolean;
  readonly notNull: boolean;
  /** SQL text of the type, with `%TYPE` and `%ROWTYPE`. */
  readonly type: string;
  readonly default: string | undefined;
  readonly alias?: readonly string[];
  readonly cursor?: CursorDefinition;
}

export interface CursorDefinition {
  readonly parameters: readonly { readonly name: string; readonly type: string }[];
  readonly query: string;
}

export interface Block {
  readonly kind: "block";
  readonly line: number;
  readonly label: string | undefined;
  readonly declarations: readonly Declaration[];
  readonly body: readonly Statement[];
  readonly handlers: readonly Handler[] | undefined;
}

export interface Handler {
  /** Names of conditions; a SQLSTATE is `sqlstate:22012`. */
  readonly conditions: readonly string[];
  readonly body: readonly Statement[];
}

export interface Branch {
  readonly condition: string;
  readonly body: readonly Statement[];
}

interface At {
  readonly line: number;
}

export type Loop = At & { readonly label: string | undefined; readonly body: readonly Statement[] };

export type ForSource =
  | { readonly query: string }
  | { readonly dynamic: Dynamic }
  | { readonly cursor: string; readonly args: string | undefined };

export type Statement =
  | Block
  | (At & { readonly kind: "assign"; readonly target: Target; readonly value: string })
  | (At & {
      readonly kind: "if";
      readonly branches: readonly Branch[];
      readonly otherwise: readonly Statement[];
    })
  | (At & {
      readonly kind: "case";
      readonly operand: string | undefined;
      readonly branches: readonly Branch[];
      readonly otherwise: readonly Statement[] | undefined;
    })
  | (Loop & { readonly kind: "loop" })
  | (Loop & { readonly kind: "while"; readonly condition: string })
  | (Loop & {
      readonly kind: "forRange";
      readonly variable: string;
      readonly from: string;
      readonly to: string;
      readonly by: string | undefined;
      readonly reverse: boolean;
    })
  | (Loop & { readonly kind: "forRows"; readonly targets: readonly Target[]; readonly source: ForSource })
  | (Loop & {
      readonly kind: "foreach";
      readonly targets: readonly Target[];
      readonly slice: number;
      readonly array: string;
    })
  | (At & {
      readonly kind: "exit";
      readonly isContinue: boolean;
      readonly label: string | undefined;
      readonly when: string | undefined;
    })
  | (At & { readonly kind: "return"; readonly value: string | undefined })
  | (At & { readonly kind: "returnNext"; readonly value: string | undefined })
  | (At & { readonly kind: "returnQuery"; readonly query: string | Dynamic })
  | (At & {
      readonly kind: "raise";
      readonly level: "DEBUG" | "LOG" | "INFO" | "NOTICE" | "WARNING" | "EXCEPTION";
      /** Undefined with nothing else given: the error is thrown again. */
      readonly format: string | undefined;
      readonly args: readonly string[];
      readonly condition: string | undefined;
      readonly options: readonly { readonly name: string; readonly value: string }[];
    })
  | (At & { readonly kind: "assert"; readonly condition: string; readonly message: string | undefined })
  | (At & {
      readonly kind: "sql";
      readonly text: string;
      readonly into: readonly Target[] | undefined;
      readonly strict: boolean;
    })
  | (At & {
      readonly kind: "execute";
      readonly dynamic: Dynamic;
      readonly into: readonly Target[] | undefined;
      readonly strict: boolean;
    })
  | (At & { readonly kind: "perform"; readonly text: string })
  | (At & { readonly kind: "call"; readonly text: string })
  | (At & {
      readonly kind: "diagnostics";
      readonly stacked: boolean;
      readonly items: readonly { readonly target: Target; readonly item: string }[];
    })
  | (At & { readonly kind: "open"; readonly cursor: string; readonly source: OpenSource })
  | (At & {
      readonly kind: "fetch";
      readonly cursor: string;
      readonly direction: FetchDirection;
      /** Undefined moves only. */
      readonly into: readonly Target[] | undefined;
    })
  | (At & { readonly kind: "close"; readonly cursor: string })
  | (At & { readonly kind: "transaction"; readonly command: "COMMIT" | "ROLLBACK"; readonly chain: boolean })
  | (At & { readonly kind: "null" });

export type OpenSource =
  | { readonly query: string }
  | { readonly dynamic: Dynamic }
  | { readonly args: string | undefined };

export interface FetchDirection {
  readonly kind: "next" | "prior" | "first" | "last" | "absolute" | "relative" | "forward" | "backward";
  /** SQL text; `all` of FORWARD and BACKWARD. */
  readonly count?: string;
}
