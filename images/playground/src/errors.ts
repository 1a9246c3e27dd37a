import { WeftkitError } from "@weftkit/core";

/** What can be wrong with a request, or with what an engine made of it; each has one HTTP status. */
const statuses = {
  invalid_request: 400,
  not_logged_in: 401,
  wrong_login: 401,
  forbidden: 403,
  not_found: 404,
  not_supported: 405,
  busy: 409,
  too_large: 413,
  unsupported_media_type: 415,
  engine_refused: 422,
  too_many_requests: 429,
  internal: 500,
  engine_unreachable: 502,
} as const;

export type PlaygroundErrorCode = keyof typeof statuses;

/** What an engine said beside the message of an error. */
export interface EngineErrorFields {
  /** The engine's own code: SQLSTATE, a Redis prefix, ... */
  readonly engineCode?: string;
  /** Where in the statement, in characters from 1. */
  readonly position?: number;
  readonly detail?: string;
  readonly hint?: string;
}

/** An error as the page is told of it. */
export class PlaygroundError extends WeftkitError {
  declare readonly code: PlaygroundErrorCode;
  readonly fields: EngineErrorFields;

  constructor(
    code: PlaygroundErrorCode,
    message: string,
    fields: EngineErrorFields = {},
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.name = "PlaygroundError";
    this.fields = fields;
  }

  get status(): number {
    return statuses[this.code];
  }
}
