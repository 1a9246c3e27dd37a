/**
 * The base of every error that WeftKit makes itself.
 *
 * `code` is stable and meant for programs; `message` is for people and says what to do next.
 */
export class WeftkitError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WeftkitError";
    this.code = code;
  }
}
