/** What a worker of the pool is started with. */
export interface ReaderData {
  readonly file: string;
  /** A module whose `prepare(db)` is called for the connection. */
  readonly prepare: string | undefined;
  readonly statementsMax: number | undefined;
}

/** To a worker, which has one task at a time. */
export type ToWorker =
  | {
      readonly do: "run";
      readonly task: number;
      readonly module: string;
      readonly name: string;
      readonly argument: unknown;
      readonly remainingMs: number | undefined;
    }
  /** The next part of what the task gives, or its end. */
  | { readonly do: "more"; readonly task: number }
  | { readonly do: "cancel"; readonly task: number }
  | { readonly do: "close" };

/** From a worker. */
export type FromWorker =
  /** `token`: what `cancelWork` takes, when statements can be interrupted here. */
  | { readonly say: "open"; readonly token: number | undefined }
  | { readonly say: "part"; readonly task: number; readonly value: unknown }
  | { readonly say: "done"; readonly task: number; readonly value: unknown }
  | { readonly say: "failed"; readonly task: number; readonly error: WorkerError };

/** An error as it can be copied. */
export interface WorkerError {
  readonly kind: "coded" | "sqlite" | "other";
  readonly code: string | undefined;
  readonly message: string;
}
