import { WeftkitError } from "@weftkit/core";

/** One kind of error, as RFC 9457 has it: the same `type` and `title` for every occurrence. */
export interface ProblemType {
  /** Stable and meant for programs: `collection-not-found`. The `type` member is `urn:weftkit:problem:` and this. */
  readonly name: string;
  readonly status: number;
  readonly title: string;
}

/** What is wrong with one member of a request. */
export interface FieldError {
  /** A JSON pointer (RFC 6901) into the body, or into what `in` names. */
  readonly pointer: string;
  readonly in: "body" | "query" | "path" | "header";
  readonly detail: string;
}

export interface ProblemOptions extends ErrorOptions {
  readonly errors?: readonly FieldError[];
  /** More headers of the response: `retry-after`, `www-authenticate`, `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with a status from 400 on. `message` says what happened and what to do. */
export class Problem extends WeftkitError {
  readonly type: ProblemType;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(type: ProblemType, detail: string, options: ProblemOptions = {}) {
    super(type.name, detail, options);
    this.name = "Problem";
    this.type = type;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }

  /** The body of the response (application/problem+json). */
  toJson(requestId: string): Record<string, unknown> {
    const { type, errors } = this;
    return {
      type: `urn:weftkit:problem:${type.name}`,
      title: type.title,
      status: type.status,
      detail: this.message,
      instance: `urn:weftkit:request:${requestId}`,
      ...(errors !== undefined && { errors }),
    };
  }
}

/** Makes problems of one type; the type itself is at `.type`, for the documentation. */
export interface ProblemKind {
  (detail: string, options?: ProblemOptions): Problem;
  readonly type: ProblemType;
}

/** Declares a kind of problem. */
export function problemKind(name: string, status: number, title: string): ProblemKind {
  const type: ProblemType = { name, status, title };
  return Object.assign((detail: string, options?: ProblemOptions) => new Problem(type, detail, options), {
    type,
  });
}
