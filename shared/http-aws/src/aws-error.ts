/** More members of an error's answer. */
export type AwsErrorFields = Readonly<Record<string, unknown>>;

/** The Java frameworks inside AWS that errors are named after; clients look at what follows the `#` only. */
const namespaces = {
  /** Of the protocol: who asks, in which form. */
  service: "com.amazon.coral.service",
  validate: "com.amazon.coral.validate",
} as const;

/** An error as AWS's JSON protocols send it: `{"__type": "<namespace>#<code>", "message": ...}`. */
export class AwsError extends Error {
  /** `ValidationException`. */
  readonly code: string;
  readonly status: number;
  readonly fields: AwsErrorFields | undefined;
  readonly #namespace: string;

  constructor(
    namespace: string,
    code: string,
    message: string,
    { status = 400, fields, cause }: { status?: number; fields?: AwsErrorFields; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = code;
    this.code = code;
    this.status = status;
    this.fields = fields;
    this.#namespace = namespace;
  }

  /** An error of the protocol itself. */
  static service(code: string, message: string, status = 400): AwsError {
    return new AwsError(namespaces.service, code, message, { status });
  }

  static validation(message: string): AwsError {
    return new AwsError(namespaces.validate, "ValidationException", message);
  }

  get type(): string {
    return `${this.#namespace}#${this.code}`;
  }
}
